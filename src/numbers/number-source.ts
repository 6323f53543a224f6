import { abortedError } from "../inserts/aborted"
import type { Session } from "../inserts/session"
import { TransactionRequiredError } from "../errors"
import { keysOf } from "../series/scopes/scope-key"
import { placeOf, type Series } from "../series/series"
import { NumbersAhead } from "./counters/numbers-ahead"
import { type MovedCounter, setCountersBack, takeFromCounters } from "./counters/take-from-counters"
import { Leases } from "./leases/leases"
import { takeFromLeases } from "./leases/take-from-leases"
import type { CountedRequest, NumberRequest } from "./number-request"
import { HighestNumbers } from "./table-lock/table-lock"

/**
 * Where the numbers of a session's rows come from.
 * @internal
 */
export class NumberSource {
    readonly ahead = new NumbersAhead()
    /** The last numbers of tables that are locked, as long as nothing else is sent. */
    readonly highest = new HighestNumbers()

    /** Whose numbers are lost when their rows are. */
    readonly leased = new WeakSet<CountedRequest>()

    constructor(readonly session: Session) {}

    /** From the counters of one series. */
    async takeNumbers(requests: readonly CountedRequest[], moved?: MovedCounter[]): Promise<void> {
        const { session } = this
        const { transaction } = session
        const [{ series } = {}] = requests
        if (!series) return
        // What the transaction has locked itself, another connection would wait for until it ends.
        const leases =
            series.gapless || transaction?.isHolding(series.name) ? undefined : Leases.of(session)
        if (leases) {
            await takeFromLeases(session, leases, requests)
            for (const request of requests) this.leased.add(request)
            return
        }
        transaction?.holdsSeries(series.name)
        await takeFromCounters(session, requests, moved)
    }

    /** One of the numbers that were taken ahead for the rows of a call, if there is one. */
    async drawAhead(request: NumberRequest): Promise<MovedCounter | undefined> {
        if (request.explicit !== undefined || this.ahead.isEmpty) return undefined
        const [key = ""] = await keysOf(this.session, request.series, [request.scope])
        return this.ahead.draw(request, key)
    }

    /** The series of numbers that are lost where their rows are: one for each of them. */
    leasedOf(requests: readonly NumberRequest[]): Series[] {
        return requests.flatMap((request) =>
            this.leased.has(request) && request.explicit === undefined ? [request.series] : [],
        )
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

    /** The transaction in which numbers are made; there must be one for those without gaps. */
    joinTransaction(gapless: Series | undefined): void {
        const { session } = this
        if (gapless) this.refuseWithoutTransaction(gapless)
        const transaction = gapless ? session.joinTransaction() : session.transaction
        if (transaction?.hasEnded) throw abortedError()
        if (transaction) transaction.hasNumbers = true
    }

    refuseWithoutTransaction(series: Series): void {
        if (this.session.isInTransaction) return
        throw new TransactionRequiredError(
            `${placeOf(series)} takes its numbers under a lock that lasts as long as the transaction, and there ` +
                "is none. Insert inside dataSource.transaction(…) by the manager that it gives you, or " +
                "use save() without { transaction: false }.",
        )
    }
}
