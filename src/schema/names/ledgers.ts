import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { COUNTER_ENTITY, KEY_ENTITY } from "../../declared/own-tables"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { counterTableOf, keyTableOf } from "../../series/own-table"
import { hasCounters, type Scoped } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { hasHistory } from "../../tables/key-entity"
import { columnName, tableName } from "../../typeorm/names"
import { select, type Statement } from "../../typeorm/statement"

/** @internal A table of this library that keeps something of columns, by the names of their series. */
export interface Ledger {
    readonly metadata: EntityMetadata
    readonly content: "counters" | "keys"
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
    for (const metadata of dialect ? dataSource.entityMetadatas : [])
        if (
            metadata.name === COUNTER_ENTITY ||
            (metadata.name === KEY_ENTITY && hasHistory(dataSource))
        )
            if (await runner.hasColumn(metadata.tablePath, "series"))
                ledgers.push(ledgerOf(dataSource, dialect as Dialect, metadata))
    return ledgers
}

/** @internal All names in a ledger, each by one step down its index. */
export async function namesIn(runner: QueryRunner, { metadata }: Ledger): Promise<string[]> {
    const [series] = metadata.primaryColumns.map(columnName) as [string]
    const table = tableName(metadata)
    const rows = await select<{ name: string }>(runner, {
        sql:
            `SELECT name FROM (WITH RECURSIVE names (name) AS (SELECT MIN(${series}) FROM ${table} UNION ALL ` +
            `SELECT (SELECT MIN(t.${series}) FROM ${table} t WHERE t.${series} > n.name) ` +
            "FROM names n WHERE n.name IS NOT NULL) SELECT name FROM names) n WHERE name IS NOT NULL",
    })
    return rows.map(({ name }) => name)
}

function ledgerOf(dataSource: DataSource, dialect: Dialect, metadata: EntityMetadata): Ledger {
    const isOfCounters = metadata.name === COUNTER_ENTITY
    const counters = counterTableOf(dataSource)
    const table = isOfCounters ? counters : keyTableOf(dataSource)
    const parameter = (at: number) => dataSource.driver.createParameter("name", at)
    // The columns have other names inside: who inserts into a table and reads from it is misunderstood.
    const selectAs = (columns: readonly string[], values: string) =>
        `SELECT ${parameter(0)}, ${values} FROM (SELECT ` +
        columns.map((column, at) => `${column} AS ${"abcd"[at] ?? ""}`).join(", ") +
        ` FROM ${table.name} WHERE ${table.series} = ${parameter(1)}) s WHERE 1 = 1`
    const copyCounters = () =>
        dialect.schema.seed(
            counters,
            selectAs(
                [counters.scope, counters.last, counters.movedBy],
                "s.a, s.b, CASE WHEN s.c < 0 THEN -1 ELSE 0 END, CURRENT_TIMESTAMP",
            ),
        )
    const copyKeys = () => {
        const { name, series, scope, key, owner, retiredAt } = keyTableOf(dataSource)
        const columns = [scope, key, owner, retiredAt]
        return (
            `INSERT INTO ${name} (${[series, ...columns].join(", ")}) ` +
            `${selectAs(columns, "s.a, s.b, s.c, s.d")} ${dialect.keys.onClaimed(keyTableOf(dataSource))}`
        )
    }
    return {
        metadata,
        content: isOfCounters ? "counters" : "keys",
        columns: new Map(isOfCounters ? countedColumns(dataSource) : keysWithHistory(dataSource)),
        copy: (from, to) => ({
            sql: isOfCounters ? copyCounters() : copyKeys(),
            parameters: [to, from],
        }),
        remove: (name) => ({
            sql: `DELETE FROM ${table.name} WHERE ${table.series} = ${parameter(0)}`,
            parameters: [name],
        }),
    }
}

function countedColumns(dataSource: DataSource): [string, Scoped][] {
    return [...allSeriesOf(dataSource)].flatMap(([name, [first]]): [string, Scoped][] =>
        first && hasCounters(first) ? [[name, first]] : [],
    )
}

function keysWithHistory({ entityMetadatas }: DataSource): [string, Scoped][] {
    return entityMetadatas
        .filter(({ tableType }) => tableType !== "entity-child")
        .flatMap((metadata) => pseudoKeysOf(metadata).stored)
        .filter(({ history }) => history !== false)
        .map((key) => [key.name, key])
}
