import type { EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { TransactionRequiredError } from "../errors"
import { Flush, type FlushRow, type NumberRequest } from "./flush"
import { givenNumber, setNumber } from "./numbers"
import { scopeOf } from "./scope"
import { lockTables, tableLockOf, takeNumbers } from "./table-lock"
import { Transaction } from "./transaction"

/**
 * Gives the flushes of one query runner their numbers, one flush after the other: the highest
 * number of a scope is right only when the rows before are in the table.
 * @internal
 */
export class FlushQueue {
    private static readonly queues = new WeakMap<QueryRunner, FlushQueue>()
    private open?: Flush
    private turn: Promise<void> = Promise.resolve()

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

    private async process(flush: Flush): Promise<void> {
        let accepted = flush.rows.filter((row) => accept(row, flush))
        try {
            if (flush.requests.some(({ given }) => given === undefined)) await this.number(flush)
        } catch (error) {
            for (const row of accepted) row.reject(error)
            accepted = []
        }
        for (const row of accepted) row.resolve()
    }

    private async number(flush: Flush): Promise<void> {
        this.refuseWithoutTransaction(flush)
        const transaction = Transaction.join(this.runner)
        await transaction.othersInserted()

        this.refuseWithoutTransaction(flush)
        const { requests } = flush
        const groups = bySeries(requests).filter((group) =>
            group.some(({ given }) => given === undefined),
        )
        const entities = groups.flatMap((group) => group.map(({ series }) => series.metadata))
        await lockTables(this.runner, [...new Set(entities)])
        for (const group of groups) {
            this.refuseWithoutTransaction(flush)
            await takeNumbers(this.runner, group)
        }
        for (const { entity, series, given, taken } of requests)
            if (taken && given === undefined) setNumber(series, entity, taken.number)
        for (const request of requests) {
            const ofEntity = flush.pending.get(request.entity)
            if (ofEntity) ofEntity.push(request)
            else flush.pending.set(request.entity, [request])
        }
        transaction.numbered(flush)
    }

    private refuseWithoutTransaction({ requests: [request] }: Flush): void {
        const hasEnded = Transaction.of(this.runner)?.statements.isEnding ?? false
        if (this.runner.isTransactionActive && !hasEnded) return
        throw new TransactionRequiredError(
            `${request?.series.name ?? "A series"} takes its numbers under a lock that lasts as long ` +
                (hasEnded
                    ? "as the transaction, and that has ended. Wait for every save() before it ends."
                    : "as the transaction, and there is none. Insert inside dataSource.transaction(…) " +
                      "by the manager that it gives you, or use save() without { transaction: false }."),
        )
    }
}

/** Reads what a row asks for; refuses the row where that can't be known. */
function accept(row: FlushRow, flush: Flush): boolean {
    try {
        const requests = row.series.flatMap((series): NumberRequest[] => {
            tableLockOf(series.metadata)
            const given = givenNumber(series, row.entity)
            if (given === null) return []
            const scope = scopeOf(series, row.entity, flush, { isOptional: given !== undefined })
            if (!scope) return []
            return [{ series, entity: row.entity, scope, given }]
        })
        flush.requests.push(...requests)
        return true
    } catch (error) {
        row.reject(error)
        return false
    }
}

/** By name: the classes of a single-table inheritance share the series of their table. */
function bySeries(requests: readonly NumberRequest[]): NumberRequest[][] {
    const groups = new Map<string, NumberRequest[]>()
    for (const request of requests) {
        const group = groups.get(request.series.name)
        if (group) group.push(request)
        else groups.set(request.series.name, [request])
    }
    return [...groups.values()]
}
