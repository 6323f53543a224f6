import { OfEntities } from "./of-entities"
import { UpdatedEntity } from "./updated-entity"

/**
 * The entities that were announced to one query runner as about to be updated: their statements say of a row only
 * its primary key.
 * @internal
 */
export class UpdatedEntities extends OfEntities<UpdatedEntity> {
    /** The ids of those that each row is. Made where there is something to hold. */
    private byRow: Map<string, Set<number>> | undefined

    constructor() {
        super(UpdatedEntity.ofEntities)
    }

    /** Those that a row is: a call may save copies of it. */
    ofRow(row: string): UpdatedEntity[] {
        return [...(this.byRow?.get(row) ?? [])].flatMap((id) => this.get(id) ?? [])
    }

    override add(entity: UpdatedEntity): void {
        super.add(entity)
        this.byRow ??= new Map()
        const ids = this.byRow.get(entity.row)
        if (ids) ids.add(entity.id)
        else this.byRow.set(entity.row, new Set([entity.id]))
    }

    override delete(entity: UpdatedEntity): void {
        super.delete(entity)
        const ids = this.byRow?.get(entity.row)
        ids?.delete(entity.id)
        if (ids?.size === 0) this.byRow?.delete(entity.row)
    }

    override transactionEnded(options: { readonly isShared: boolean }): void {
        super.transactionEnded(options)
        // What is left are ids of those whose entities nobody has any more.
        if (this.size === 0) this.byRow = undefined
    }
}
