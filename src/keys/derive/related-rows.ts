import type { EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { groupBy } from "../../group-by"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata, RelationMetadata } from "../../typeorm/names"
import type { RelationTree } from "../pseudo-key"
import { hasPrimaryKey, primaryKeyText } from "../../inserts/primary-key"
import { RowView } from "./row-view"

const BATCH = 500

/**
 * Adds related rows to views. What is there in memory stays as it is; what is not is loaded, the rows
 * of one relation by one statement, with all that is behind them.
 * @internal
 */
export async function addRelated(
    owner: { readonly manager: EntityManager },
    views: readonly RowView[],
    relations: RelationTree,
): Promise<void> {
    for (const [name, behind] of Object.entries(relations)) {
        const related = views.flatMap((view) => relatedView(view, name) ?? [])
        for (const [metadata, ofEntity] of groupBy(related, (view) => view.metadata)) {
            const incomplete = ofEntity.filter(
                (view) => hasPrimaryKey(metadata, view.object) && !isComplete(view, behind),
            )
            for (const batch of batches(incomplete, BATCH))
                await complete(owner.manager, metadata, batch, behind)
        }
        await addRelated(owner, related, behind)
    }
}

/** @internal Whether related rows are all there, so that nothing would have to be loaded. */
export function hasRelated(row: ObjectLiteral, metadata: EntityMetadata, relations: RelationTree) {
    return Object.entries(relations).every(([name, behind]): boolean => {
        const relation = metadata.findRelationWithPropertyPath(name)
        const value: unknown = relation?.getEntityValue(row)
        if (!relation || value === null) return true
        if (typeof value !== "object") return false
        return isComplete(new RowView(value, relation.inverseEntityMetadata), behind)
    })
}

function isComplete({ object, metadata }: RowView, behind: RelationTree): boolean {
    const hasColumns = metadata.columns.every(
        (column) =>
            column.isVirtual || !column.isSelect || column.getEntityValue(object) !== undefined,
    )
    return hasColumns && hasRelated(object, metadata, behind)
}

/** The row that a relation leads to; undefined for none. */
function relatedView(view: RowView, name: string): RowView | undefined {
    const relation = view.metadata.findRelationWithPropertyPath(name)
    if (!relation) return undefined
    const { inverseEntityMetadata: inverse } = relation
    const given: unknown = relation.getEntityValue(view.object)
    const key = foreignKey(view, relation)
    const inMemory = typeof given === "object" && given !== null ? given : undefined
    // A row of the same statement has its foreign key set later.
    const isMeant =
        inMemory &&
        (!key ||
            !hasPrimaryKey(inverse, inMemory) ||
            primaryKeyText(inverse, inMemory) === primaryKeyText(inverse, key))
    const row = isMeant ? inMemory : key
    if (!row) return undefined
    const related = new RowView(row, inverse)
    for (const column of key ? inverse.primaryColumns : [])
        if (!column.isVirtual) related.set(column, column.getEntityValue(key ?? {}))
    view.setRelated(name, related.object)
    return related
}

/** The primary key that a relation leads to; undefined where it is NULL, or nobody tells. */
function foreignKey(view: RowView, { joinColumns }: RelationMetadata): ObjectLiteral | undefined {
    const key: ObjectLiteral = {}
    for (const column of joinColumns) {
        const value = joinValue(view, column)
        if (value === undefined || value === null) return undefined
        column.referencedColumn?.setEntityValue(key, value)
    }
    return key
}

function joinValue({ inserting, object }: RowView, column: ColumnMetadata): unknown {
    const cell = inserting?.cell(column)
    if (!cell) return column.getEntityValue(object)
    if (cell.kind !== "value" || cell.value === null || !column.referencedColumn) return undefined
    const { driver } = dataSourceOf(column.entityMetadata)
    return driver.prepareHydratedValue(cell.value, column.referencedColumn)
}

async function complete(
    manager: EntityManager,
    metadata: EntityMetadata,
    views: readonly RowView[],
    behind: RelationTree,
): Promise<void> {
    const byKey = groupBy(views, ({ object }) => primaryKeyText(metadata, object))
    const ids = [...byKey.values()].flatMap(
        ([view]) => view?.metadata.getEntityIdMap(view.object) ?? [],
    )
    const found = await manager
        .createQueryBuilder(metadata.target, "row")
        .setFindOptions({ relations: behind, withDeleted: true, loadEagerRelations: false })
        // One that queries the transaction would wait for the statement that waits for it.
        .callListeners(false)
        .whereInIds(ids)
        .getMany()
    for (const row of found)
        for (const view of byKey.get(primaryKeyText(metadata, row)) ?? [])
            addStored(view, row, behind)
}

/** @internal Adds what a stored row has to a view that lacks it. */
export function addStored(view: RowView, row: ObjectLiteral, relations: RelationTree = {}): void {
    const { metadata, object } = view
    for (const column of metadata.columns) {
        if (column.isVirtual || view.valueOf(column) !== undefined) continue
        const value: unknown = column.getEntityValue(row)
        if (value !== undefined) view.set(column, value)
    }
    for (const name of Object.keys(relations)) {
        const relation = metadata.findRelationWithPropertyPath(name)
        if (relation && relation.getEntityValue(object) === undefined)
            view.setRelated(name, relation.getEntityValue(row))
    }
}
