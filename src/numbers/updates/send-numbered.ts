import { driverErrorOf } from "../../dialects/driver-error"
import type { Update } from "../../inserts/sql/update"
import { keepsJournal } from "../../series/journal"
import { seriesOf } from "../../series/resolve-series"
import { hasCounters, type Series } from "../../series/series"
import type { MovedCounter } from "../counters/set-back"
import { duplicateNumberError } from "../duplicate-numbers"
import { refuseUnknownStart } from "../first-number"
import type { NumberSource } from "../number-source"
import { joinTransaction, refuseWithoutTransaction } from "../transaction"
import { refuseEarlierDates } from "../periods/date-order"
import { journaledChanges, writeChangedNumbers } from "../journal/changed-numbers"
import { tellTaken } from "../../signals/channels"
import { lockTables } from "../table-lock/table-lock"
import { type AskedNumbers, madeAtOnce, takeAsked } from "./asked/asked-numbers"
import { type Change, findChange } from "./change"
import { type ChangedRows, refuseChanges, takenNumberError } from "./changed-rows"
import { type ChangedRequest, requestsOf, setBeside } from "./changed-requests"
import { readAsked } from "./asked/read-asked"
import { refuseLeft } from "./asked/refuse-left"
import { allowingMoves } from "./asked/allowing-moves"
import { changedTexts } from "./changed-texts"
import { datedChanges } from "./dated-changes"
import { type PlannedChange, sendChanges } from "./send-changes"
import { lateRows, waitUpdated } from "./late-rows"
import { numberedRows } from "./numbered-rows"
import { showUpdated } from "./entities/show-updated"

/** One whose rows are read and locked. */
interface ReadChange extends Change, ChangedRows {
    readonly asked?: AskedNumbers
}

/**
 * Sends an UPDATE that sets what numbers depend on: numbers that are there stay, and rows that are to have one
 * get it by the same statement.
 * @internal
 */
export async function sendNumbered(
    source: NumberSource,
    update: Update,
    changed: readonly Series[],
    send: (update: Update) => Promise<unknown>,
): Promise<unknown> {
    const { session } = source
    const moved: MovedCounter[] = []
    const read: ReadChange[] = []
    const changes: PlannedChange[] = []
    let result: unknown
    try {
        await refuseLeft(session, update)
        for (const one of changed) {
            const asked = takeAsked(session, one, update)
            const series = asked ? madeAtOnce(one) : one
            const change = await findChange(session, series, update, asked)
            if (!change) continue
            const isNumbered = change.isDue ?? asked
            // What is locked by its row is not locked by its table afterwards.
            const isLocked = isNumbered ?? series.ascends
            if (isLocked && series.strategy === "table-lock" && session.isInTransaction)
                await lockTables(session, [series.metadata])
            const found = await (asked
                ? readAsked(session, change, asked)
                : refuseChanges(session, change))
            read.push({ ...change, ...found, asked })
        }
        const beside = setBeside(read)
        for (const { asked, ...change } of read) {
            const { series } = change
            const requests = requestsOf(session, change, change, beside)
            if (lateRows(change).length > 0) joinTransaction(session, series)
            const since = performance.now()
            await giveChanged(source, series, requests, moved)
            asked?.made.push(...requests.flatMap(({ number }) => number ?? []))
            tellTaken(since, requests, session.runner)
            refuseUnknownStart(requests)
            if (series.ascends && requests.length > 0) refuseWithoutTransaction(session, series)
            await refuseEarlierDates(session, datedChanges(change, change, requests))
            const texts = await changedTexts(session, change, requests, beside)
            changes.push({ ...change, texts, requests, isAsked: asked !== undefined })
        }
        const journaled = journaledChanges(changes)
        for (const { series } of journaled) refuseWithoutTransaction(session, series)
        result = await allowingMoves(session, changes, () =>
            sendChanges(session, update, changes, send),
        )
        try {
            for (const change of journaled) await writeChangedNumbers(session, change)
        } catch (error) {
            // The numbers are in the table.
            session.transaction?.refuseCommit(error as Error)
            throw error
        }
        // Rows of which another transaction has made numbered ones since.
        const rows = changes[0]?.rows.length ?? 0
        if (Number((result as { affected?: unknown }).affected) < rows)
            for (const change of changes) await refuseChanges(session, change)
        for (const change of changes) {
            showUpdated(session, change)
            waitUpdated(session, change)
        }
    } catch (error) {
        await source.setBack(moved)
        const cause = driverErrorOf(error)
        const isMade = ({ column }: Series) =>
            changes.some(
                ({ series, requests }) =>
                    series.column === column &&
                    requests.length > 0 &&
                    requests.every((r) => r.explicit === undefined),
            )
        const named =
            cause &&
            (duplicateNumberError(seriesOf(update.metadata), cause, isMade) ??
                takenNumberError(changed, cause))
        throw named ?? error
    }
    // When this fails, the numbers are in the table, and stay.
    await session.numbered(changes.flatMap((change) => numberedRows(session, change)))
    return result
}

/** Those that rows bring along move the counters, too. */
async function giveChanged(
    source: NumberSource,
    series: Series,
    requests: readonly ChangedRequest[],
    moved: MovedCounter[],
): Promise<void> {
    if (hasCounters(series)) {
        if (requests.length === 0) return
        joinTransaction(source.session, series.gapless ? series : undefined)
        return source.takeNumbers(requests, moved)
    }
    // The journal says where the scope of a number that is set was before.
    const given = requests.filter(({ explicit }) => explicit === undefined || keepsJournal(series))
    if (given.length === 0) return
    joinTransaction(source.session, series)
    await source.highest.take(source.session, given, { coming: () => [], isKept: false })
    source.highest.forget()
}
