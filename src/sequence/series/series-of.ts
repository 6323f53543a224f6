import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
import { refuseOther, refuserOf, TEXT } from "../../declared/options"
import { show } from "../../declared/show"
import type { PropertyPath } from "../../keys/property-path"
import { givenDataSource, nameOfEntity } from "../../typeorm/given"
import type { NumberSeries } from "./number-series"
import { SeriesHandle } from "./series-handle"

/**
 * Returns a handle of a numbered column. It gives drafts their numbers, moves rows to another
 * scope, returns the last number of a scope and the next one, takes numbers for rows that aren't
 * written by TypeORM, and continues a scope at another number.
 *
 * The entity and property are checked when you use the handle. It counts as the column declares, so
 * you don't have to repeat the options. A scope has a value for each property of `uniqueWith`, and
 * a period or a date if the column has periods: {@link SeriesScope}. With strategy `"table-lock"`,
 * which has no counter, there is nothing to take or set.
 *
 * Errors: {@link InvalidOptionError} if the entity has no such number, or its scope has other
 * properties; {@link AlreadyNumberedError} if a row already has its number; {@link DraftError} if
 * it would stay without one; {@link RowNotFoundError}; {@link InvalidPeriodError} if a date is
 * invalid; {@link ReadOnlyNumberError} if a moved row would leave the scope of another number;
 * {@link NumberTakenError} for a number that was already assigned; {@link InvalidNumberError} for
 * an invalid number; {@link NumberOverflowError} if the number exceeds the column;
 * {@link NotInstalledError} if there is no counter table.
 *
 * ```ts
 * import { Column, DataSource, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn, seriesOf } from "typeorm-autosequence"
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     company!: string
 *
 *     @Column({ default: "draft" })
 *     status!: "draft" | "final"
 *
 *     @Column({ type: "date", nullable: true })
 *     issuedOn!: string | null
 *
 *     @AutoSequenceColumn({
 *         strategy: "counter",
 *         uniqueWith: "company",
 *         period: { of: "issuedOn", by: "year" },
 *         when: { status: Not("draft") },
 *     })
 *     number!: number | null
 *
 *     numberPeriod!: string | null
 * }
 *
 * declare const dataSource: DataSource
 * declare const draft: Invoice
 * const numbers = seriesOf(dataSource, Invoice, "number")
 *
 * await dataSource.transaction(async (manager) => {
 *     await numbers.assign(manager, draft, { set: { status: "final", issuedOn: "2026-05-05" } })
 * })
 * await numbers.last({ company: "Tea Traders", period: "2026" }) // 42
 * await numbers.preview({ company: "Tea Traders", issuedOn: "2026-05-05" }) // { number: 43, … }
 * ```
 */
export function seriesOf<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>>(
    dataSource: DataSource,
    entity: EntityTarget<Entity>,
    property: Path,
): NumberSeries<Entity, Path> {
    const name = nameOfEntity(entity) ?? show(entity)
    refuseOther("the property is", property, TEXT, refuserOf(`seriesOf ${name}`))
    return new SeriesHandle(givenDataSource("seriesOf", dataSource), entity, property)
}
