import { COUNTER_ENTITY } from "../declared/own-tables"
import { TransactionRequiredError } from "../errors"
import { abortedError } from "../inserts/aborted"
import type { Assigner, Refused } from "../inserts/assigner"
import type { Insert } from "../inserts/insert"
import { NewRow } from "../inserts/new-row"
import { RowScopes } from "../inserts/row-scope"
import type { Session } from "../inserts/session"
import { allocatedSeriesOf } from "../series/own-series"
import { keysOf } from "../series/scope-key"
import type { Series } from "../series/series"
import { NumbersAhead } from "./counters/numbers-ahead"
import { type MovedCounter, setCountersBack, takeFromCounters } from "./counters/take-from-counters"
import { noCounterTable } from "./counters/move-counters"
import { moveWithinInsert, readMovedWithin } from "./counters/move-within-insert"
import { ComingRows } from "./coming-rows"
import { isParentOfScopes, refuseDeferredScopes } from "./deferred-scopes"
import { Leases } from "./leases/leases"
import { takeFromLeases } from "./leases/take-from-leases"
import { type NumberRequest, numberRequests } from "./number-request"
import { refuseNoNumber, storedValue } from "./number-values"
import { refuseUnsupported } from "./refuse-unsupported"
import { refuseOverwrittenNumbers, settleUpsert } from "./settle-upsert"
import { hideGivenNumber, showNumbers } from "./shown-numbers"
import { HighestNumbers, lockTables } from "./table-lock"

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
            const value: unknown = series.column.getEntityValue(entity, true)
            if (value === undefined) {
                if (series.gapless) this.refuseWithoutTransaction(series)
            } else if (value !== null) refuseNoNumber(series, value)
        }
        if (all.length > 0) NewRow.mark(all.map(({ column }) => column))
        return all.length > 0 || isParentOfScopes(metadata)
    }

    assign(insert: Insert): Promise<void> | undefined {
        if (insert.upsert) refuseOverwrittenNumbers(insert, insert.upsert)
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
        if (gapless) this.refuseWithoutTransaction(gapless.series)
        const transaction = gapless ? session.joinTransaction() : session.transaction
        if (transaction?.hasEnded) throw abortedError()
        if (transaction) transaction.hasNumbers = true
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
            await lockTables(session.inner, [
                ...new Set(locked.map(({ series }) => series.metadata)),
            ])
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
        const { inner, transaction } = this.session
        const [request, ...others] = group
        if (!request) return
        const { series } = request
        if (series.strategy === "table-lock")
            return this.highest.take(inner, group, {
                coming: () => this.coming.scopes(series, insert),
                isKept: this.coming.isAwaited(series, insert),
            })
        // What the transaction has locked itself, another connection would wait for until it ends.
        const leases =
            series.gapless || transaction?.isHolding(series.name) ? undefined : Leases.of(inner)
        if (leases) return takeFromLeases(inner, leases, group)
        transaction?.holdsSeries(series.name)
        if (!series.gapless) {
            await takeFromCounters(inner, group)
            return
        }
        if (others.length === 0 && request.explicit === undefined && !this.ahead.isEmpty) {
            const [key = ""] = await keysOf(inner, series, [request.scope])
            const drawn = this.ahead.draw(request, key)
            if (drawn) {
                moved.push(drawn)
                return
            }
        }
        await this.ahead.giveBack(inner, series)
        const later = this.coming
            .scopes(series, insert)
            .map((scope): NumberRequest => ({ series, row: request.row, scope }))
        await takeFromCounters(inner, [...group, ...later], moved)
        this.ahead.add(series, later)
    }

    settle(): Promise<void> | undefined {
        this.highest.forget()
        return this.ahead.isEmpty ? undefined : this.ahead.giveBack(this.session.inner)
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const given = this.given.get(insert)
        if (!given) return undefined
        this.given.delete(insert)
        if (insert.isSelected) readMovedWithin(insert, given.requests, result)
        if (insert.upsert) return settleUpsert(this.session, insert, given, result)
        showNumbers(this.session, given.requests)
        return undefined
    }

    /** In a transaction that goes on, the next row gets the numbers that this one did not use. */
    async failed(insert: Insert): Promise<void> {
        const { session } = this
        const given = this.given.get(insert)
        this.given.delete(insert)
        this.highest.forget()
        if (!given || !session.transaction || session.transaction.hasEnded) return
        try {
            for (const { series, key } of given.moved) this.ahead.drop(series, key)
            await setCountersBack(session.inner, given.moved, ({ before }) => before)
            await this.ahead.giveBack(session.inner)
        } catch (error) {
            session.transaction.refuseCommit(error as Error)
        }
    }

    nameOf({ cause, insert }: Refused): Error | undefined {
        const { dialect, dataSource } = this.session
        if (!insert?.isSelected || dialect?.isMissingTable(cause) !== true) return undefined
        const { tableName } = dataSource.getMetadata(COUNTER_ENTITY)
        return String(cause.message).includes(tableName)
            ? noCounterTable(dataSource, cause)
            : undefined
    }

    private refuseWithoutTransaction({ name }: Series): void {
        if (this.session.isInTransaction) return
        throw new TransactionRequiredError(
            `${name} takes its numbers under a lock that lasts as long as the transaction, and there ` +
                "is none. Insert inside dataSource.transaction(…) by the manager that it gives you, or " +
                "use save() without { transaction: false }.",
        )
    }
}
