import type { EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { groupBy } from "../../group-by"
import { primaryKeyText } from "../../inserts/primary-key"
import type { Session } from "../../inserts/session"
import { triggeredSeriesOf } from "../../series/own-series"
import { isLate, madeColumns } from "../../series/series"
import { loadColumns } from "../../typeorm/load-columns"
import type { ColumnMetadata } from "../../typeorm/names"
import { showValues } from "../shown/shown-values"

const BATCH = 1000

interface LateRow {
    readonly metadata: EntityMetadata
    readonly entity: ObjectLiteral
}

/**
 * The entities whose rows get their numbers as the transaction is committed.
 * @internal
 */
export class LateNumbers {
    // A transaction can be long, and its entities need not be kept for it.
    private readonly waiting = new Set<{
        metadata: EntityMetadata
        entity: WeakRef<ObjectLiteral>
    }>()

    constructor(private readonly session: Session) {}

    wait({ metadata, entity }: LateRow): void {
        const row = { metadata, entity: new WeakRef(entity) }
        this.waiting.add(row)
        this.session.onRollback(() => this.waiting.delete(row))
    }

    /** Called when the transaction has been committed. */
    committed(manager: EntityManager): Promise<void> | undefined {
        if (this.waiting.size === 0) return undefined
        const rows = [...this.waiting].flatMap(({ metadata, entity: reference }): LateRow[] => {
            const entity = reference.deref()
            // One that was not read back after its INSERT may be without its primary key.
            return entity && metadata.hasAllPrimaryKeys(entity) ? [{ metadata, entity }] : []
        })
        this.waiting.clear()
        // What is stored is stored: thrown, it would look as if the transaction had failed.
        return showMade(undefined, manager, rows).catch(() => undefined)
    }
}

/** @internal Shows what the database has made of rows that have got their numbers, until it is rolled back. */
export async function showMade(
    session: Session | undefined,
    manager: EntityManager,
    rows: readonly LateRow[],
): Promise<void> {
    for (const [metadata, ofTable] of groupBy(rows, (row) => row.metadata)) {
        const columns = triggeredSeriesOf(metadata).filter(isLate).flatMap(madeColumns)
        const keyOf = (entity: ObjectLiteral) => primaryKeyText(metadata, entity)
        for (const batch of batches(ofTable, BATCH)) {
            const entities = batch.map(({ entity }) => entity)
            const loaded = await loadColumns(manager, metadata, columns, entities)
            const found = new Map(loaded.map((entity) => [keyOf(entity), entity]))
            const isUnset = (entity: ObjectLiteral, column: ColumnMetadata) =>
                (column.getEntityValue(entity) ?? null) === null
            showValues(
                session,
                entities.flatMap((entity) => {
                    const stored = found.get(keyOf(entity))
                    return columns
                        .filter(
                            (column) =>
                                stored && isUnset(entity, column) && !isUnset(stored, column),
                        )
                        .map((column) => ({
                            entity,
                            column,
                            value: column.getEntityValue(stored ?? {}) as unknown,
                        }))
                }),
            )
        }
    }
}
