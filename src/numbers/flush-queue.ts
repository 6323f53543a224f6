import type { EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { TransactionRequiredError } from "../errors"
import { groupBy } from "../group-by"
import { abortedError } from "../inserts/aborted"
import { Flush, type FlushRow, type NumberRequest } from "./flush"
import { giveBack, takeFromCounters } from "./counters/gapless-counter"
import { takeFromLeases } from "./leases/leased-counter"
import { forgetRow, givenNumber, setNumbers } from "./numbers"
import { scopeOf } from "../series/scope"
import { refuseUnsupported } from "./supported"
import { lockTables, takeNumbers } from "./table-lock"
import { Transaction } from "../inserts/transaction"

/**
 * Gives the flushes of one query runner their numbers, one flush after the other: the highest
 * number of a scope is right only when the rows before are in the table.
 * @internal
 */
export class FlushQueue {
    private static readonly queues = new WeakMap<QueryRunner, FlushQueue>()
    private open?: Flush
    private turn: Promise<void> = Promise.resolve()
    /** The last flush that was numbered without a transaction. */
    private single?: Flush

    private constructor(private readonly runner: QueryRunner) {}

    static of(runner: QueryRunner): FlushQueue {
        let queue = FlushQueue.queues.get(runner)
        if (!queue) FlushQueue.queues.set(runner, (queue = new FlushQueue(runner)))
        return queue
    }

    /**
     * The promise is fulfilled when the row has its numbers, undefined where it has none to get.
     *
     * TypeORM announces all rows of a flush in one go, so they are complete, and the callers'
     * own listeners have filled them, when this microtask runs.
     */
    add(entity: ObjectLiteral, metadata: EntityMetadata): Promise<void> | undefined {
        if (!this.open) {
            const flush = (this.open = new Flush())
            queueMicrotask(() => {
                this.open = undefined
                if (flush.rows.length === 0) return
                // A subscriber's beforeQuery may save rows while the flush before sends that query.
                const isInside = Transaction.of(this.runner)?.statements.isInside
                const turn = isInside ? Promise.resolve() : this.turn
                this.turn = turn.then(() => this.process(flush))
            })
        }
        return this.open.add(entity, metadata)
    }

    /** The flush that rows are added to at the moment. */
    get current(): Flush {
        return this.open ?? new Flush()
    }

    /** The flushes whose rows are not known to be in the table yet. */
    *numbered(): Generator<Flush> {
        yield* Transaction.of(this.runner)?.flushes ?? []
        if (this.single?.pending) yield this.single
    }

    private async process(flush: Flush): Promise<void> {
        for (const row of flush.rows) accept(row)
        try {
            await this.number(flush)
        } catch (error) {
            flush.fail()
            for (const row of flush.rows) row.refuse(error)
        }
        flush.settle()
    }

    private async number(flush: Flush): Promise<void> {
        if (Transaction.of(this.runner)?.hasEnded) throw abortedError()
        // Counters of several series are locked in the order of their names.
        const groups = [...groupBy(flush.requests, ({ series }) => series.name)]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([, requests]) => requests)
            .filter((requests) => requests.some(asksDatabase))
        if (groups.length === 0) {
            for (const { entity } of flush.rows) forgetRow(entity)
            return
        }
        const ofTransaction = groups.filter(([request]) => request?.series.gapless)
        if (ofTransaction.length > 0) await this.numberInTransaction(flush, ofTransaction)
        else this.single = flush
        for (const requests of groups)
            if (!ofTransaction.includes(requests)) await takeFromLeases(this.runner, requests)

        for (const row of flush.rows) {
            if (row.requests.length === 0) {
                forgetRow(row.entity)
                continue
            }
            setNumbers(row)
            row.isPending = true
            flush.pending += 1
        }
    }

    private async numberInTransaction(
        flush: Flush,
        groups: readonly NumberRequest[][],
    ): Promise<void> {
        this.refuseWithoutTransaction(flush)
        const transaction = Transaction.join(this.runner)
        await transaction.othersInserted()
        for (const failed of transaction.takeFailed()) await giveBack(this.runner, failed)

        this.refuseWithoutTransaction(flush)
        transaction.numbered(flush)
        const isLocking = (requests: NumberRequest[]) =>
            requests[0]?.series.strategy === "table-lock"
        const entities = groups
            .filter(isLocking)
            .flat()
            .map(({ series }) => series.metadata)
        if (entities.length > 0) await lockTables(this.runner, [...new Set(entities)])
        for (const group of groups) {
            this.refuseWithoutTransaction(flush)
            if (isLocking(group)) await takeNumbers(this.runner, group)
            else await takeFromCounters(this.runner, group, flush.moved)
        }
    }

    private refuseWithoutTransaction({ requests }: Flush): void {
        const hasEnded = Transaction.of(this.runner)?.statements.isEnding ?? false
        if (this.runner.isTransactionActive && !hasEnded) return
        const series = requests.find((request) => request.series.gapless)?.series
        throw new TransactionRequiredError(
            `${series?.name ?? "A series"} takes its numbers under a lock that lasts as long ` +
                (hasEnded
                    ? "as the transaction, and that has ended. Wait for every save() before it ends."
                    : "as the transaction, and there is none. Insert inside dataSource.transaction(…) " +
                      "by the manager that it gives you, or use save() without { transaction: false }."),
        )
    }
}

/** A number that the caller has set raises the counter; without one it is there to be read. */
function asksDatabase({ series, given }: NumberRequest): boolean {
    return given === undefined || series.strategy === "counter"
}

/** Reads what a row asks for; refuses the row where that can't be known. */
function accept(row: FlushRow): void {
    const { flush, entity } = row
    try {
        for (const series of row.series) {
            refuseUnsupported(series)
            const given = givenNumber(series, entity)
            if (given === null) continue
            const isOptional = given !== undefined && series.strategy === "table-lock"
            const scope = scopeOf(series, entity, flush, { isOptional })
            if (scope) row.requests.push({ series, entity, scope, given })
        }
        flush.requests.push(...row.requests)
    } catch (error) {
        row.requests.length = 0
        row.refuse(error)
    }
}
