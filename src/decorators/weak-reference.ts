import { FUNCTION, OBJECT, refuseOther, refuserOf } from "../declared/options"
import { weakReferences } from "../declared/weak-references"

/** What {@link WeakReference} takes. */
export interface WeakReferenceOptions {
    /**
     * The values of other properties of the row under which it points at that entity: `{ contentType: "Article" }`.
     *
     * Default is always.
     */
    where?: Readonly<Record<string, string | number | boolean>>
}

/**
 * Says that a column points at rows of an entity, and that no foreign key looks after it: a generic foreign key, an
 * archive, a table of another service. Audits tell which rows point at nothing, and {@link resetIdSequence} gives no id
 * again that one of them still names. It declares no column: `@Column` stands beside it.
 *
 * A column that points at several entities has one for each.
 *
 * Errors: {@link InvalidOptionError}, when an audit or a reset looks for the entity or a property that it names.
 *
 * ```ts
 * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { WeakReference } from "typeorm-autosequence"
 *
 * @Entity()
 * class Article {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 * }
 *
 * @Entity()
 * class Tag {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     contentType!: string
 *
 *     @WeakReference(() => Article, { where: { contentType: "Article" } })
 *     @Column()
 *     objectId!: number
 * }
 * ```
 */
export function WeakReference(
    to: () => unknown,
    options: WeakReferenceOptions = {},
): PropertyDecorator {
    return (prototype, property) => {
        const { name } = prototype.constructor
        const refuse = refuserOf(`@WeakReference of ${name}.${String(property)}`)
        refuseOther("it is given", to, FUNCTION, refuse)
        refuseOther("where is", options.where ?? {}, OBJECT, refuse)
        weakReferences.push({
            target: prototype.constructor,
            propertyName: String(property),
            to,
            where: options.where ?? {},
        })
    }
}
