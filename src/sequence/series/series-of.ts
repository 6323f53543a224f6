import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
import { refuseOther, refuserOf, TEXT } from "../../declared/options"
import { show } from "../../declared/show"
import type { PropertyPath } from "../../keys/property-path"
import { givenDataSource, nameOfEntity } from "../../typeorm/given"
import type { NumberSeries } from "./number-series"
import { SeriesHandle } from "./series-handle"

/**
 * The handle of a numbered column for code: gives drafts their numbers, moves rows to another scope, tells the last number
 * of a scope and the next one, takes numbers for rows that are written otherwise than by TypeORM, and lets a scope go on
 * at another number.
 *
 * Entity and property are checked when it is used, and it counts as the column says, so that nothing has to be said
 * twice. A scope has a value for each property of `uniqueWith`, and a period or a date where the column counts anew in
 * each: {@link SeriesScope}. With strategy `"table-lock"`, which keeps no counter, there is nothing to take or set.
 *
 * Errors: {@link InvalidOptionError} where the entity has no such number, or its scope has other properties;
 * {@link AlreadyNumberedError} where a row has its number; {@link DraftError} where it stays without; {@link RowNotFoundError};
 * {@link InvalidPeriodError} where a date is none; {@link ReadOnlyNumberError} where a row that moves would leave the scope
 * of another number; {@link NumberTakenError} for a number that was given; {@link InvalidNumberError} for what is none;
 * {@link NumberOverflowError} where the column ends; {@link NotInstalledError} where there is no counter table.
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
