import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../../declared/own-tables"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { hasJournal, hasSettings, keepsJournal, keepsSettings } from "../../series/journal"
import { counterTableOf, eventTableOf, keyTableOf, settingTableOf } from "../../series/own-table"
import { hasCounters, type Scoped, type Series } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { hasHistory } from "../../tables/key-entity"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { select, type Statement } from "../../typeorm/statement"

/** @internal A table of this library that keeps something of columns, by the names of their series. */
export interface Ledger {
    readonly metadata: EntityMetadata
    readonly content: "counters" | "keys" | "events" | "settings"
    /** Whether nothing is missing where a column has none, as of the journal and its settings. */
    readonly isOptional: boolean
    /** The columns of the entities by the names that it is to have for them. */
    readonly columns: ReadonlyMap<string, Scoped>
    /** Copies all of one name to another one. Where that has it, the higher number or the key that is there stays. */
    copy(from: string, to: string): Statement
    remove(name: string): Statement
}

/** @internal The ledgers that the database has. */
export async function findLedgers(runner: QueryRunner, dataSource: DataSource): Promise<Ledger[]> {
    const dialect = dialectOf(dataSource)
    const ledgers: Ledger[] = []
    for (const metadata of dialect ? dataSource.entityMetadatas : []) {
        const ledger = LEDGERS[metadata.name]?.(dataSource, dialect as Dialect)
        if (ledger && (await runner.hasColumn(metadata.tablePath, "series")))
            ledgers.push({ metadata, ...ledger })
    }
    return ledgers
}

type Make = (dataSource: DataSource, dialect: Dialect) => Omit<Ledger, "metadata"> | undefined

const LEDGERS: Readonly<Record<string, Make>> = {
    [COUNTER_ENTITY]: counterLedger,
    [KEY_ENTITY]: keyLedger,
    [EVENT_ENTITY]: eventLedger,
    [SETTING_ENTITY]: settingLedger,
}

/** @internal All names in a ledger, each by one step down its index. */
export async function namesIn(runner: QueryRunner, { metadata }: Ledger): Promise<string[]> {
    const column = metadata.columns.find(({ propertyName }) => propertyName === "series")
    const series = columnName(column as ColumnMetadata)
    const table = tableName(metadata)
    const rows = await select<{ name: string }>(runner, {
        sql:
            `SELECT name FROM (WITH RECURSIVE autosequence_names (name) AS (SELECT MIN(${series}) FROM ${table} UNION ALL ` +
            `SELECT (SELECT MIN(t.${series}) FROM ${table} t WHERE t.${series} > n.name) ` +
            "FROM autosequence_names n WHERE n.name IS NOT NULL) SELECT name FROM autosequence_names) n " +
            "WHERE name IS NOT NULL",
    })
    return rows.map(({ name }) => name)
}

function counterLedger(dataSource: DataSource, dialect: Dialect): ReturnType<Make> {
    const table = counterTableOf(dataSource)
    const values = "s.a, s.b, CASE WHEN s.c < 0 THEN -1 ELSE 0 END, CURRENT_TIMESTAMP"
    const columns = [table.scope, table.last, table.movedBy]
    return {
        content: "counters",
        isOptional: false,
        columns: new Map(columnsWhere(dataSource, hasCounters)),
        copy: (from, to) => ({
            sql: dialect.schema.seed(table, selectAs(dataSource, table, columns, values)),
            parameters: [to, from],
        }),
        remove: removal(dataSource, table),
    }
}

function keyLedger(dataSource: DataSource, dialect: Dialect): ReturnType<Make> {
    if (!hasHistory(dataSource)) return undefined
    const table = keyTableOf(dataSource)
    const { name, series, scope, key, owner, retiredAt } = table
    const columns = [scope, key, owner, retiredAt]
    return {
        content: "keys",
        isOptional: false,
        columns: new Map(keysWithHistory(dataSource)),
        copy: (from, to) => ({
            sql:
                `INSERT INTO ${name} (${[series, ...columns].join(", ")}) ` +
                `${selectAs(dataSource, table, columns, "s.a, s.b, s.c, s.d")} ${dialect.keys.onClaimed(table)}`,
            parameters: [to, from],
        }),
        remove: removal(dataSource, table),
    }
}

/** Its triggers are off meanwhile. */
function eventLedger(dataSource: DataSource): ReturnType<Make> {
    if (!hasJournal(dataSource)) return undefined
    const { table, series } = eventTableOf(dataSource)
    const parameter = parametersOf(dataSource)
    return {
        content: "events",
        isOptional: true,
        columns: new Map(columnsWhere(dataSource, keepsJournal)),
        copy: (from, to) => ({
            sql: `UPDATE ${table} SET ${series} = ${parameter(0)} WHERE ${series} = ${parameter(1)}`,
            parameters: [to, from],
        }),
        remove: removal(dataSource, { name: table, series }),
    }
}

function settingLedger(dataSource: DataSource): ReturnType<Make> {
    if (!hasSettings(dataSource)) return undefined
    const {
        table: name,
        series,
        scope,
        name: what,
        since,
        value,
        setAt,
    } = settingTableOf(dataSource)
    const columns = [scope, what, since, value, setAt]
    const table = { name, series }
    return {
        content: "settings",
        isOptional: true,
        columns: new Map(columnsWhere(dataSource, keepsSettings)),
        copy: (from, to) => ({
            sql:
                `INSERT INTO ${name} (${[series, ...columns].join(", ")}) ` +
                selectAs(dataSource, table, columns, "s.a, s.b, s.c, s.d, s.e"),
            parameters: [to, from],
        }),
        remove: removal(dataSource, table),
    }
}

interface NamedTable {
    readonly name: string
    readonly series: string
}

function parametersOf({ driver }: DataSource): (at: number) => string {
    return (at) => driver.createParameter("name", at)
}

/** The columns have other names inside: who inserts into a table and reads from it is misunderstood. */
function selectAs(
    dataSource: DataSource,
    { name, series }: NamedTable,
    columns: readonly string[],
    values: string,
): string {
    const parameter = parametersOf(dataSource)
    const inside = columns.map((column, at) => `${column} AS ${"abcde"[at] ?? ""}`).join(", ")
    return (
        `SELECT ${parameter(0)}, ${values} FROM (SELECT ${inside} ` +
        `FROM ${name} WHERE ${series} = ${parameter(1)}) s WHERE 1 = 1`
    )
}

function removal(dataSource: DataSource, { name, series }: NamedTable): Ledger["remove"] {
    const sql = `DELETE FROM ${name} WHERE ${series} = ${parametersOf(dataSource)(0)}`
    return (removed) => ({ sql, parameters: [removed] })
}

function columnsWhere(
    dataSource: DataSource,
    isKept: (series: Series) => boolean,
): [string, Scoped][] {
    return [...allSeriesOf(dataSource)].flatMap(([name, [first]]): [string, Scoped][] =>
        isKept(first) ? [[name, first]] : [],
    )
}

function keysWithHistory({ entityMetadatas }: DataSource): [string, Scoped][] {
    return entityMetadatas
        .filter(({ tableType }) => tableType !== "entity-child")
        .flatMap((metadata) => pseudoKeysOf(metadata).stored)
        .filter(({ history }) => history !== false)
        .map((key) => [key.name, key])
}
