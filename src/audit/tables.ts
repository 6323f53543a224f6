import type { EntityMetadata } from "typeorm"
import type {
    StoredColumn,
    StoredIndexColumn,
    TablePlace,
} from "../dialects/statements/upkeep/audit-statements"
import { COUNTER_ENTITY, EVENT_ENTITY } from "../declared/own-tables"
import { INSTALL_REMEDY, MissingRightError } from "../errors"
import { groupBy } from "../group-by"
import { findOwnEntity } from "../series/own-table"
import { keepsJournal } from "../series/journal"
import { zoneColumns } from "../series/periods/zone"
import { hasCounters, type Series } from "../series/series"
import { type ColumnMetadata, columnName, tableName } from "../typeorm/names"
import { dataSourceOf } from "../typeorm/compat"
import { select } from "../typeorm/statement"
import { checksOf } from "./checks/checks-of"
import { asMissingRight, type Snapshot } from "./snapshot"
import type { AuditedColumn } from "./statements"

/** @internal What of a series is there to be read. */
export interface Readable {
    readonly columns: readonly AuditedColumn[]
    readonly hasCounters: boolean
    readonly hasJournal: boolean
    /** What is missing. */
    readonly problems: readonly string[]
}

/** @internal Where the table of an entity is, as the catalogue of the database is asked for it. */
export function placeOfEntity(metadata: EntityMetadata): TablePlace {
    const { driver } = dataSourceOf(metadata)
    const { database, schema, tableName: table } = driver.parseTableName(metadata)
    const isNamed = metadata.tablePath !== metadata.tableName
    return {
        name: tableName(metadata),
        table,
        // Where the database has schemas, its name is a part of the other one.
        ...(isNamed && { place: schema ?? database }),
    }
}

/** @internal Finds what is there of the columns of a series: a schema may be installed in part. */
export async function findReadable(
    snapshot: Snapshot,
    sharers: readonly Series[],
): Promise<Readable> {
    const problems: string[] = []
    const columns: AuditedColumn[] = []
    for (const series of sharers) {
        const { metadata, column } = series
        const place = placeOfEntity(metadata)
        const stored = await storedColumns(snapshot, place)
        if (stored.size === 0) {
            problems.push(`There is no table ${metadata.tablePath}. ${INSTALL_REMEDY}`)
            continue
        }
        const missing = columnsOf(series).filter(({ databaseName }) => !stored.has(databaseName))
        if (missing.length > 0) {
            await refuseHidden(snapshot, place, missing)
            const names = missing.map(({ databaseName }) => databaseName).join(", ")
            problems.push(
                `The table ${metadata.tablePath} has no column ${names}. ${INSTALL_REMEDY}`,
            )
            continue
        }
        const isNullable = (name: string) => isYes(stored.get(name)?.isNullable)
        columns.push({
            series,
            checks: checksOf(series, isNullable(column.databaseName)),
            unique: await uniqueness(snapshot, place, series, isNullable),
        })
    }
    const [first] = sharers
    const needsCounters = first !== undefined && hasCounters(first)
    const hasTable = needsCounters && (await hasOwnTable(snapshot, COUNTER_ENTITY))
    if (needsCounters && !hasTable) problems.push(`There is no counter table. ${INSTALL_REMEDY}`)
    const needsJournal = sharers.some(keepsJournal)
    const hasJournal = needsJournal && (await hasOwnTable(snapshot, EVENT_ENTITY))
    if (needsJournal && !hasJournal)
        problems.push(
            `There is no journal table, so nothing explains missing numbers. ${INSTALL_REMEDY}`,
        )
    return { columns, hasCounters: hasTable, hasJournal, problems }
}

type Reader = Pick<Snapshot, "runner" | "dialect">

/** @internal The columns of a table by their names; none where it is not there. */
export async function storedColumns(
    reader: Reader,
    place: TablePlace,
): Promise<ReadonlyMap<string, StoredColumn>> {
    const { runner, dialect } = reader
    const columns = await select<StoredColumn>(runner, dialect.audit.columns(place))
    if (columns.length === 0) await refuseHidden(reader, place)
    return new Map(columns.map((column) => [column.name, column]))
}

/** What is not listed may be there, and not be shown to this user. */
async function refuseHidden(
    { runner, dialect }: Reader,
    { name }: TablePlace,
    columns: readonly ColumnMetadata[] = [],
): Promise<void> {
    if (!dialect.audit.listsReadable) return
    const read = columns.length > 0 ? columns.map((column) => columnName(column)).join(", ") : "1"
    try {
        await runner.query(`SELECT ${read} FROM ${name} WHERE FALSE`)
    } catch (error) {
        const missing = asMissingRight(dialect, error)
        if (missing instanceof MissingRightError) throw missing
    }
}

/** @internal Whether a table of the library's own is there. */
export async function hasOwnTable(snapshot: Snapshot, entity: string): Promise<boolean> {
    const metadata = findOwnEntity(snapshot.dataSource, entity)
    return (
        metadata !== undefined && (await storedColumns(snapshot, placeOfEntity(metadata))).size > 0
    )
}

/** What is read of a table. */
function columnsOf({ column, scopeColumns, period, when, documents }: Series): ColumnMetadata[] {
    const dating = period ? [period.date, ...zoneColumns(period.zone)] : []
    const asked = (when ?? []).map((test) => test.column)
    const texts = documents.map((document) => document.column)
    return [column, ...scopeColumns, ...dating, ...asked, ...texts]
}

/** Databases have their own words for yes. */
function isYes(value: unknown): boolean {
    return value === true || Number(value) === 1
}

async function uniqueness(
    { runner, dialect }: Snapshot,
    place: TablePlace,
    { column, scopeColumns }: Series,
    isNullable: (name: string) => boolean,
): Promise<AuditedColumn["unique"]> {
    const rows = await select<StoredIndexColumn>(runner, dialect.audit.uniqueIndexes(place))
    const own = new Set([column, ...scopeColumns].map(({ databaseName }) => databaseName))
    const found = groupBy(rows, ({ index }) => index)
    let best: readonly string[] | undefined
    for (const columns of found.values()) {
        if (!columns.every((one) => one.column !== null && own.has(one.column))) continue
        const loose = columns.filter(
            (one) =>
                one.column !== column.databaseName &&
                isNullable(one.column ?? "") &&
                !isYes(one.joinsNulls),
        )
        if (!best || loose.length < best.length)
            best = loose.map(({ column: name }) =>
                columnName(scopeColumns.find((one) => one.databaseName === name) ?? column),
            )
    }
    return best ?? "no"
}
