import type { DeepPartial } from "typeorm"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import type { SeriesEventKind } from "../../numbers/journal/write-events"

/** Options of `void` of {@link seriesOf}. */
export interface VoidOptions<Entity> extends ReasonOptions {
    /**
     * The values to set on the row in the same transaction, such as the status.
     *
     * Default: none.
     */
    set?: DeepPartial<Entity>
}

/** Options of `skip` of {@link seriesOf}. */
export interface SkipOptions extends ReasonOptions {
    /** The first number to declare unused. */
    from: number | string | bigint

    /** The last number to declare unused. */
    to: number | string | bigint
}

/** Options of `events` of {@link seriesOf}. */
export interface EventsOptions {
    /**
     * Only events of numbers from here on.
     *
     * Default: all events, including those that concern no number.
     */
    from?: number | string | bigint

    /** Only events of numbers up to here. */
    to?: number | string | bigint

    /**
     * Only events of these kinds.
     *
     * Default: all.
     */
    kinds?: readonly SeriesEventKind[]
}

/** An entry of the journal. */
export interface SeriesEvent<NumberType = number> {
    /** Ascends in the order in which the entries were written. */
    readonly id: string
    readonly kind: SeriesEventKind
    /** The key of the scope, as in the counter table. For a format or code, without the period. */
    readonly scope: string
    /** The first number concerned; `null` if the event concerns no number. */
    readonly first: NumberType | null
    /** The last number concerned; the same as `first` for a single number. */
    readonly last: NumberType | null
    readonly reason: string | null
    readonly by: string | null
    readonly at: Date
    /**
     * Further details: `row`, its primary key as strings; `to`, the place that a row was moved to;
     * `before` and `after`; of a number that was set or imported, `before` is the last number before it.
     */
    readonly details: Readonly<Record<string, unknown>> | null
}

/** Options of {@link SeriesSettings.close} and other methods. */
export interface PeriodReasonOptions extends ReasonOptions {
    /**
     * The period, if the scope doesn't include it.
     *
     * Default: the period of the scope.
     */
    period?: string
}

/** Options of {@link SeriesSettings.setFormat}. */
export interface FormatOptions extends ReasonOptions {
    /**
     * The date from which it applies, `"2026-07-01"`.
     *
     * Default: from the beginning.
     */
    since?: string

    /** The format. */
    format: string
}

/** A format that applies from a date on. */
export interface SeriesFormat {
    /** The date. Empty for the format that applies from the beginning. */
    readonly since: string
    readonly format: string
}

/** All settings of a scope. */
export interface AllSettings<NumberType = number> {
    readonly isClosed: boolean
    readonly code: string | null
    readonly formats: readonly SeriesFormat[]
    readonly last: NumberType | null
}
