import { Column, Index } from "typeorm"
import type { AutoSequenceColumnOptions } from "../declared/numbers/number-options"
import { splitOptions } from "../declared/numbers/split-number-options"
import { numbers } from "../declared/registry"
import { uniqueNumberIndex } from "./indexes/number-index"
import { periodColumn, refuseDeclared } from "./period-column"
import { placeOf, refuseOtherTypes } from "./place"

/**
 * Numbers the rows of an entity: 1, 2, 3 …, in each scope on its own, without gaps or duplicates.
 *
 * It declares the column (`int` or `bigint`, NOT NULL) and a unique index over the columns of the
 * scope followed by the number. The number is set before the INSERT, or by it, and is on the entity
 * when `save()` or `insert()` resolves. A number that the caller sets is kept, and the next ones go on
 * after it.
 *
 * The insert must be part of a transaction, unless the database makes the numbers (strategy
 * `"trigger"`) or they may be lost (`gapless: false`): `save()` opens one by itself, `insert()` and
 * the query builder do not. Until it ends others wait, with strategies `"counter"` and `"trigger"`
 * those who insert in the same scope, with `"table-lock"` every other writer of the table.
 *
 * Errors: {@link InvalidOptionError} when the class is decorated, or when the data source is
 * initialised, if an option is wrong, or the property is declared as what can't hold the number. On insert: {@link TransactionRequiredError},
 * {@link UnknownScopeError}, {@link StaleSnapshotError}, {@link NumberOverflowError},
 * {@link InvalidNumberError}, {@link NotInstalledError} and {@link UnsupportedError}, all before
 * the row is written, and {@link InvalidPeriodError}. At the commit: {@link NumberGapError} and {@link TransactionAbortedError},
 * where an error of the transaction was caught.
 *
 * ```ts
 * import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn } from "typeorm-autosequence"
 *
 * @Entity()
 * class Customer {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     name!: string
 * }
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @ManyToOne(() => Customer, { nullable: false })
 *     customer!: Customer
 *
 *     @AutoSequenceColumn({ startAt: 1000, uniqueWith: "customer" })
 *     number!: number
 * }
 * ```
 */
export function AutoSequenceColumn(options: AutoSequenceColumnOptions = {}): PropertyDecorator {
    return (prototype, property) => {
        const place = placeOf("@AutoSequenceColumn", prototype, property)
        const { target, propertyName } = place
        const { numbering, column } = splitOptions(place.name, options)
        const isBig = numbering.type === "bigint"
        if (!column.transformer)
            refuseOtherTypes(
                place,
                prototype,
                // Drivers can be set to give those of a bigint as numbers.
                isBig ? [String, Number] : [Number],
                `Declare it as ${isBig ? "string" : "number"}, or give a transformer.`,
            )
        const numbered = { target, propertyName, numbering }
        numbers.register(numbered)
        Column(column)(prototype, propertyName)
        const period = periodColumn(numbered, column)
        if (period) {
            refuseDeclared(place, period.propertyName)
            Column(period.column)(prototype, period.propertyName)
        }
        Index(uniqueNumberIndex(numbered), { unique: true })(target)
    }
}
