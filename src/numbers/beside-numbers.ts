import type { Insert } from "../inserts/insert"
import type { Session } from "../inserts/session"
import { isRelated } from "../series/periods/zone"
import type { Series } from "../series/series"
import { type FramedText, readsOthers, textRequests } from "./documents/framed-texts"
import { InsertedTexts } from "./documents/inserted-texts"
import { isImporting } from "./journal/importing"
import { NotedNumbers } from "./journal/noted-numbers"
import { setNumbers } from "./journal/set-numbers"
import type { NumberRequest } from "./number-request"
import { givePeriods, type GivenValue, periodRequests } from "./periods/give-periods"
import { lockTables } from "./table-lock/table-lock"
import { joinTransaction, refuseWithoutTransaction } from "./transaction"
import { conditionalRows, leaveDrafts } from "./when/drafts"

/**
 * What some series take beside their numbers: drafts stay without one, rows get periods, and texts that
 * show the number, and the journal is told of numbers that callers have set. Plain series take none of it.
 * @internal
 */
export class BesideNumbers {
    private readonly periods = new Map<Insert, readonly GivenValue[]>()
    private readonly texts = new InsertedTexts()
    private readonly set: NotedNumbers

    constructor(private readonly session: Session) {
        this.set = new NotedNumbers(session)
    }

    /** Called before the numbers of an INSERT are made. */
    async prepare(insert: Insert): Promise<void> {
        const { session } = this
        const conditional = conditionalRows(insert)
        if (conditional.length > 0) await leaveDrafts(session, conditional)
        const periods = periodRequests(insert)
        if (periods.length > 0) {
            await this.lockBefore(periods.filter(({ period }) => isRelated(period.zone)))
            this.periods.set(insert, await givePeriods(session, periods))
        }
        const requests = textRequests(insert)
        if (requests.length > 0) {
            await this.lockBefore(requests.filter(({ document }) => readsOthers(document)))
            await this.texts.frame(session, insert, { requests, periods })
        }
        const set = isImporting(session) ? [] : setNumbers(insert)
        if (set.length === 0) return
        for (const { series } of set) refuseWithoutTransaction(session, series)
        joinTransaction(session, undefined)
        await this.set.note(insert, set)
    }

    /** Another row that is read would take the snapshot before the lock. */
    private async lockBefore(reading: readonly { readonly series: Series }[]): Promise<void> {
        const first = reading.find(({ series }) => series.strategy === "table-lock")
        if (!first) return
        refuseWithoutTransaction(this.session, first.series)
        await lockTables(this.session, [first.series.metadata])
    }

    periodsOf(insert: Insert): readonly GivenValue[] | undefined {
        return this.periods.get(insert)
    }

    /** The texts of its rows, made but for their numbers. */
    textsOf(insert: Insert): readonly FramedText[] {
        return this.texts.of(insert)
    }

    /** Called when the numbers are made. */
    write(insert: Insert, numbers: readonly NumberRequest[]): void {
        this.texts.write(insert, numbers)
    }

    /** What the rows of an INSERT that has succeeded were given. */
    take(insert: Insert, numbers: readonly NumberRequest[]): GivenValue[] {
        const given = [...(this.periods.get(insert) ?? []), ...this.texts.given(insert, numbers)]
        this.periods.delete(insert)
        return given
    }

    /** Tells the journal of an INSERT that has succeeded; undefined where it has nothing to hear. */
    journal(insert: Insert): ((result: unknown) => Promise<void>) | undefined {
        return this.set.writer(insert)
    }

    /** Called where the INSERT has failed. */
    forget(insert: Insert): void {
        this.periods.delete(insert)
        this.texts.forget(insert)
        this.set.forget(insert)
    }
}
