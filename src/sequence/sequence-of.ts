import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
import { OBJECT, refuseOther, refuserOf, TEXT } from "../declared/options"
import { show } from "../declared/show"
import { InvalidOptionError } from "../errors"
import type { PropertyPath } from "../keys/property-path"
import { seriesOf } from "../series/resolve-series"
import { givenEntity, nameOfEntity } from "../typeorm/given"
import type { Counting } from "./place"
import { keyByColumn } from "./scope"
import { Sequence } from "./sequence"
import type { SequenceOptions, SequenceScope, SequenceScopeValue, SequenceType } from "./types"

/**
 * The scope of a numbered column: a value for each property of its `uniqueWith`. That of a relation is
 * the row that it leads to, or the key of that.
 */
export type ScopeOf<Entity> = {
    readonly [Path in PropertyPath<Entity>]?: SequenceScopeValue | object
}

/** What {@link sequenceOf} takes. */
export type SequenceOfOptions<Type extends SequenceType = "number"> = Pick<
    SequenceOptions<Type>,
    "type" | "dataSource"
>

/**
 * The series of a numbered column as a {@link Sequence}: takes the numbers for rows that are written
 * otherwise than by TypeORM, or tells the last one. Entity, property and the names in `scope` are checked,
 * and it counts as the column says, so that nothing has to be said twice.
 *
 * The column has strategy `"counter"` or `"trigger"`; `"table-lock"` keeps no counter. Leave `scope` out
 * where calls name it by `inScope()`, and where the column has one scope.
 *
 * Errors: {@link InvalidOptionError} by the first call that uses it, where the entity has no such number, or
 * its scope has other properties; and those of {@link Sequence}.
 *
 * ```ts
 * import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn, sequenceOf } from "typeorm-autosequence"
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     company!: string
 *
 *     @Column()
 *     year!: number
 *
 *     @AutoSequenceColumn({ strategy: "counter", uniqueWith: ["company", "year"] })
 *     number!: number
 * }
 *
 * declare const dataSource: DataSource
 * const numbers = sequenceOf(Invoice, "number", { company: "Tea Traders", year: 2030 })
 *
 * await dataSource.transaction(async (manager) => {
 *     const number = await numbers.next(manager) // the one after the last invoice
 * })
 * ```
 */
export function sequenceOf<Entity extends ObjectLiteral, Type extends SequenceType = "number">(
    entity: EntityTarget<Entity>,
    property: PropertyPath<Entity>,
    scope: ScopeOf<Entity> = {},
    options: SequenceOfOptions<Type> = {},
): Sequence<Type> {
    const name = nameOfEntity(entity) ?? show(entity)
    refuseOther("the property is", property, TEXT, refuserOf(`sequenceOf ${name}`))
    return new SequenceOf(entity, property, scope, options)
}

class SequenceOf<Type extends SequenceType> extends Sequence<Type> {
    constructor(
        private readonly entity: EntityTarget<ObjectLiteral>,
        private readonly property: string,
        private readonly scope: SequenceScope | ScopeOf<ObjectLiteral>,
        options: SequenceOfOptions<Type>,
    ) {
        super(`${nameOfEntity(entity) ?? show(entity)}.${property}`, options)
        refuseOther("scope is", scope, OBJECT, refuserOf(`sequenceOf ${this.name}`))
        const other = Object.keys(options).find((name) => name !== "type" && name !== "dataSource")
        if (other !== undefined)
            throw new InvalidOptionError(
                `sequenceOf ${this.name} has no option ${show(other)}, as the column says how it counts.`,
            )
    }

    override inScope(scope: SequenceScope): Sequence<Type> {
        return new SequenceOf(this.entity, this.property, scope, this.options)
    }

    /** @internal */
    override countingIn(dataSource: DataSource): Counting {
        const metadata = givenEntity("sequenceOf", dataSource, this.entity)
        const all = seriesOf(metadata)
        const series = all.find(({ column }) => column.propertyPath === this.property)
        if (!series)
            throw new InvalidOptionError(
                `${this.name} is not numbered. ` +
                    (all.length > 0
                        ? `${metadata.name} has ${all.map(({ column }) => column.propertyPath).join(", ")}.`
                        : `${metadata.name} has no number.`),
            )
        const { name, startAt, incrementBy, max } = series
        const rule = {
            ...this.rule,
            name,
            startAt,
            incrementBy,
            base: startAt - incrementBy,
            max: max < this.rule.max ? max : this.rule.max,
        }
        const names = Array.isArray(this.scope) ? undefined : Object.keys(this.scope)
        const values = Object.values<unknown>(this.scope)
        return { rule, key: keyByColumn(this.name, series, { names, values }) }
    }
}
