import {
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    type LoadEvent,
    type ObjectLiteral,
    type RemoveEvent,
    type TransactionCommitEvent,
    type TransactionRollbackEvent,
    type TransactionStartEvent,
    type UpdateEvent,
} from "typeorm"
import { isAutoSequenceSubscriber, SUBSCRIBER } from "./declared/registry"
import { dialectOf } from "./dialects"
import { abortedError } from "./inserts/connection/aborted"
import { Session } from "./inserts/session"
import { freeKeys, keepsHistory } from "./keys/change/freed-keys"
import { leaveUnselected } from "./keys/change/unselected-keys"
import { KeyAssigner } from "./keys/insert/key-assigner"
import { refuseConditions } from "./keys/find/conditions-as-rows"
import { noteUpdated, showInsertedKeys, showLoadedKeys } from "./keys/shown-keys"
import { asksAtDeletion, findKeptRow } from "./numbers/deletions/kept-rows"
import { showBrought } from "./numbers/trigger/finalised-rows"
import { TriggerAssigner } from "./numbers/trigger/trigger-assigner"
import { seriesOf } from "./series/resolve-series"
import { announceUpdate } from "./subscriber/announce-update"
import { isAssigned } from "./subscriber/is-assigned"
import { nameError } from "./subscriber/name-error"
import { sessionOf } from "./subscriber/session-of"
import { dataSourceOf } from "./typeorm/compat"

type AfterQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["afterQuery"]>>[0]

/**
 * Numbers rows when they are inserted. {@link withAutoSequence} adds it to a data source. You can
 * also register it yourself:
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
    /** @internal For those that look at the options of a data source, which name the class. */
    static readonly [SUBSCRIBER] = true
    /** @internal */
    readonly [SUBSCRIBER] = true

    beforeInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        // The rows of a many-to-many table have no entity.
        if (!this.isInCharge(event) || !(event.entity as ObjectLiteral | undefined)) return
        try {
            refuseConditions(event.metadata, event.entity)
            if (isAssigned(event.metadata))
                sessionOf(event.queryRunner).notice(event.entity, event.metadata)
            return undefined
        } catch (error) {
            return rejected(error)
        }
    }

    afterInsert(event: InsertEvent<ObjectLiteral>): Promise<void> | undefined {
        if (!(event.entity as ObjectLiteral | undefined)) return undefined
        const session = Session.find(event.queryRunner)
        session?.endRow(event.entity)
        session?.updates.end(event.entity)
        if (!session) return undefined
        showInsertedKeys(session, event)
        return this.isInCharge(event) ? showBrought(session, event) : undefined
    }

    beforeUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        try {
            return announceUpdate(event)
        } catch (error) {
            return rejected(error)
        }
    }

    afterUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        noteUpdated(event)
        leaveUnselected(event)
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

    afterTransactionCommit(event: TransactionCommitEvent): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        const session = Session.find(event.queryRunner)
        if (session?.transactionCommitted() === false) return Promise.reject(abortedError())
        return session?.hasAssigned && !session.transaction ? committed(session, event) : undefined
    }

    afterTransactionRollback(event: TransactionRollbackEvent): Promise<void> | undefined {
        if (!this.isInCharge(event)) return
        const session = Session.find(event.queryRunner)
        session?.transactionRolledBack()
        return session?.hasAssigned ? endKeyLocks(session) : undefined
    }

    /** Registered twice, or by two installed copies, only the first one acts. */
    private isInCharge(event: object): boolean {
        return dataSourceOf(event).subscribers.find(isAutoSequenceSubscriber) === this
    }
}

function committed(session: Session, event: TransactionCommitEvent): Promise<void> | undefined {
    const showing = TriggerAssigner.of(session)?.committed(event)
    return showing ? showing.then(() => endKeyLocks(session)) : endKeyLocks(session)
}

function endKeyLocks(session: Session): Promise<void> | undefined {
    return session.transaction ? undefined : KeyAssigner.of(session)?.transactionEnded()
}

/** Thrown, it would keep the other subscribers from being waited for. */
function rejected(error: unknown): Promise<never> {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)))
}
