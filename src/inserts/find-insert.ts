import type { DataSource, EntityMetadata } from "typeorm"
import { dialectOf } from "../dialects"
import { hasMarks } from "../typeorm/marks"
import { columnName, tableName } from "../typeorm/names"
import { Insert } from "./insert"
import type { InsertText, InsertTuple } from "./insert-text"
import type { NewRow } from "./new-row"
import { insertedTable, readInsert } from "./read-insert"

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
    const table = insertedTable(sql)
    if (table === undefined) return undefined
    const metadatas = metadatasOf(dataSource, table)
    if (metadatas.length === 0) return undefined
    // The caller's own SQL has none, nor has a statement without a place for any value.
    const waiting = hasMarks(sql)
        ? []
        : [...announced.values()].filter((row) => metadatas.includes(row.metadata))
    if (!hasMarks(sql) && waiting.length === 0) return undefined
    const text = readInsert(sql, parameters, dialect.syntax)
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
    // Rows without a mark set all values themselves, or the statement names some columns only.
    const unmarked = waiting.length > 0 ? unmarkedRows(waiting, text.tuples.length) : []
    return text.tuples.map((tuple, at) => {
        const id = tuple.markedId
        const row = id === undefined ? unmarked[at] : announced.get(id)
        return row ?? { metadata: metadataOf(text, tuple, metadatas) }
    })
}

/** The rows of a statement without marks: those that are not waiting for one come first. */
function unmarkedRows(waiting: readonly NewRow[], count: number): readonly NewRow[] {
    const complete: NewRow[] = []
    for (const row of waiting) {
        if (complete.length === count) return complete
        if (!row.isMarked) complete.push(row)
    }
    if (complete.length === count) return complete
    return waiting.length >= count ? waiting.slice(-count) : []
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

function metadatasOf(dataSource: DataSource, table: string): readonly EntityMetadata[] {
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
