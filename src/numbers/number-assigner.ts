import { TransactionRequiredError } from "../errors"
import { abortedError } from "../inserts/aborted"
import type { Assigner } from "../inserts/assigner"
import type { Insert } from "../inserts/insert"
import { NewRow } from "../inserts/new-row"
import { RowScopes } from "../inserts/row-scope"
import type { Session } from "../inserts/session"
import { allocatedSeriesOf } from "../series/own-series"
import type { Series } from "../series/series"
import { type MovedCounter, setCountersBack, takeFromCounters } from "./counters/take-from-counters"
import { refuseDeferredScopes } from "./deferred-scopes"
import { Leases } from "./leases/leases"
import { takeFromLeases } from "./leases/take-from-leases"
import { type NumberRequest, numberRequests } from "./number-request"
import { storedValue } from "./number-values"
import { refuseUnsupported } from "./refuse-unsupported"
import { refuseOverwrittenNumbers, settleUpsert } from "./settle-upsert"
import { showNumbers } from "./shown-numbers"
import { lockTables, takeNumbers } from "./table-lock"

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

    constructor(private readonly session: Session) {}

    notice({ entity, metadata }: NewRow): void {
        const all = allocatedSeriesOf(metadata)
        for (const series of all) {
            refuseUnsupported(series)
            const isGapless = series.gapless && series.column.getEntityValue(entity) === undefined
            if (isGapless) this.refuseWithoutTransaction(series)
        }
        if (all.length > 0) NewRow.mark(all.map(({ column }) => column))
    }

    assign(insert: Insert): Promise<void> | undefined {
        if (insert.upsert) refuseOverwrittenNumbers(insert, insert.upsert)
        const groups = numberRequests(insert, new RowScopes())
        return groups.length === 0 ? undefined : this.give(insert, groups)
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
        const locked = given.requests.filter(({ series }) => series.strategy === "table-lock")
        if (locked.length > 0)
            await lockTables(session.inner, [
                ...new Set(locked.map(({ series }) => series.metadata)),
            ])
        for (const group of groups) await this.giveNumbers(group, given.moved)
        for (const { series, row, number, explicit } of given.requests)
            if (number !== undefined && explicit === undefined)
                row.assign(series.column, storedValue(series, number))
    }

    private async giveNumbers(
        group: readonly NumberRequest[],
        moved: MovedCounter[],
    ): Promise<void> {
        const { inner, transaction } = this.session
        const [{ series } = {}] = group
        if (!series) return
        if (series.strategy === "table-lock") return takeNumbers(inner, group)
        // What the transaction has locked itself, another connection would wait for until it ends.
        const leases =
            series.gapless || transaction?.isHolding(series.name) ? undefined : Leases.of(inner)
        if (leases) return takeFromLeases(inner, leases, group)
        transaction?.holdsSeries(series.name)
        const counters = await takeFromCounters(inner, group)
        if (series.gapless) moved.push(...counters)
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const given = this.given.get(insert)
        if (!given) return undefined
        this.given.delete(insert)
        if (insert.upsert) return settleUpsert(this.session, insert, given, result)
        showNumbers(this.session, given.requests)
        return undefined
    }

    /** In a transaction that goes on, the next row gets the numbers that this one did not use. */
    async failed(insert: Insert): Promise<void> {
        const { session } = this
        const given = this.given.get(insert)
        this.given.delete(insert)
        if (!given || !session.transaction || session.transaction.hasEnded) return
        try {
            await setCountersBack(session.inner, given.moved, ({ before }) => before)
        } catch (error) {
            session.transaction.refuseCommit(error as Error)
        }
    }

    private refuseWithoutTransaction({ name }: Series): void {
        if (this.session.runner.isTransactionActive) return
        throw new TransactionRequiredError(
            `${name} takes its numbers under a lock that lasts as long as the transaction, and there ` +
                "is none. Insert inside dataSource.transaction(…) by the manager that it gives you, or " +
                "use save() without { transaction: false }.",
        )
    }
}
