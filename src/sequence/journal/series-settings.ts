import type { EntityManager } from "typeorm"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import type { SequenceTarget } from "../types"
import type { AllSettings, FormatOptions, PeriodReasonOptions, SeriesFormat } from "./types"

/**
 * What is set for one scope of a numbered column while the application runs: what `settings` of {@link seriesOf} gives.
 * Each of these is in the journal, with its reason. Those that write take the manager of a transaction, or open one.
 */
export interface SeriesSettings<NumberType = number> {
    /**
     * Closes the scope, or its period: no number is given in it any more, nor set, whoever writes. It waits for those
     * who have numbers of it and have not committed yet.
     *
     * Errors: {@link PeriodClosedError} where it is closed; {@link UnsupportedError} with strategy `"table-lock"`, which
     * has no counter, and with `gapless: false`, whose numbers may be taken ahead.
     */
    close(manager: EntityManager, options: PeriodReasonOptions): Promise<void>

    /**
     * Opens it again. Numbers go on after the last one.
     *
     * Errors: {@link InvalidOptionError} where it is not closed.
     */
    reopen(manager: EntityManager, options: PeriodReasonOptions): Promise<void>

    /** Whether it is closed. */
    isClosed(manager?: SequenceTarget): Promise<boolean>

    /** The formats of the scope, the one that holds from the beginning first. */
    formats(manager?: SequenceTarget): Promise<SeriesFormat[]>

    /** Sets a format that holds from a date on. Texts that are written stay as they are. */
    setFormat(manager: EntityManager, options: FormatOptions): Promise<void>

    /** The code that an authority has given the series, that of its period where it counts in periods; `null` for none. */
    code(manager?: SequenceTarget): Promise<string | null>

    /**
     * Sets that code.
     *
     * Errors: {@link SettingInUseError} where there is a number already.
     */
    setCode(manager: EntityManager, code: string, options: PeriodReasonOptions): Promise<void>

    /**
     * Lets the scope begin at a number: `setNext`, for a scope without one.
     *
     * Errors: {@link SettingInUseError} where there is a number already, {@link InvalidNumberError}.
     */
    setFirstNumber(
        manager: EntityManager,
        number: number | string | bigint,
        options: ReasonOptions,
    ): Promise<void>

    /** All of it, as a plain object. */
    all(manager?: SequenceTarget): Promise<AllSettings<NumberType>>
}
