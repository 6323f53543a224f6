import { Column, Index } from "typeorm"
import { InvalidOptionError, UnsupportedError } from "../errors"
import { type AutoSequenceColumnOptions, splitOptions } from "../declared/number-options"
import { findDeclaredColumns } from "../typeorm/compat"
import { numbers } from "../declared/registry"
import { uniqueNumberIndex } from "./number-index"

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
 * initialised, if an option is wrong. On insert: {@link TransactionRequiredError},
 * {@link UnknownScopeError}, {@link StaleSnapshotError}, {@link NumberOverflowError},
 * {@link InvalidNumberError}, {@link NotInstalledError} and {@link UnsupportedError}, all before
 * the row is written. At the commit: {@link NumberGapError} and {@link TransactionAbortedError},
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
    return (prototype, propertyName) => {
        if (typeof prototype !== "object" || typeof propertyName === "object")
            throw new UnsupportedError(
                "@AutoSequenceColumn stands on a static property, or the compiler uses standard " +
                    'decorators. Put it on an instance property and set "experimentalDecorators": ' +
                    "true in tsconfig.json, as TypeORM needs it.",
            )
        const target = prototype.constructor
        const place = `@AutoSequenceColumn on ${target.name}.${String(propertyName)}`
        if (typeof propertyName === "symbol")
            throw new InvalidOptionError(
                `${place}: a property named by a symbol can't be a column.`,
            )
        if (findDeclaredColumns(target, propertyName).length > 0)
            throw new InvalidOptionError(
                `${place}: another decorator has declared this column. Remove that one: ` +
                    "@AutoSequenceColumn takes the column's options itself.",
            )

        const { numbering, column } = splitOptions(place, options)
        const numbered = { target, propertyName, numbering }
        numbers.register(numbered)
        Column(column)(prototype, propertyName)
        Index(uniqueNumberIndex(numbered), { unique: true })(target)
    }
}
