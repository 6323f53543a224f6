import type { DeepPartial, EntityManager, ObjectLiteral } from "typeorm"
import type { ScopeAudit } from "../../audit/types"
import type { PropertyPath } from "../../keys/property-path"
import type { ImportOptions, ImportResult } from "../imports/types"
import type { SeriesSettings } from "../journal/series-settings"
import type { EventsOptions, SeriesEvent, SkipOptions, VoidOptions } from "../journal/types"
import type { NextOptions, SequenceTarget } from "../types"
import type {
    AssignOptions,
    MoveOptions,
    NumberPreview,
    ParsedNumber,
    SeriesNumber,
    SeriesRow,
    SeriesScope,
    SetNextOptions,
} from "./types"

/** The handle of a numbered column, returned by {@link seriesOf}. */
export interface NumberSeries<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>> {
    /**
     * Gives drafts their numbers with one UPDATE, which can set other columns too, such as the
     * status that `when` requires, or the date. A number that is otherwise assigned at COMMIT is
     * assigned here. Outside a transaction it opens one.
     *
     * Resolves to the rows as they are now stored, in the order of their numbers. If you pass
     * entities, they get the number, period, date and the values in `set`, and those of other
     * columns that the UPDATE has numbered. A number with `select: false` is set like the others.
     *
     * Errors, before anything is written: {@link AlreadyNumberedError} if a row already has its
     * number, so that you can repeat a call; {@link DraftError} if `when` doesn't hold with the
     * values in `set`; {@link RowNotFoundError}.
     */
    assign(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options?: AssignOptions<Entity>,
    ): Promise<Entity>
    assign(
        manager: SequenceTarget,
        rows: readonly SeriesRow<Entity>[],
        options?: AssignOptions<Entity>,
    ): Promise<Entity[]>

    /**
     * Moves a row with a number to another scope or period with one UPDATE and gives it a new
     * number there. Its former number becomes a gap. If scope and period don't change, neither does
     * the number. Outside a transaction it opens one.
     *
     * Errors, before anything is written: {@link DraftError} if the row has no number;
     * {@link ReadOnlyNumberError} if the row would leave the scope or period of another number of
     * the entity, or is void; {@link RowNotFoundError}.
     */
    move(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options: MoveOptions<Entity>,
    ): Promise<Entity>

    /**
     * The last number of a scope, `null` before the first. It is read from the counter, or with
     * strategy `"table-lock"` it is the highest number of a row.
     *
     * It is read on a separate connection. Inside a transaction, pass its manager too.
     */
    last(
        scope?: SeriesScope<Entity>,
        manager?: SequenceTarget,
    ): Promise<SeriesNumber<Entity, Path> | null>

    /**
     * The next number of a scope, and its text. Nothing is reserved: the next insert gets the
     * number. You can add values that the text shows besides the scope:
     * `{ company, issuedOn, kind: "credit" }`.
     *
     * It is read on a separate connection. Inside a transaction, pass its manager too.
     *
     * Errors: {@link PeriodClosedError}.
     */
    preview(
        scope?: SeriesScope<Entity>,
        manager?: SequenceTarget,
    ): Promise<NumberPreview<SeriesNumber<Entity, Path>>>

    /**
     * The parts of a text of a `@DocumentNumber` of the column; `null` if none of its formats
     * matches. Formats returned by a function, and formats set with `settings`, are not known here.
     */
    parse(text: string): ParsedNumber<SeriesNumber<Entity, Path>> | null

    /**
     * Inserts historic documents. Each row gets the number that its text shows (`INV-2019-0042`),
     * or that it already has, and counters continue after the highest number of each scope. All
     * rows are checked first: they need their scope, and their date if the column has periods. One
     * call is one transaction; outside a transaction it opens one. The imported ranges are recorded
     * in the journal.
     *
     * Errors, before anything is written: {@link ImportConflictError}, whose `conflicts` has each
     * row that can't be imported and why: a text that matches none of the formats, a number that
     * another row of the call or a stored row has.
     *
     * ```ts
     * import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn, DocumentNumber, seriesOf } from "typeorm-autosequence"
     *
     * @Entity()
     * class Invoice {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ type: "date" })
     *     issuedOn!: string
     *
     *     @AutoSequenceColumn({ strategy: "counter", period: { of: "issuedOn", by: "year" } })
     *     sequence!: number
     *
     *     @DocumentNumber({ of: "sequence", format: "INV-{YYYY}-{0000}" })
     *     number!: string
     * }
     *
     * declare const dataSource: DataSource
     *
     * await seriesOf(dataSource, Invoice, "sequence").import(
     *     dataSource,
     *     [
     *         { issuedOn: "2019-12-31", number: "R19/0042" },
     *         { issuedOn: "2026-01-02", number: "INV-2026-0001" },
     *     ],
     *     { reason: "moved from the old system", by: "ann", formats: ["R{YY}/{0000}"] },
     * )
     * ```
     */
    import(
        manager: SequenceTarget,
        rows: readonly DeepPartial<Entity>[],
        options: ImportOptions,
    ): Promise<ImportResult>

    /**
     * Takes the next number of a scope from its counter, for a row that isn't written by TypeORM.
     * In a transaction, a rollback returns it. Without one, a number that you don't use is a gap.
     */
    next(
        manager: SequenceTarget,
        scope?: SeriesScope<Entity>,
        options?: NextOptions,
    ): Promise<SeriesNumber<Entity, Path>>

    /** Takes several numbers with one statement, in order: at most 10 000 000. */
    nextMany(
        manager: SequenceTarget,
        scope: SeriesScope<Entity>,
        count: number,
        options?: NextOptions,
    ): Promise<SeriesNumber<Entity, Path>[]>

    /**
     * Continues a scope at a given number, for example if another program has numbered it until
     * now. It only raises the counter: a number that was already assigned, or that a row has, is
     * refused ({@link NumberTakenError}), and so is anything but an integer from 1
     * ({@link InvalidNumberError}). The numbers in between are a gap.
     */
    setNext(
        manager: EntityManager,
        scope: SeriesScope<Entity>,
        number: number | string | bigint,
        options?: SetNextOptions,
    ): Promise<void>

    /**
     * The audit of one scope, read from one snapshot on a separate connection. {@link auditSeries}
     * audits all scopes.
     */
    audit(scope?: SeriesScope<Entity>): Promise<ScopeAudit>

    /**
     * Voids a row: it stays in place and keeps its number, `set` is applied in the same
     * transaction, and the journal records the reason. For columns with a journal. Outside a
     * transaction it opens one. Resolves to the row as it is now stored.
     *
     * Errors, before anything is written: {@link AlreadyVoidedError} if it is void already;
     * {@link DraftError} if it has no number; {@link RowNotFoundError}; {@link InvalidOptionError}
     * without a reason; {@link ReadOnlyNumberError} if `set` would move it to another scope or
     * period.
     */
    void(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options: VoidOptions<Entity>,
    ): Promise<Entity>

    /** Whether a row was voided. Inside a transaction, pass its manager too. */
    isVoid(row: SeriesRow<Entity>, manager?: SequenceTarget): Promise<boolean>

    /**
     * Declares numbers of a scope unused, with a reason: no row gets them from then on. They are
     * either the next numbers, in which case numbering continues after them, or numbers that were
     * passed over and that no row has.
     *
     * Errors, before anything is written: {@link NumberTakenError} if a row has one of them, or
     * some were skipped before; {@link InvalidNumberError} if they begin after the next number, or
     * don't fit `startAt` and `incrementBy`; {@link StaleSnapshotError} if they were passed over, with
     * strategy `"trigger"` on PostgreSQL at REPEATABLE READ; {@link PeriodClosedError};
     * {@link UnsupportedError} with `gapless: false`.
     */
    skip(manager: EntityManager, scope: SeriesScope<Entity>, options: SkipOptions): Promise<void>

    /**
     * The journal entries of a scope, or of all scopes if you don't give one, in the order in which
     * they were written. Inside a transaction, pass its manager too.
     */
    events(
        scope?: SeriesScope<Entity>,
        options?: EventsOptions,
        manager?: SequenceTarget,
    ): Promise<SeriesEvent<SeriesNumber<Entity, Path>>[]>

    /**
     * The settings of a scope, which can be changed while the application runs: whether it is
     * closed, formats, a code.
     */
    settings(scope?: SeriesScope<Entity>): SeriesSettings<SeriesNumber<Entity, Path>>
}
