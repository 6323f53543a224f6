import type { DataSource, EntityMetadata } from "typeorm"
import { dialectOf } from "../../dialects"
import { hasMarks } from "../../typeorm/marks"
import { columnName } from "../../typeorm/names"
import { Insert } from "../insert"
import type { InsertText, InsertTuple } from "./insert-text"
import type { AnnouncedRows } from "../announced/announced-rows"
import type { NewRow } from "../announced/new-row"
import { metadatasOf } from "./metadatas-of"
import { insertStart, readInsert } from "./read-insert"
import { unmarkedRows } from "./unmarked-rows"

interface Sent {
    readonly sql: string
    readonly parameters: readonly unknown[]
    /** That of the last row that was announced before it. */
    readonly lastId: number
}

/**
 * Reads a statement where it is the INSERT of rows that were announced; undefined for others.
 * @internal
 */
export function findInsert(
    dataSource: DataSource,
    announced: AnnouncedRows,
    { lastId, sql, parameters }: Sent,
): Insert | undefined {
    const dialect = sql.includes("INSERT ") ? dialectOf(dataSource) : undefined
    if (!dialect) return undefined
    const start = insertStart(sql)
    if (!start) return undefined
    const { table } = start
    const metadatas = metadatasOf(dataSource, table)
    const [metadata] = metadatas
    if (!metadata) return undefined
    // The caller's own SQL has none, nor has a statement without a place for any value.
    const waiting = hasMarks(sql) ? undefined : announced.byTable.before(metadata, lastId)
    if (waiting?.length === 0) return undefined
    const text = readInsert(sql, start, parameters, dialect.syntax)
    if (!text) return undefined
    const rows = pairRows(text, announced, waiting, metadatas)
    return rows && new Insert(table, text, rows, dialect.findUpsert(text.head, text.tail))
}

/** Of each row the entity that it is. */
function pairRows(
    text: InsertText,
    announced: AnnouncedRows,
    waiting: readonly Iterable<NewRow>[] | undefined,
    metadatas: readonly EntityMetadata[],
): (NewRow | { metadata: EntityMetadata })[] | undefined {
    const unmarked = waiting && unmarkedRows(text, waiting)
    return text.tuples.map((tuple, at) => {
        const id = tuple.markedId
        const row = id === undefined ? unmarked?.[at] : announced.get(id)
        return row ?? { metadata: metadataOf(text, tuple, metadatas) }
    })
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
