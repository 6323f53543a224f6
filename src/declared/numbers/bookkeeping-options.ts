/** The options of {@link AutoSequenceColumn} for numbers that somebody audits. */
export interface BookkeepingOptions {
    /**
     * `false`: a row with a number can't be deleted ({@link NotDeletableError}), because that would
     * leave a gap. A row without a number can, and a soft delete keeps its row. With strategy
     * `"trigger"` the database refuses every deletion. With the others, TypeORM's `remove()`,
     * `delete()`, query builder and cascades are refused; raw SQL and `clear()` are not seen.
     *
     * Errors: {@link InvalidOptionError} for a relation with `onDelete: "CASCADE"`, which would
     * still delete rows (not with strategy `"trigger"` on PostgreSQL, where triggers see that).
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Receipt {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ default: false })
     *     isVoid!: boolean
     *
     *     @AutoSequenceColumn({ strategy: "counter", deletable: false })
     *     number!: number
     * }
     * ```
     *
     * `"withReason"`: such a row can be deleted if a reason is given, with {@link withReason} or
     * the equivalent database settings. The deletion is recorded in the journal. Without a reason
     * it is refused.
     *
     * Default: `true`.
     */
    deletable?: boolean | "withReason"

    /**
     * `true`: unusual events of these numbers are written to the journal, the table
     * `autosequence_event`, in the same transaction: numbers that are voided, skipped or set by the
     * caller, a counter that is set, rows with a number that are deleted or moved to another scope.
     * It enables `void`, `skip`, `settings` and `events` of `seriesOf(…)`. Ordinary numbers are not
     * recorded: the row is the proof.
     *
     * Errors: {@link InvalidOptionError} for `false` with an option that needs the journal.
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Receipt {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ default: false })
     *     isVoid!: boolean
     *
     *     @AutoSequenceColumn({ strategy: "counter", journal: true })
     *     number!: number
     * }
     * ```
     *
     * Default: `true` with `deletable: false`, `deletable: "withReason"`, `settings: true` or a
     * `@DocumentNumber`, otherwise `false`.
     */
    journal?: boolean

    /**
     * `true`: document formats that apply from a date on, and the code that an authority has given
     * a series, can be set while the application runs, with `settings()` of {@link seriesOf}. They
     * are stored in the table `autosequence_series`.
     *
     * Default: `false`.
     */
    settings?: boolean

    /**
     * `"ascending"`, with `period`: a row whose date is before the date of the last number of its
     * scope and period is refused ({@link DateOrderError}), so that numbers are in date order.
     * Equal dates are accepted. Numbers that you set, and new dates of numbered rows, must fit
     * between their neighbours. Not available with `gapless: false`.
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Invoice {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ type: "date" })
     *     issuedOn!: string
     *
     *     @AutoSequenceColumn({
     *         strategy: "counter",
     *         period: { of: "issuedOn", by: "year", timeZone: "Europe/Berlin" },
     *         dates: "ascending",
     *     })
     *     number!: number
     * }
     * ```
     *
     * Default: `"free"`.
     */
    dates?: "free" | "ascending"
}
