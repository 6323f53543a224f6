import { COUNTER_ENTITY } from "../declared/own-tables"
import { driverErrorOf } from "../dialects/driver-error"
import { TransactionRequiredError } from "../errors"
import { abortedError } from "../inserts/aborted"
import type { Assigner, Refused } from "../inserts/assigner"
import type { Insert } from "../inserts/insert"
import { NewRow } from "../inserts/new-row"
import { RowScopes } from "../inserts/row-scope"
import type { Update } from "../inserts/sql/update"
import type { Session } from "../inserts/session"
import { allocatedSeriesOf } from "../series/own-series"
import { seriesOf } from "../series/resolve-series"
import { keysOf } from "../series/scope-key"
import { placeOf, type Series } from "../series/series"
import { NumbersAhead } from "./counters/numbers-ahead"
import { type MovedCounter, setCountersBack, takeFromCounters } from "./counters/take-from-counters"
import { noCounterTable } from "./counters/move-counters"
import { moveWithinInsert, readMovedWithin } from "./counters/move-within-insert"
import { changesOf, refuseChanges } from "./changed-rows"
import { ComingRows } from "./coming-rows"
import { duplicateNumberError } from "./duplicate-numbers"
import { isParentOfScopes, refuseDeferredScopes } from "./deferred-scopes"
import { Leases } from "./leases/leases"
import { takeFromLeases } from "./leases/take-from-leases"
import { type CountedRequest, type NumberRequest, numberRequests } from "./number-request"
import { refuseNoNumber, refuseSet, storedValue } from "./number-values"
import {
    givePeriods,
    type GivenValue,
    type PeriodRequest,
    periodRequests,
} from "./periods/give-periods"
import { refuseUnsupported } from "./refuse-unsupported"
import { keepScopes, movedError, refuseOverwrittenNumbers, settleUpsert } from "./settle-upsert"
import { hideGivenNumber, showNumbers } from "./shown/shown-numbers"
import { hideGivenValues, showValues } from "./shown/shown-values"
import { HighestNumbers, lockTables } from "./table-lock/table-lock"

interface Given {
    readonly requests: readonly NumberRequest[]
    /** The counters that were moved for it. */
    readonly moved: MovedCounter[]
}

/**
 * Gives rows their numbers in the turn of their INSERT: the rows before them are in the table by
 * then, and nothing but the statement itself can fail.
 * @internal
 */
export class NumberAssigner implements Assigner {
    private readonly given = new Map<Insert, Given>()
    private readonly periods = new Map<Insert, readonly GivenValue[]>()
    private readonly ahead = new NumbersAhead()
    private readonly coming: ComingRows
    /** The last numbers of tables that are locked, as long as nothing else is sent. */
    private readonly highest = new HighestNumbers()

    constructor(private readonly session: Session) {
        this.coming = new ComingRows(session)
    }

    notice({ entity, metadata }: NewRow): boolean {
        const all = allocatedSeriesOf(metadata)
        for (const series of all) {
            refuseUnsupported(series)
            hideGivenNumber(series, entity)
            if (series.period) hideGivenValues(entity, [series.period.column, series.period.date])
            const value: unknown = series.column.getEntityValue(entity, true)
            if (value === undefined) {
                if (series.gapless) this.refuseWithoutTransaction(series)
            } else if (value !== null) {
                refuseSet(series)
                refuseNoNumber(series, value)
            }
        }
        if (all.length > 0) NewRow.mark(all.map(({ column }) => column))
        return all.length > 0 || isParentOfScopes(metadata)
    }

    assign(insert: Insert): Promise<void> | undefined {
        if (insert.upsert) {
            refuseOverwrittenNumbers(insert, insert.upsert)
            keepScopes(insert)
        }
        const periods = periodRequests(insert)
        return periods.length > 0 ? this.givePeriods(insert, periods) : this.giveAny(insert)
    }

    private async givePeriods(insert: Insert, requests: readonly PeriodRequest[]): Promise<void> {
        const { session } = this
        const first = requests.find(({ series }) => series.strategy === "table-lock")
        // A zone that is read would take the snapshot before the lock.
        if (first && requests.some(({ period }) => period.zone.relations.length > 0)) {
            this.refuseWithoutTransaction(first.series)
            await lockTables(session, [first.series.metadata])
        }
        this.periods.set(insert, await givePeriods(session, requests))
        await this.giveAny(insert)
    }

    private giveAny(insert: Insert): Promise<void> | undefined {
        const groups = numberRequests(insert, new RowScopes())
        if (groups.length > 0) return this.give(insert, groups)
        // Rows that bring their numbers along may have the highest ones.
        this.highest.forget()
        return undefined
    }

    private async give(insert: Insert, groups: readonly NumberRequest[][]): Promise<void> {
        const { session } = this
        refuseDeferredScopes(session, groups.flat())
        const given: Given = { requests: groups.flat(), moved: [] }
        const gapless = groups.flatMap(([request]) => request ?? []).find((r) => r.series.gapless)
        this.joinTransaction(gapless?.series)
        this.given.set(insert, given)
        if (await moveWithinInsert(session, insert, given.requests)) return
        await this.giveAll(insert, groups, given)
    }

    /** The counter that the INSERT was to move does not exist. */
    async assignAgain(insert: Insert): Promise<void> {
        const given = this.given.get(insert)
        if (!given) return
        insert.selectNothing()
        await this.giveAll(insert, [[...given.requests]], given)
    }

    private async giveAll(
        insert: Insert,
        groups: readonly NumberRequest[][],
        given: Given,
    ): Promise<void> {
        const { session } = this
        const locked = given.requests.filter(({ series }) => series.strategy === "table-lock")
        if (locked.length > 0)
            await lockTables(session, [...new Set(locked.map(({ series }) => series.metadata))])
        for (const group of groups) await this.giveNumbers(insert, group, given.moved)
        for (const { series, row, number, explicit } of given.requests)
            if (number !== undefined && explicit === undefined)
                row.assign(series.column, storedValue(series, number))
    }

    private async giveNumbers(
        insert: Insert,
        group: readonly NumberRequest[],
        moved: MovedCounter[],
    ): Promise<void> {
        const { session } = this
        const [request, ...others] = group
        if (!request) return
        const { series } = request
        if (series.strategy === "table-lock")
            return this.highest.take(session, group, {
                coming: () => this.coming.scopes(series, insert),
                isKept: this.coming.isAwaited(series, insert),
            })
        if (!series.gapless) return this.takeNumbers(group)
        if (others.length === 0 && request.explicit === undefined && !this.ahead.isEmpty) {
            const [key = ""] = await keysOf(session, series, [request.scope])
            const drawn = this.ahead.draw(request, key)
            if (drawn) {
                moved.push(drawn)
                return
            }
        }
        await this.ahead.giveBack(session, series)
        const later = this.coming
            .scopes(series, insert)
            .map((scope): NumberRequest => ({ series, row: request.row, scope }))
        await this.takeNumbers([...group, ...later], moved)
        this.ahead.add(series, later)
    }

    /** From the counters of one series. */
    private async takeNumbers(
        requests: readonly CountedRequest[],
        moved?: MovedCounter[],
    ): Promise<void> {
        const { session } = this
        const { transaction } = session
        const [{ series } = {}] = requests
        if (!series) return
        // What the transaction has locked itself, another connection would wait for until it ends.
        const leases =
            series.gapless || transaction?.isHolding(series.name) ? undefined : Leases.of(session)
        if (leases) return takeFromLeases(session, leases, requests)
        transaction?.holdsSeries(series.name)
        await takeFromCounters(session, requests, moved)
    }

    async update(update: Update, send: () => Promise<unknown>): Promise<unknown> {
        const { session } = this
        const changes = changesOf(update)
        const moved: MovedCounter[] = []
        let rows = 0
        for (const change of changes) {
            const found = await refuseChanges(session, change)
            rows = found.rows
            if (found.requests.length === 0 || change.series.strategy !== "counter") continue
            if (change.series.gapless) this.joinTransaction(change.series)
            await this.takeNumbers(found.requests, moved)
        }
        try {
            const result = await send()
            // Rows of which another transaction has made numbered ones since.
            if (Number((result as { affected?: unknown }).affected) < rows)
                for (const change of changes) await refuseChanges(session, change)
            return result
        } catch (error) {
            await this.setBack(moved)
            const cause = driverErrorOf(error)
            throw (cause && duplicateNumberError(seriesOf(update.metadata), cause)) ?? error
        }
    }

    settle(): Promise<void> | undefined {
        this.highest.forget()
        return this.ahead.isEmpty ? undefined : this.ahead.giveBack(this.session)
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const given = this.given.get(insert)
        const periods = this.periods.get(insert) ?? []
        this.periods.delete(insert)
        if (given && insert.upsert) {
            this.given.delete(insert)
            return settleUpsert(this.session, insert, { ...given, periods }, result)
        }
        if (!insert.upsert) showValues(this.session, periods)
        if (!given) return undefined
        this.given.delete(insert)
        if (insert.isSelected) readMovedWithin(insert, given.requests, result)
        showNumbers(this.session, given.requests)
        return undefined
    }

    /** In a transaction that goes on, the next row gets the numbers that this one did not use. */
    async failed(insert: Insert): Promise<void> {
        const given = this.given.get(insert)
        this.given.delete(insert)
        this.periods.delete(insert)
        this.highest.forget()
        if (given) await this.setBack(given.moved)
    }

    private async setBack(moved: readonly MovedCounter[]): Promise<void> {
        const { session } = this
        if (!session.transaction || session.transaction.hasEnded) return
        try {
            for (const { series, key } of moved) this.ahead.drop(series, key)
            await setCountersBack(session, moved, ({ before }) => before)
            await this.ahead.giveBack(session)
        } catch (error) {
            session.transaction.refuseCommit(error as Error)
        }
    }

    nameOf({ cause, insert }: Refused): Error | undefined {
        const { dialect, dataSource } = this.session
        if (!insert) return undefined
        const own = allocatedSeriesOf(insert.metadata)
        const made = this.given.get(insert)?.requests.filter((r) => r.explicit === undefined) ?? []
        const isMade = (series: Series) =>
            made.filter((request) => request.series.name === series.name).length ===
            insert.rows.length
        const found = movedError(insert, cause) ?? duplicateNumberError(own, cause, isMade)
        if (found) return found
        if (!insert.isSelected || dialect?.isMissingTable(cause) !== true) return undefined
        const { tableName } = dataSource.getMetadata(COUNTER_ENTITY)
        return String(cause.message).includes(tableName)
            ? noCounterTable(dataSource, cause)
            : undefined
    }

    /** The transaction in which numbers are made; there must be one for those without gaps. */
    private joinTransaction(gapless: Series | undefined): void {
        const { session } = this
        if (gapless) this.refuseWithoutTransaction(gapless)
        const transaction = gapless ? session.joinTransaction() : session.transaction
        if (transaction?.hasEnded) throw abortedError()
        if (transaction) transaction.hasNumbers = true
    }

    private refuseWithoutTransaction(series: Series): void {
        if (this.session.isInTransaction) return
        throw new TransactionRequiredError(
            `${placeOf(series)} takes its numbers under a lock that lasts as long as the transaction, and there ` +
                "is none. Insert inside dataSource.transaction(…) by the manager that it gives you, or " +
                "use save() without { transaction: false }.",
        )
    }
}
