import type { EntityMetadata, ObjectLiteral } from "typeorm"

/** @internal An entity whose UPDATE was announced. */
export interface UpdatedEntity {
    readonly entity: ObjectLiteral
    readonly metadata: EntityMetadata
    /** Its primary key, as the driver sends it, where the entity does not have it yet. */
    readonly key?: readonly unknown[]
}

/**
 * The entities that were announced to one query runner as about to be updated: their statements say of a row
 * only its primary key.
 * @internal
 */
export class AnnouncedUpdates {
    private readonly entities = new Map<ObjectLiteral, UpdatedEntity & { isLeft: boolean }>()

    add(updated: UpdatedEntity): void {
        this.entities.set(updated.entity, { ...updated, isLeft: false })
    }

    /** Called when a row was updated. */
    end(entity: ObjectLiteral): void {
        this.entities.delete(entity)
    }

    get all(): UpdatedEntity[] {
        return [...this.entities.values()]
    }

    transactionEnded({ isShared }: { readonly isShared: boolean }): void {
        for (const [entity, update] of this.entities) {
            // Where all callers have one runner, another one's save may be about to update it.
            if (isShared && !update.isLeft) update.isLeft = true
            else this.entities.delete(entity)
        }
    }
}
