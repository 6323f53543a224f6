import { Column, Index } from "typeorm"
import type { AutoSequenceColumnOptions } from "../declared/numbers/number-options"
import { splitOptions } from "../declared/numbers/split-number-options"
import { numbers } from "../declared/registry"
import { uniqueNumberIndex } from "./indexes/number-index"
import { periodColumn, refuseDeclared } from "./period-column"
import { placeOf, refuseOtherTypes } from "./place"

/**
 * Numbers the rows of an entity, 1, 2, 3 …, separately in each scope, without gaps or duplicates.
 *
 * It declares the column (`int` or `bigint`, NOT NULL) and a unique index on the scope columns
 * followed by the number. The number is assigned before or by the INSERT, and is on the entity when
 * `save()` or `insert()` resolves. A number that you set yourself is kept, and later numbers
 * continue after it.
 *
 * The insert must be part of a transaction, unless the database assigns the numbers (strategy
 * `"trigger"`) or numbers may be lost (`gapless: false`). `save()` opens a transaction by itself;
 * `insert()` and the query builder don't. Until the transaction ends, others wait: with strategies
 * `"counter"` and `"trigger"` inserts into the same scope, with `"table-lock"` every other writer
 * of the table.
 *
 * Errors: {@link InvalidOptionError}, when the class is decorated or the data source is
 * initialized, if an option is wrong or the property's declared type can't hold the number. On
 * insert, before the row is written: {@link TransactionRequiredError}, {@link UnknownScopeError},
 * {@link StaleSnapshotError}, {@link NumberOverflowError}, {@link InvalidNumberError},
 * {@link NotInstalledError} and {@link UnsupportedError}. Also on insert:
 * {@link InvalidPeriodError}. On commit: {@link NumberGapError}, and
 * {@link TransactionAbortedError} if an error was caught within the transaction.
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
