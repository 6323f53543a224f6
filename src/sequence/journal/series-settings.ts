import type { EntityManager } from "typeorm"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import type { SequenceTarget } from "../types"
import type { AllSettings, FormatOptions, PeriodReasonOptions, SeriesFormat } from "./types"

/**
 * The settings of one scope of a numbered column, which can be changed while the application runs.
 * Returned by `settings` of {@link seriesOf}. Every change is recorded in the journal, with its
 * reason. Methods that write take the manager of a transaction, or open one.
 */
export interface SeriesSettings<NumberType = number> {
    /**
     * Closes the scope, or its period: no more numbers are assigned or set in it, by any writer. It
     * waits for transactions that have taken numbers of it and haven't committed yet.
     *
     * Errors: {@link PeriodClosedError} if it is closed already; {@link UnsupportedError} with
     * strategy `"table-lock"`, which has no counter, and with `gapless: false`, whose numbers may
     * be taken in advance.
     */
    close(manager: EntityManager, options: PeriodReasonOptions): Promise<void>

    /**
     * Opens it again. Numbering continues after the last number.
     *
     * Errors: {@link InvalidOptionError} if it isn't closed.
     */
    reopen(manager: EntityManager, options: PeriodReasonOptions): Promise<void>

    /** Whether it is closed. */
    isClosed(manager?: SequenceTarget): Promise<boolean>

    /** The formats of the scope, starting with the one that applies from the beginning. */
    formats(manager?: SequenceTarget): Promise<SeriesFormat[]>

    /** Sets a format that applies from a date on. Texts that are already stored don't change. */
    setFormat(manager: EntityManager, options: FormatOptions): Promise<void>

    /**
     * The code that an authority has given the series, or its period if it has periods; `null` if
     * there is none.
     */
    code(manager?: SequenceTarget): Promise<string | null>

    /**
     * Sets that code.
     *
     * Errors: {@link SettingInUseError} if there is a number already.
     */
    setCode(manager: EntityManager, code: string, options: PeriodReasonOptions): Promise<void>

    /**
     * Sets the first number of the scope: `setNext` for a scope that has no number yet.
     *
     * Errors: {@link SettingInUseError} if there is a number already, {@link InvalidNumberError}.
     */
    setFirstNumber(
        manager: EntityManager,
        number: number | string | bigint,
        options: ReasonOptions,
    ): Promise<void>

    /** All settings, as a plain object. */
    all(manager?: SequenceTarget): Promise<AllSettings<NumberType>>
}
