import { FUNCTION, OBJECT, refuseOther, refuserOf } from "../declared/options"
import { weakReferences } from "../declared/weak-references"

/** Options of {@link WeakReference}. */
export interface WeakReferenceOptions {
    /**
     * The values that other properties of the row must have for it to point to that entity:
     * `{ contentType: "Article" }`.
     *
     * Default: it always does.
     */
    where?: Readonly<Record<string, string | number | boolean>>
}

/**
 * Declares that a column points to rows of an entity without a foreign key: a generic foreign key,
 * an archive, a table of another service. Audits report rows that point to nothing, and
 * {@link resetIdSequence} doesn't assign an id again while such a row still refers to it. It
 * declares no column: use `@Column` next to it.
 *
 * A column that points to several entities has one decorator for each.
 *
 * Errors: {@link InvalidOptionError} when an audit or a reset can't find the entity or a property
 * that it names.
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
