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

/** The handle of a numbered column: what {@link seriesOf} makes. */
export interface NumberSeries<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>> {
    /**
     * Gives drafts their numbers by one UPDATE, which sets other columns as well: the status that `when` asks for, the
     * date. A number that is made at COMMIT otherwise is made here. Outside of a transaction it opens one.
     *
     * Resolves to the rows as they are stored then, in the order in which they have got their numbers. Entities that
     * were given show number, period, date and what was set, too, and those of other columns that the UPDATE has
     * numbered as well. A number with `select: false` is shown like the others.
     *
     * Errors, before anything is written: {@link AlreadyNumberedError} where a row has its number, so that a call can be
     * repeated; {@link DraftError} where `when` does not hold with what is set; {@link RowNotFoundError}.
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
     * Moves a row with a number to another scope or period, where it gets a new number, by one UPDATE. The number that
     * it had is a gap. Where scope and period stay as they are, the number does too. Outside of a transaction it opens one.
     *
     * Errors, before anything is written: {@link DraftError} where the row has no number; {@link ReadOnlyNumberError} where
     * the entity has another number, whose scope or period the row would leave, or the row is void; {@link RowNotFoundError}.
     */
    move(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options: MoveOptions<Entity>,
    ): Promise<Entity>

    /**
     * The last number of a scope, `null` before the first: that of its counter, or with strategy `"table-lock"` the
     * highest that a row has.
     *
     * It is read on a connection of its own. Inside of a transaction give its manager as well.
     */
    last(
        scope?: SeriesScope<Entity>,
        manager?: SequenceTarget,
    ): Promise<SeriesNumber<Entity, Path> | null>

    /**
     * The number that comes next in a scope, and its text. Nothing is taken: it is that of whoever comes first. What the
     * text shows beside the scope may be given with it: `{ company, issuedOn, kind: "credit" }`.
     *
     * It is read on a connection of its own. Inside of a transaction give its manager as well.
     */
    preview(
        scope?: SeriesScope<Entity>,
        manager?: SequenceTarget,
    ): Promise<NumberPreview<SeriesNumber<Entity, Path>>>

    /**
     * The parts of a text that a `@DocumentNumber` of the column shows; `null` for one that none of its formats makes. Formats of
     * a function, and those of `settings`, are not known here.
     */
    parse(text: string): ParsedNumber<SeriesNumber<Entity, Path>> | null

    /**
     * Inserts historic documents: each row with the number that its text shows (`INV-2019-0042`), or that it has, and counters
     * go on after the highest of each scope. All rows are looked at first: they need their scope, and their date where the
     * column counts in periods. One call is one transaction; outside of one it opens it. The journal gets the ranges.
     *
     * Errors, before anything is written: {@link ImportConflictError}, whose `conflicts` has each row that can't be imported
     * and why: a text of none of the formats, a number that another row of the call or a stored one has.
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
     * Takes the next number of a scope from its counter, for a row that is written otherwise than by TypeORM. In a
     * transaction it is given back where that is rolled back; without one a number that is not used is a gap.
     */
    next(
        manager: SequenceTarget,
        scope?: SeriesScope<Entity>,
        options?: NextOptions,
    ): Promise<SeriesNumber<Entity, Path>>

    /** Takes several numbers by one statement, in their order: up to 10 000 000. */
    nextMany(
        manager: SequenceTarget,
        scope: SeriesScope<Entity>,
        count: number,
        options?: NextOptions,
    ): Promise<SeriesNumber<Entity, Path>[]>

    /**
     * Lets a scope go on at a number, as where another program has numbered up to now. It only ever raises: a
     * number that was given, or that a row has, is refused ({@link NumberTakenError}), and so is what is no integer
     * from 1 ({@link InvalidNumberError}). Those in between are a gap.
     */
    setNext(
        manager: EntityManager,
        scope: SeriesScope<Entity>,
        number: number | string | bigint,
        options?: SetNextOptions,
    ): Promise<void>

    /**
     * What an audit says of one scope, read from one snapshot on a connection of its own: {@link auditSeries} reads all of
     * them.
     */
    audit(scope?: SeriesScope<Entity>): Promise<ScopeAudit>

    /**
     * Makes a row void: it keeps its place and its number, what `set` says is set on it in the same transaction, and the
     * journal says why. For columns with a journal. Outside of a transaction it opens one. Resolves to the row as it is
     * stored then.
     *
     * Errors, before anything is written: {@link AlreadyVoidedError} where it is void; {@link DraftError} where it has no
     * number; {@link RowNotFoundError}; {@link InvalidOptionError} without a reason; {@link ReadOnlyNumberError} where
     * `set` would move it to another scope or period.
     */
    void(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options: VoidOptions<Entity>,
    ): Promise<Entity>

    /** Whether a row was made void. Inside of a transaction give its manager as well. */
    isVoid(row: SeriesRow<Entity>, manager?: SequenceTarget): Promise<boolean>

    /**
     * Declares numbers of a scope unused, and says why: no row gets them any more. Either they are the next ones, and
     * numbers go on after them, or they were passed over, and no row has one of them.
     *
     * Errors, before anything is written: {@link NumberTakenError} where a row has one of them, or some were skipped
     * before; {@link InvalidNumberError} where they begin past the next number, or do not fit `startAt` and `incrementBy`;
     * {@link PeriodClosedError}; {@link UnsupportedError} with `gapless: false`.
     */
    skip(manager: EntityManager, scope: SeriesScope<Entity>, options: SkipOptions): Promise<void>

    /**
     * The entries of the journal about a scope, or about all scopes where it is left out, in the order in which they were
     * written. Inside of a transaction give its manager as well.
     */
    events(
        scope?: SeriesScope<Entity>,
        options?: EventsOptions,
        manager?: SequenceTarget,
    ): Promise<SeriesEvent<SeriesNumber<Entity, Path>>[]>

    /** What is set for a scope while the application runs: whether it is closed, formats, a code. */
    settings(scope?: SeriesScope<Entity>): SeriesSettings<SeriesNumber<Entity, Path>>
}
