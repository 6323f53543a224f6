import { groupBy } from "../group-by"
import type { Insert } from "../inserts/insert"
import type { Session } from "../inserts/session"
import { keysOf } from "../series/scopes/scope-key"
import type { Series } from "../series/series"
import { ComingRows } from "./counters/coming-rows"
import { NumbersAhead } from "./counters/numbers-ahead"
import { type MovedCounter, setCountersBack } from "./counters/set-back"
import { takeFromCounters } from "./counters/take-from-counters"
import { Leases } from "./leases/leases"
import { takeFromLeases } from "./leases/take-from-leases"
import type { CountedRequest, NumberRequest } from "./number-request"
import { HighestNumbers, lockTables } from "./table-lock/table-lock"

/**
 * Where the numbers of a session's rows come from.
 * @internal
 */
export class NumberSource {
    readonly ahead = new NumbersAhead()
    /** The last numbers of tables that are locked, as long as nothing else is sent. */
    readonly highest = new HighestNumbers()

    private readonly coming: ComingRows

    constructor(readonly session: Session) {
        this.coming = new ComingRows(session)
    }

    /** For the rows of an INSERT. Adds the counters that are moved for them to `moved`. */
    async takeForInsert(
        insert: Insert,
        requests: readonly NumberRequest[],
        moved: MovedCounter[],
    ): Promise<void> {
        const locked = requests.filter(({ series }) => series.strategy === "table-lock")
        if (locked.length > 0)
            await lockTables(this.session, [
                ...new Set(locked.map(({ series }) => series.metadata)),
            ])
        for (const group of groupBy(requests, ({ series }) => series.name).values()) {
            const taking = this.takeForRows(insert, group, moved)
            if (taking) await taking
        }
    }

    /** Of one series. Where rows of the call come next, one at a time, theirs are taken with them. */
    private takeForRows(
        insert: Insert,
        group: readonly NumberRequest[],
        moved: MovedCounter[],
    ): Promise<void> | undefined {
        const { session, coming } = this
        const [request] = group
        if (!request) return undefined
        const { series, row } = request
        if (series.strategy === "table-lock")
            return this.highest.take(session, group, {
                call: row.announced?.call?.reference,
                coming: () => coming.rows(series, insert).map(({ scope }) => scope),
                isKept: coming.isAwaited(series, insert),
            })
        return series.gapless ? this.takeInOrder(insert, group, moved) : this.takeNumbers(group)
    }

    private async takeInOrder(
        insert: Insert,
        group: readonly NumberRequest[],
        moved: MovedCounter[],
    ): Promise<void> {
        const { session, coming } = this
        const [request, ...others] = group
        if (!request) return
        const { series, row } = request
        const drawn = others.length === 0 ? await this.drawAhead(request) : undefined
        if (drawn) {
            moved.push(drawn)
            return
        }
        await this.ahead.giveBack(session, series)
        const later = coming
            .rows(series, insert)
            .map((one): NumberRequest => ({ series, row, ...one }))
        await this.takeNumbers([...group, ...later], moved)
        this.ahead.add(series, later)
    }

    /** From the counters of one series. */
    takeNumbers(
        requests: readonly CountedRequest[],
        moved?: MovedCounter[],
    ): Promise<void> | undefined {
        const { session } = this
        const { transaction } = session
        const [{ series } = {}] = requests
        if (!series) return undefined
        // What the transaction has locked itself, another connection would wait for until it ends.
        const leases =
            series.gapless || transaction?.isHolding(series.name) ? undefined : Leases.of(session)
        if (leases) {
            for (const request of requests) request.isLeased = true
            return takeFromLeases(session, leases, requests)
        }
        transaction?.holdsSeries(series.name)
        return takeFromCounters(session, requests, moved)
    }

    /** One of the numbers that were taken ahead for the rows of a call, if there is one. */
    private async drawAhead(request: NumberRequest): Promise<MovedCounter | undefined> {
        if (request.explicit !== undefined || this.ahead.isEmpty) return undefined
        const [key = ""] = await keysOf(this.session, request.series, [request.scope])
        return this.ahead.draw(request, key)
    }

    /** The series of numbers that are lost where their rows are: one for each of them. */
    leasedOf(requests: readonly NumberRequest[]): Series[] {
        return requests.flatMap(({ isLeased, number, explicit, series }) =>
            isLeased && number !== undefined && explicit === undefined ? [series] : [],
        )
    }

    /** Rows have numbers that were taken ahead, and a counter that is raised is not looked at before these are used up. */
    forgetLeased(requests: readonly NumberRequest[]): void {
        for (const { series, group, isLeased } of requests)
            if (isLeased && group !== undefined) Leases.of(this.session)?.forget(series, group)
    }

    /** In a transaction that goes on, others get the numbers that were not used. */
    async setBack(moved: readonly MovedCounter[]): Promise<void> {
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
}
