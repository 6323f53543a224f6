import type { DeepPartial } from "typeorm"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import type { SeriesEventKind } from "../../numbers/journal/write-events"

/** What `void` of {@link seriesOf} takes. */
export interface VoidOptions<Entity> extends ReasonOptions {
    /**
     * What is set on the row in the same transaction: the status.
     *
     * Default is nothing.
     */
    set?: DeepPartial<Entity>
}

/** What `skip` of {@link seriesOf} takes. */
export interface SkipOptions extends ReasonOptions {
    /** The first number that is declared unused. */
    from: number | string | bigint

    /** The last one. */
    to: number | string | bigint
}

/** What `events` of {@link seriesOf} takes. */
export interface EventsOptions {
    /**
     * Only those of numbers from here on.
     *
     * Default is all, and those that are about no number.
     */
    from?: number | string | bigint

    /** Only those of numbers up to here. */
    to?: number | string | bigint

    /**
     * Only those of these kinds.
     *
     * Default is all.
     */
    kinds?: readonly SeriesEventKind[]
}

/** An entry of the journal. */
export interface SeriesEvent<NumberType = number> {
    /** In the order in which they were written. */
    readonly id: string
    readonly kind: SeriesEventKind
    /** The key of the scope, as in the counter table; that of a format or code is without its period. */
    readonly scope: string
    /** The first number that it is about; `null` for what is about none. */
    readonly first: NumberType | null
    /** The last one; the same for a single number. */
    readonly last: NumberType | null
    readonly reason: string | null
    readonly by: string | null
    readonly at: Date
    /** What else there is to say: `row`, its primary key as texts; `to`, where a row was moved; `before` and `after`. */
    readonly details: Readonly<Record<string, unknown>> | null
}

/** What {@link SeriesSettings.close} and others take. */
export interface PeriodReasonOptions extends ReasonOptions {
    /**
     * The period, where the scope does not say it.
     *
     * Default is that of the scope.
     */
    period?: string
}

/** What {@link SeriesSettings.setFormat} takes. */
export interface FormatOptions extends ReasonOptions {
    /**
     * The date from which it holds, `"2026-07-01"`.
     *
     * Default is from the beginning.
     */
    since?: string

    /** The format. */
    format: string
}

/** A format that holds from a date on. */
export interface SeriesFormat {
    /** The date; empty for the one that holds from the beginning. */
    readonly since: string
    readonly format: string
}

/** All that is set for a scope. */
export interface AllSettings<NumberType = number> {
    readonly isClosed: boolean
    readonly code: string | null
    readonly formats: readonly SeriesFormat[]
    readonly last: NumberType | null
}
