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
import { CommitAssigner } from "./commit/commit-assigner"
import { isAutoSequenceSubscriber, SUBSCRIBER } from "./declared/registry"
import { dialectOf } from "./dialects"
import { abortedError } from "./inserts/aborted"
import { Session } from "./inserts/session"
import { changeKeys } from "./keys/change/changed-keys"
import { freeKeys, keepsHistory } from "./keys/change/freed-keys"
import { catchUpKeys } from "./keys/change/awaited-numbers"
import { KeyAssigner } from "./keys/insert/key-assigner"
import { refuseConditions } from "./keys/find/conditions-as-rows"
import { storedKeysOf } from "./keys/resolve-keys"
import { showInsertedKeys, showLoadedKeys } from "./keys/shown-keys"
import { findChangedNumber } from "./numbers/updates/changed-numbers"
import { asksAtDeletion, findKeptRow } from "./numbers/deletions/kept-rows"
import { NumberAssigner } from "./numbers/number-assigner"
import { showBrought } from "./numbers/trigger/finalised-rows"
import { TriggerAssigner } from "./numbers/trigger/trigger-assigner"
import { seriesOf } from "./series/resolve-series"
import { dataSourceOf } from "./typeorm/compat"

type AfterQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["afterQuery"]>>[0]

/**
 * Numbers rows as they are inserted. {@link withAutoSequence} adds it to a data source; the plain
 * way works as well:
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
        try {
            refuseConditions(event.metadata, event.entity)
            sessionOf(event.queryRunner).notice(event.entity, event.metadata)
            return undefined
        } catch (error) {
            // Thrown, it would keep the others from being waited for.
            return Promise.reject(error instanceof Error ? error : new Error(String(error)))
        }
    }

    afterInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        if (!(event.entity as ObjectLiteral | undefined)) return undefined
        const session = Session.find(event.queryRunner)
        session?.endRow(event.entity)
        session?.updates.end(event.entity)
        if (!session) return undefined
        showInsertedKeys(session, event.metadata, event.entity)
        return this.isInCharge(event) ? showBrought(session, event) : undefined
    }

    beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        try {
            if (event.entity) refuseConditions(event.metadata, event.entity)
        } catch (error) {
            return rejected(error)
        }
        const { metadata, entity, queryRunner } = event
        if (seriesOf(metadata).length > 0 || storedKeysOf(metadata).length > 0) {
            const session = sessionOf(queryRunner)
            // The entity of `update()` is what it sets.
            if (
                seriesOf(metadata).length > 0 &&
                entity &&
                (event.databaseEntity as ObjectLiteral | undefined)
            )
                session.updates.add({ entity, metadata })
        }
        catchUpKeys(event)
        const changed = findChangedNumber(event)
        // Thrown, it would keep the others from being waited for.
        if (changed) return Promise.reject(changed)
        try {
            return changeKeys(event)
        } catch (error) {
            return rejected(error)
        }
    }

    afterUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        if (seriesOf(event.metadata).length === 0 || !this.isInCharge(event)) return
        const session = Session.find(event.queryRunner)
        if (!session) return
        if (event.entity) session.updates.end(event.entity)
        return TriggerAssigner.of(session)?.updated(event)
    }

    beforeRemove(event: RemoveEvent<ObjectLiteral>): Promise<void> | undefined {
        const isKept = seriesOf(event.metadata).some(asksAtDeletion)
        if (!isKept || !this.isInCharge(event)) return
        // It reads the DELETE, and names the errors of triggers.
        sessionOf(event.queryRunner)
        const kept = findKeptRow(event)
        return kept && Promise.reject(kept)
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
            afterLoad: (
                entity: ObjectLiteral,
                event?: LoadEvent<ObjectLiteral>,
            ) => Promise<void> | undefined
        }
        watching.afterLoad = (entity, event) => {
            if (!event || !watching.isInCharge(event)) return
            const metadata = event.metadata.findInheritanceMetadata(entity)
            return showLoadedKeys(event.queryRunner, metadata, entity)
        }
        return watching
    }

    afterQuery(event: AfterQueryEvent): Promise<void> | undefined {
        const { queryRunner, query, success } = event
        if (!success) return nameError(event)
        if (!query.endsWith("COMMIT")) return
        const rawResults: unknown = event.rawResults
        const session = Session.find(queryRunner)
        session?.noticeCommitted(query, rawResults)
        if (session?.transaction?.hasNumbers && session.dialect?.hasRolledBack(rawResults))
            return Promise.reject(abortedError())
    }

    afterTransactionStart(event: TransactionStartEvent): void {
        if (dialectOf(dataSourceOf(event)) && this.isInCharge(event))
            sessionOf(event.queryRunner).transactionStarted()
    }

    beforeTransactionCommit(event: TransactionCommitEvent): Promise<void> | undefined {
        const { transaction } = Session.find(event.queryRunner) ?? {}
        if (!this.isInCharge(event) || !transaction?.isOutermost) return
        if (transaction.refusal) return Promise.reject(transaction.refusal)
        if (transaction.isLost) return Promise.reject(abortedError())
    }

    async afterTransactionCommit(event: TransactionCommitEvent): Promise<void> {
        if (!this.isInCharge(event)) return
        const session = Session.find(event.queryRunner)
        if (!session) return
        session.transactionCommitted()
        if (session.transaction) return
        await TriggerAssigner.of(session)?.committed(event)
        await endKeyLocks(session)
    }

    afterTransactionRollback(event: TransactionRollbackEvent): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        const session = Session.find(event.queryRunner)
        session?.transactionRolledBack()
        return session && endKeyLocks(session)
    }

    /** Registered twice, or by two installed copies, only the first one acts. */
    private isInCharge(event: object): boolean {
        return dataSourceOf(event).subscribers.find(isAutoSequenceSubscriber) === this
    }
}

function sessionOf(runner: QueryRunner): Session {
    return Session.of(runner, (session) => [
        new CommitAssigner(session),
        new NumberAssigner(session),
        new TriggerAssigner(session),
        new KeyAssigner(session),
    ])
}

function endKeyLocks(session: Session): Promise<void> | undefined {
    return session.transaction ? undefined : KeyAssigner.of(session)?.transactionEnded()
}

/** A statement outside a transaction has no session that would name its error. */
function nameError({
    queryRunner,
    query,
    parameters,
    error,
}: AfterQueryEvent): Promise<void> | undefined {
    if (!dialectOf(dataSourceOf(queryRunner)) || Session.find(queryRunner)) return undefined
    const failed = Object.assign(new Error(), { driverError: error as unknown })
    const named = sessionOf(queryRunner).nameOf(
        query,
        (parameters as unknown[] | undefined) ?? [],
        failed,
    )
    if (!(named instanceof Error) || named === failed) return undefined
    const refused = Promise.reject(named)
    // TypeORM 0.3 doesn't wait for it on MySQL, and throws its own error.
    refused.catch(() => undefined)
    return refused
}

/** Thrown, it would keep the other subscribers from being waited for. */
function rejected(error: unknown): Promise<never> {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)))
}
