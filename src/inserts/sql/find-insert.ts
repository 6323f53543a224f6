import type { DataSource, EntityMetadata } from "typeorm"
import { dialectOf } from "../../dialects"
import { dataSourceOf } from "../../typeorm/compat"
import { hasMarks, isMarked } from "../../typeorm/marks"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { Insert } from "../insert"
import type { InsertText, InsertTuple } from "./insert-text"
import type { NewRow } from "../announced/new-row"
import { insertStart, readInsert } from "./read-insert"

/**
 * Reads a statement where it is the INSERT of rows that were announced; undefined for others.
 * @internal
 */
export function findInsert(
    dataSource: DataSource,
    announced: ReadonlyMap<number, NewRow>,
    sql: string,
    parameters: readonly unknown[],
): Insert | undefined {
    const dialect = sql.includes("INSERT ") ? dialectOf(dataSource) : undefined
    if (!dialect) return undefined
    const start = insertStart(sql)
    if (!start) return undefined
    const { table } = start
    const metadatas = metadatasOf(dataSource, table)
    if (metadatas.length === 0) return undefined
    // The caller's own SQL has none, nor has a statement without a place for any value.
    const waiting = hasMarks(sql)
        ? []
        : [...announced.values()].filter((row) => metadatas.includes(row.metadata))
    if (!hasMarks(sql) && waiting.length === 0) return undefined
    const text = readInsert(sql, start, parameters, dialect.syntax)
    if (!text) return undefined
    const rows = pairRows(text, announced, waiting, metadatas)
    return rows && new Insert(table, text, rows, dialect.findUpsert(text.head, text.tail))
}

/** Of each row the entity that it is. */
function pairRows(
    text: InsertText,
    announced: ReadonlyMap<number, NewRow>,
    waiting: readonly NewRow[],
    metadatas: readonly EntityMetadata[],
): (NewRow | { metadata: EntityMetadata })[] | undefined {
    const unmarked = unmarkedRows(text, waiting)
    return text.tuples.map((tuple, at) => {
        const id = tuple.markedId
        const row = id === undefined ? unmarked?.[at] : announced.get(id)
        return row ?? { metadata: metadataOf(text, tuple, metadatas) }
    })
}

/**
 * Rows without a mark set all values themselves, or the statement names some columns only. Those that
 * came last are meant: the ones before them may never be sent.
 */
function unmarkedRows(text: InsertText, waiting: readonly NewRow[]): NewRow[] | undefined {
    const rows: NewRow[] = []
    let at = waiting.length
    for (const tuple of [...text.tuples].reverse()) {
        let row: NewRow | undefined
        do row = waiting[--at]
        while (row && !canBe(row, text, tuple))
        if (!row) return undefined
        rows.push(row)
    }
    return rows.reverse()
}

/**
 * Whether a row has these values where it would have marks otherwise; in all places, where the
 * statement has no place for a mark: then the caller has named its columns, and gives it the rows.
 */
function canBe({ entity, metadata }: NewRow, text: InsertText, tuple: InsertTuple): boolean {
    const { driver } = dataSourceOf(metadata)
    const placeOf = (column: ColumnMetadata) => text.columns.indexOf(columnName(column))
    const lacksPlace = metadata.columns.some((c) => isMarked(c) && placeOf(c) < 0)
    return metadata.columns.every((column) => {
        const place = lacksPlace || isMarked(column) ? placeOf(column) : -1
        if (place < 0) return true
        const value: unknown = column.getEntityValue(entity)
        const cell = tuple.cellAt(place)
        if (value === undefined || value === null)
            return cell.kind !== "value" || cell.value === null
        if (typeof value === "function" || cell.kind !== "value") return cell.kind !== "value"
        const sent: unknown = driver.preparePersistentValue(value, column)
        return textOf(sent) === textOf(cell.value)
    })
}

/** Of numbers and texts; others are not told apart. */
function textOf(value: unknown): string | undefined {
    if (typeof value === "number" || typeof value === "bigint") return String(value)
    return typeof value === "string" ? value : undefined
}

/** Classes of a single-table inheritance are told apart by the discriminator. */
function metadataOf(
    text: InsertText,
    tuple: InsertTuple,
    metadatas: readonly EntityMetadata[],
): EntityMetadata {
    const [first] = metadatas as [EntityMetadata, ...EntityMetadata[]]
    const discriminator = first.discriminatorColumn
    if (!discriminator) return first
    const at = text.columns.indexOf(columnName(discriminator))
    const cell = at < 0 ? undefined : tuple.cellAt(at)
    const value = cell?.kind === "value" ? cell.value : undefined
    return metadatas.find((metadata) => metadata.discriminatorValue === value) ?? first
}

const tables = new WeakMap<DataSource, Map<string, EntityMetadata[]>>()

/** @internal The entities of a table, which SQL names so. */
export function metadatasOf(dataSource: DataSource, table: string): readonly EntityMetadata[] {
    let byName = tables.get(dataSource)
    if (!byName) {
        byName = new Map()
        for (const metadata of dataSource.entityMetadatas) {
            const name = tableName(metadata)
            const others = byName.get(name)
            if (others) others.push(metadata)
            else byName.set(name, [metadata])
        }
        tables.set(dataSource, byName)
    }
    return byName.get(table) ?? []
}
