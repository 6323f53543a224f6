import type { DataSource, EntityMetadata } from "typeorm"
import { select } from "../../typeorm/statement"
import { type ColumnMetadata, ofRow, tableName } from "../../typeorm/names"
import { placeOfEntity } from "../../audit/tables"
import type { Snapshot } from "../../audit/snapshot"
import { storedColumns } from "../../audit/tables"
import type { ColumnPlace } from "./column-place"
import type { WeakReference } from "./weak-reference"

/** How many values of the type of a generic reference are looked at. */
const MOST_TYPES = 50

/**
 * Columns that look like references and have no foreign key: `articleId` where there is an entity Article, and generic
 * ones, a type beside an id: `contentType` and `objectId`, `subjectType` and `subjectId`.
 * @internal
 */
export async function guessedReferences(
    snapshot: Snapshot,
    known: readonly WeakReference[],
): Promise<WeakReference[]> {
    const { dataSource } = snapshot
    const found: WeakReference[] = []
    const isKnown = (place: ColumnPlace) =>
        known.some(
            ({ from }) => from.table.name === place.table.name && from.column === place.column,
        )
    for (const metadata of dataSource.entityMetadatas) {
        if (metadata.tableType === "entity-child" || metadata.tableType === "junction") continue
        const loose = metadata.columns.filter(
            (column) =>
                !column.relationMetadata &&
                !column.isPrimary &&
                !column.isArray &&
                !isReferenced(metadata, column),
        )
        const ids = loose.filter(({ propertyName }) => stemOf(propertyName, "id") !== undefined)
        if (ids.length === 0) continue
        const table = placeOfEntity(metadata)
        const stored = await storedColumns(snapshot, table)
        for (const column of ids) {
            if (!stored.has(column.databaseName)) continue
            const from = {
                table,
                column: column.databaseName,
                label: `${metadata.name}.${column.propertyPath}`,
                metadata,
            }
            if (isKnown(from)) continue
            const stem = stemOf(column.propertyName, "id") ?? ""
            const named = entityNamed(dataSource, stem)
            if (named) found.push({ from, to: keyOf(named), where: [], origin: "guessed" })
            const type = loose.find(
                ({ propertyName, databaseName }) =>
                    (stemOf(propertyName, "type") === stem ||
                        (stem === "object" && stemOf(propertyName, "type") === "content")) &&
                    stored.has(databaseName),
            )
            if (!named && type)
                found.push(...(await genericReferences(snapshot, metadata, type, from)))
        }
    }
    return found
}

/** One for each type that rows name and that is an entity. */
async function genericReferences(
    { runner, dataSource, dialect }: Snapshot,
    metadata: EntityMetadata,
    type: ColumnMetadata,
    from: ColumnPlace,
): Promise<WeakReference[]> {
    const name = dataSource.driver.escape("type")
    const types = await select<{ type: string | null }>(runner, {
        sql:
            `SELECT DISTINCT ${dialect.expressions.text(ofRow(type))} AS ${name} ` +
            `FROM ${tableName(metadata)} t WHERE ${ofRow(type)} IS NOT NULL LIMIT ${MOST_TYPES}`,
    })
    return types.flatMap(({ type: value }) => {
        const named =
            value === null ? undefined : entityNamed(dataSource, value.split(/[.\\/]/).at(-1) ?? "")
        if (value === null || !named) return []
        return {
            from,
            to: keyOf(named),
            where: [{ column: type.databaseName, value }],
            origin: "guessed" as const,
        }
    })
}

/** What stands before `Id`, `_id`, `Type`, `_type`, in small letters. */
function stemOf(property: string, end: "id" | "type"): string | undefined {
    const pattern = end === "id" ? /^(.+?)(?:Id|ID|_id)$/ : /^(.+?)(?:Type|_type)$/
    return pattern.exec(property)?.[1]?.replaceAll("_", "").toLowerCase()
}

function entityNamed({ entityMetadatas }: DataSource, text: string): EntityMetadata | undefined {
    const plain = (name: string) => name.replaceAll("_", "").toLowerCase()
    return entityMetadatas.find(
        ({ name, tableName: table, primaryColumns }) =>
            primaryColumns.length === 1 && [name, table].some((one) => plain(one) === plain(text)),
    )
}

function keyOf(metadata: EntityMetadata): ColumnPlace {
    const [column] = metadata.primaryColumns
    return {
        table: placeOfEntity(metadata),
        column: column?.databaseName ?? "",
        label: `${metadata.name}.${column?.propertyPath ?? ""}`,
        metadata,
    }
}

/** Whether a foreign key looks after a column. */
function isReferenced({ foreignKeys }: EntityMetadata, column: ColumnMetadata): boolean {
    return foreignKeys.some(({ columns }) => columns.includes(column))
}
