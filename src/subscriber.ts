import {
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    type LoadEvent,
    type ObjectLiteral,
    type QueryRunner,
    type RemoveEvent,
    type TransactionCommitEvent,
    type TransactionRollbackEvent,
    type TransactionStartEvent,
    type UpdateEvent,
} from "typeorm"
import { refuseChangedNumbers } from "./numbers/changed-numbers"
import { abortedError } from "./inserts/aborted"
import { FlushQueue } from "./numbers/flush-queue"
import { giveBack } from "./numbers/counters/gapless-counter"
import { finishInserted } from "./numbers/inserted"
import { numberedRowOf } from "./numbers/numbers"
import { refuseChangedScope } from "./series/scope"
import { Transaction } from "./inserts/transaction"
import { TriggeredRows } from "./numbers/trigger/trigger"
import { noticeUpsert } from "./numbers/upsert"
import { nameOfError } from "./database-errors"
import { dialectOf } from "./dialects"
import type { DriverError } from "./dialects/dialect"
import { nameErrors } from "./name-errors"
import { changeKeys, freeKeys, keepsHistory } from "./keys/history/changed-keys"
import { KeyLocks } from "./keys/insert/key-locks"
import { NewKeys } from "./keys/insert/new-keys"
import { storedKeysOf } from "./keys/resolve-keys"
import { noticeInsert, showInsertedKeys, showLoadedKeys } from "./keys/shown-keys"
import { isAutoSequenceSubscriber, SUBSCRIBER } from "./declared/registry"
import { triggeredSeriesOf } from "./series/own-series"
import { dataSourceOf } from "./typeorm/compat"

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
        const { queryRunner, entity, metadata } = event
        TriggeredRows.announce(queryRunner, entity, metadata)
        const numbered = FlushQueue.of(queryRunner).add(entity, metadata)
        if (storedKeysOf(metadata).length === 0) return numbered
        nameErrors(queryRunner)
        return NewKeys.announce(queryRunner, entity, metadata, numbered) ?? numbered
    }

    afterInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        if (!(event.entity as ObjectLiteral | undefined)) return
        const { queryRunner, entity, metadata } = event
        showInsertedKeys(queryRunner, metadata, entity)
        const numbered = this.afterNumbers(event)
        const keys = NewKeys.of(queryRunner)
        if (!keys) return numbered
        return numbered
            ? numbered.then(() => keys.inserted(entity, metadata))
            : keys.inserted(entity, metadata)
    }

    private afterNumbers({
        queryRunner,
        entity,
        entityId,
    }: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        const loaded = TriggeredRows.of(queryRunner)?.inserted(entity, {
            isHydrated: entityId !== undefined,
        })
        const row = numberedRowOf(entity)
        if (!row?.isPending) return loaded
        const { flush } = row
        refuseChangedScope(row)
        const sent = flush.sent(row, (requests) => finishInserted(queryRunner, flush, requests))
        return loaded && sent ? loaded.then(() => sent) : (loaded ?? sent)
    }

    beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        const { queryRunner, metadata } = event
        if (!this.isInCharge(event)) return
        if (triggeredSeriesOf(metadata).length > 0 || storedKeysOf(metadata).length > 0)
            nameErrors(queryRunner)
        const numbers = refuseChangedNumbers(event)
        return numbers ? numbers.then(() => changeKeys(event)) : changeKeys(event)
    }

    afterRemove(event: RemoveEvent<ObjectLiteral>): Promise<void> | undefined {
        return this.isInCharge(event) && keepsHistory(event) ? freeKeys(event) : undefined
    }

    /**
     * The same subscriber for a data source whose rows it looks at when they are loaded, which costs
     * time for all of them. TypeORM 0.3 has one for all data sources.
     * @internal
     */
    watchingLoads(): AutoSequenceSubscriber {
        const watching = Object.create(this) as AutoSequenceSubscriber & {
            afterLoad: (entity: ObjectLiteral, event?: LoadEvent<ObjectLiteral>) => void
        }
        watching.afterLoad = (entity, event) => {
            if (event && watching.isInCharge(event))
                showLoadedKeys(event.metadata.findInheritanceMetadata(entity), entity)
        }
        return watching
    }

    beforeQuery({ queryRunner, query }: BeforeQueryEvent): void {
        // Statements are many, and most of them are none of these.
        const transaction = Transaction.of(queryRunner)
        if (query.startsWith("INSERT "))
            try {
                noticeInsert(queryRunner, query)
                noticeUpsert(queryRunner, query)
                NewKeys.of(queryRunner)?.noticeUpsert(query)
            } catch (error) {
                // It is not sent, so nobody will say that it has failed.
                TriggeredRows.of(queryRunner)?.failed()
                transaction?.statementFailed({ endsTransaction: false })
                throw error
            }
        transaction?.noticeStatement(query)
    }

    afterQuery(event: AfterQueryEvent): Promise<void> | undefined {
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
        if (transaction.refusal) return Promise.reject(transaction.refusal)
        if (transaction.hasEnded && transaction.hasNumbers) return Promise.reject(abortedError())
        return transaction.isSettled ? undefined : settle(event.queryRunner, transaction)
    }

    afterTransactionCommit(event: TransactionCommitEvent): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        Transaction.of(event.queryRunner)?.committed()
        return this.endKeyLocks(event.queryRunner)
    }

    afterTransactionRollback(event: TransactionRollbackEvent): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        Transaction.of(event.queryRunner)?.rolledBack()
        return this.endKeyLocks(event.queryRunner)
    }

    private endKeyLocks(runner: QueryRunner): Promise<void> | undefined {
        const locks = KeyLocks.find(runner)
        if (!locks || Transaction.of(runner)) return undefined
        locks.forget()
        return locks.release()
    }

    /** The rejection stands in for the driver's error. */
    private nameError(event: AfterQueryEvent): Promise<void> | undefined {
        const { queryRunner, query: sql } = event
        const parameters = (event.parameters as unknown[] | undefined) ?? []
        const named = nameOfError(queryRunner, {
            sql,
            parameters,
            cause: event.error as DriverError,
        })
        if (sql.startsWith("INSERT ")) TriggeredRows.of(queryRunner)?.failed()
        const freed = NewKeys.of(queryRunner)?.failed(sql, parameters)
        if (!named) return freed
        const rejection = (freed ?? Promise.resolve()).then(() => {
            throw named
        })
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
