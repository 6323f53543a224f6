import {
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    type ObjectLiteral,
    type QueryRunner,
    type TransactionCommitEvent,
    type TransactionRollbackEvent,
    type TransactionStartEvent,
    type UpdateEvent,
} from "typeorm"
import { refuseChangedNumbers } from "./allocation/changed-numbers"
import { abortedError } from "./allocation/aborted"
import { FlushQueue } from "./allocation/flush-queue"
import { giveBack } from "./allocation/gapless-counter"
import { finishInserted } from "./allocation/inserted"
import { nameErrors } from "./allocation/name-errors"
import { numberedRowOf } from "./allocation/numbers"
import { refuseChangedScope } from "./allocation/scope"
import { Transaction } from "./allocation/transaction"
import { TriggeredRows } from "./allocation/trigger"
import { triggerErrorOf } from "./allocation/trigger-errors"
import { noticeUpsert } from "./allocation/upsert"
import { dialectOf } from "./dialects"
import type { DriverError } from "./dialects/dialect"
import { isAutoSequenceSubscriber, SUBSCRIBER } from "./registry"
import { triggeredSeriesOf } from "./series/own-series"
import { dataSourceOf } from "./typeorm-compat"

type BeforeQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["beforeQuery"]>>[0]
type AfterQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["afterQuery"]>>[0]

/**
 * Numbers rows before they are inserted. {@link withAutoSequence} adds it to a data source; the
 * plain way works as well:
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { AutoSequenceSubscriber } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource({
 *     type: "postgres",
 *     url: process.env.DATABASE_URL,
 *     subscribers: [AutoSequenceSubscriber],
 * })
 * ```
 */
@EventSubscriber()
export class AutoSequenceSubscriber implements EntitySubscriberInterface {
    /** @internal */
    readonly [SUBSCRIBER] = true

    beforeInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        // The rows of a many-to-many table have no entity.
        if (!this.isInCharge(event) || !(event.entity as ObjectLiteral | undefined)) return
        TriggeredRows.announce(event.queryRunner, event.entity, event.metadata)
        return FlushQueue.of(event.queryRunner).add(event.entity, event.metadata)
    }

    afterInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        const { queryRunner, entity } = event
        if (!(entity as ObjectLiteral | undefined)) return
        const loaded = TriggeredRows.of(queryRunner)?.inserted(entity, {
            isHydrated: event.entityId !== undefined,
        })
        const row = numberedRowOf(entity)
        if (!row?.isPending) return loaded
        const { flush } = row
        refuseChangedScope(row)
        const sent = flush.sent(row, (requests) => finishInserted(queryRunner, flush, requests))
        return loaded && sent ? loaded.then(() => sent) : (loaded ?? sent)
    }

    beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        if (triggeredSeriesOf(event.metadata).length > 0) nameErrors(event.queryRunner)
        return refuseChangedNumbers(event)
    }

    beforeQuery({ queryRunner, query }: BeforeQueryEvent): void {
        // Statements are many, and most of them are none of these.
        const transaction = Transaction.of(queryRunner)
        if (query.startsWith("INSERT "))
            try {
                noticeUpsert(queryRunner, query)
            } catch (error) {
                // It is not sent, so nobody will say that it has failed.
                TriggeredRows.of(queryRunner)?.failed()
                transaction?.statementFailed({ endsTransaction: false })
                throw error
            }
        transaction?.noticeStatement(query)
    }

    afterQuery(event: AfterQueryEvent): Promise<never> | undefined {
        const { queryRunner, query, success } = event
        const refused = success ? undefined : this.nameError(event)
        const transaction = Transaction.of(queryRunner)
        if (!transaction) return refused
        const dialect = dialectOf(dataSourceOf(queryRunner))
        if (!success)
            transaction.statementFailed({
                endsTransaction: dialect?.endsTransaction(event.error as DriverError) ?? false,
            })
        if (refused) return refused
        if (query !== "COMMIT" || !transaction.hasNumbers) return
        if (dialect?.hasRolledBack(event.rawResults)) return Promise.reject(abortedError())
    }

    afterTransactionStart(event: TransactionStartEvent): void {
        if (dialectOf(dataSourceOf(event)) && this.isInCharge(event))
            Transaction.started(event.queryRunner)
    }

    beforeTransactionCommit(event: TransactionCommitEvent): Promise<void> | undefined {
        const transaction = Transaction.of(event.queryRunner)
        if (!this.isInCharge(event) || !transaction?.isOutermost) return
        if (transaction.hasEnded && transaction.hasNumbers) return Promise.reject(abortedError())
        return transaction.isSettled ? undefined : settle(event.queryRunner, transaction)
    }

    afterTransactionCommit(event: TransactionCommitEvent): void {
        if (this.isInCharge(event)) Transaction.of(event.queryRunner)?.committed()
    }

    afterTransactionRollback(event: TransactionRollbackEvent): void {
        if (this.isInCharge(event)) Transaction.of(event.queryRunner)?.rolledBack()
    }

    /** The rejection stands in for the driver's error. */
    private nameError({ queryRunner, query, error }: AfterQueryEvent): Promise<never> | undefined {
        if (query.startsWith("INSERT ")) TriggeredRows.of(queryRunner)?.failed()
        const named = triggerErrorOf(dataSourceOf(queryRunner), query, error as DriverError)
        if (!named) return undefined
        const rejection = Promise.reject(named)
        // TypeORM 0.3 does not wait for it on MySQL.
        rejection.catch(() => {})
        return rejection
    }

    /** Registered twice, or by two installed copies, only the first one acts. */
    private isInCharge(event: object): boolean {
        return dataSourceOf(event).subscribers.find(isAutoSequenceSubscriber) === this
    }
}

/** Gives the numbers back that no row has, and refuses gaps. */
async function settle(runner: QueryRunner, { flushes }: Transaction): Promise<void> {
    for (const flush of flushes) {
        if (flush.moved.length > 0) await giveBack(runner, flush)
        flush.refuseGap({ isLast: true })
    }
}
