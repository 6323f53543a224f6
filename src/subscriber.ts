import {
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    type ObjectLiteral,
    type TransactionCommitEvent,
    type TransactionRollbackEvent,
    type TransactionStartEvent,
    type UpdateEvent,
} from "typeorm"
import { refuseChangedNumbers } from "./allocation/changed-numbers"
import { FlushQueue } from "./allocation/flush-queue"
import { Transaction } from "./allocation/transaction"
import { checkUpsert, noticeUpsert } from "./allocation/upsert"
import { refuseChangedScope } from "./allocation/scope"
import { dialectOf } from "./dialects"
import { TransactionAbortedError } from "./errors"
import { dataSourceOf } from "./typeorm-compat"

type BeforeQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["beforeQuery"]>>[0]
type AfterQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["afterQuery"]>>[0]

const MARK = Symbol.for("typeorm-autosequence.subscriber")

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
    readonly [MARK] = true

    beforeInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        // The rows of a many-to-many table have no entity.
        if (!this.isInCharge(event) || !(event.entity as ObjectLiteral | undefined)) return
        return FlushQueue.of(event.queryRunner).add(event.entity, event.metadata)
    }

    afterInsert({ queryRunner, entity }: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        const transaction = Transaction.of(queryRunner)
        const flush = transaction?.flushes.find(({ pending }) => pending.has(entity))
        if (!flush) return
        refuseChangedScope(flush, entity)
        return flush.sent(entity, (requests) => checkUpsert(queryRunner, flush, requests))
    }

    beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        return this.isInCharge(event) ? refuseChangedNumbers(event) : undefined
    }

    beforeQuery({ queryRunner, query }: BeforeQueryEvent): void {
        noticeUpsert(queryRunner, query)
        const transaction = Transaction.of(queryRunner)
        if (!transaction) return
        const tableLock = dialectOf(dataSourceOf(queryRunner))?.tableLock
        if (!tableLock || tableLock.takesSnapshot(query)) transaction.sawSnapshot()
        if (/^\s*rollback\s+to\s+(?!savepoint\s+typeorm_)/i.test(query)) transaction.forgetLocks()
    }

    afterQuery({ queryRunner, query, rawResults }: AfterQueryEvent): Promise<never> | undefined {
        if (query !== "COMMIT" || !Transaction.of(queryRunner)?.hasNumbers) return
        if (!dialectOf(dataSourceOf(queryRunner))?.hasRolledBack(rawResults)) return
        return Promise.reject(
            new TransactionAbortedError(
                "A statement of this transaction has failed, the error was caught, and the transaction " +
                    "was committed: the database has rolled it back. No row of it is stored, and the " +
                    "numbers it was given will go to others. Let the error leave the transaction.",
            ),
        )
    }

    afterTransactionStart(event: TransactionStartEvent): void {
        const { tableLock } = dialectOf(dataSourceOf(event)) ?? {}
        if (tableLock && this.isInCharge(event)) Transaction.started(event.queryRunner)
    }

    beforeTransactionCommit(event: TransactionCommitEvent): void {
        const transaction = Transaction.of(event.queryRunner)
        if (this.isInCharge(event) && transaction?.isOutermost)
            for (const flush of transaction.flushes) flush.refuseGap({ isLast: true })
    }

    afterTransactionCommit(event: TransactionCommitEvent): void {
        if (this.isInCharge(event)) Transaction.of(event.queryRunner)?.committed()
    }

    afterTransactionRollback(event: TransactionRollbackEvent): void {
        if (this.isInCharge(event)) Transaction.of(event.queryRunner)?.rolledBack()
    }

    /** Registered twice, or by two installed copies, only the first one acts. */
    private isInCharge(event: object): boolean {
        return dataSourceOf(event).subscribers.find(isAutoSequenceSubscriber) === this
    }
}

/** @internal */
export function isAutoSequenceSubscriber(subscriber: object): boolean {
    return MARK in subscriber
}
