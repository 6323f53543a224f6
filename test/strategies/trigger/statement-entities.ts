import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    type EntityTarget,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn } from "../../../src"
import { onEveryDatabase } from "../../support/databases"
import { counterTable, storedCounters, keyReader } from "../../support/stored"
import type { TestDatabase } from "../../support/test-database"
import { dataSourceOf, tableName } from "../../support/typeorm"

const strategy = "trigger"

@Entity({ name: "item" })
export class Item {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 100 }) shelf!: string
    @Column({ type: "varchar", length: 100, nullable: true, unique: true }) sku!: string | null
    @Column({ type: "int", default: 0 }) stock!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "shelf" }) number!: number
}

/** One series over the whole table. */
@Entity({ name: "label" })
export class Label {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 100, nullable: true, unique: true }) code!: string | null
    @AutoSequenceColumn({ strategy }) number!: number
}

/** The database works its scope out. */
@Entity({ name: "dated" })
export class Dated {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) month!: number
    @Column({ type: "int", asExpression: "floor(month / 100)", generatedType: "STORED" })
    year!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "year" }) number!: number
}

/** Defines the same tests for each database in which triggers make numbers. */
export function onTriggerDatabases(title: string, define: (database: () => TestDatabase) => void) {
    // SQLite has no triggers that set a column, and no exact numbers past 2^53 either.
    onEveryDatabase(title, define, ({ bigints }) => bigints)
}

/** Defines the same tests for PostgreSQL, PGlite included. */
export function onPostgres(title: string, define: (database: () => TestDatabase) => void) {
    onEveryDatabase(title, define, ({ bigints, tableLock }) => bigints && tableLock)
}

/** Defines the same tests for MariaDB. */
export function onMariaDb(title: string, define: (database: () => TestDatabase) => void) {
    onEveryDatabase(title, define, ({ bigints, tableLock }) => bigints && !tableLock)
}

/** The table of an entity as SQL names it. */
export function table(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>): string {
    return tableName(dataSource.getMetadata(entity))
}

/** A table with a column `i` that counts from 1. */
export function countingTo(dataSource: DataSource, last: number): string {
    return dataSource.options.type === "mariadb"
        ? `(SELECT seq AS i FROM seq_1_to_${last}) s`
        : `generate_series(1, ${last}) AS s(i)`
}

/** The numbers of the items per shelf, in the order in which their rows were made. */
export async function numbersByShelf(dataSource: DataSource): Promise<Record<string, number[]>> {
    const rows = await dataSource.query<{ shelf: string; number: number }[]>(
        `SELECT shelf, number FROM ${table(dataSource, Item)} ORDER BY id`,
    )
    const numbers: Record<string, number[]> = {}
    for (const { shelf, number } of rows) (numbers[shelf] ??= []).push(number)
    return numbers
}

/** Where the counters of the shelves are; one that has not moved does not count. */
export async function countersByShelf(dataSource: DataSource): Promise<Record<string, number>> {
    const counters = await storedCounters(dataSource)
    const shelves = Object.keys(await numbersByShelf(dataSource))
    const read = keyReader(dataSource, [...shelves, ..."ABCDEFGHXYZ"])
    return Object.fromEntries(
        counters
            .filter(({ series, last }) => series.endsWith("item.number") && last !== "0")
            .map(({ scope, last }) => [read(scope).replace(/^v1:"(.*)"$/, "$1"), Number(last)]),
    )
}

/** Expects these numbers of items in the order of their rows, and the counters at the highest. */
export async function expectItems(
    dataSource: DataSource,
    expected: Record<string, readonly number[]>,
    counters?: Record<string, number>,
): Promise<void> {
    expect(await numbersByShelf(dataSource)).to.eql(expected)
    const highest = Object.entries(expected).map(([shelf, all]) => [shelf, Math.max(...all)])
    expect(await countersByShelf(dataSource)).to.eql(counters ?? Object.fromEntries(highest))
}

/** The last number of each series that has one scope. */
export async function lastOfSeries(dataSource: DataSource, name: string): Promise<number[]> {
    const counters = await storedCounters(dataSource)
    return counters.filter(({ series }) => series.endsWith(name)).map(({ last }) => Number(last))
}

/** How many versions of counters a statement makes in PostgreSQL. */
export async function counterUpdates(manager: EntityManager, sql: string): Promise<number> {
    const name = counterTable(dataSourceOf(manager))
    const count = async () => {
        const [row] = await manager.query<{ n: number }[]>(
            `SELECT pg_stat_get_xact_tuples_updated($1::regclass)::int AS n`,
            [name],
        )
        return row?.n ?? 0
    }
    const before = await count()
    await manager.query(sql)
    return (await count()) - before
}

/** Makes a function of PostgreSQL in the schema of the data source, and says its name. */
export async function makeFunction(
    dataSource: DataSource,
    name: string,
    signature: string,
    body: string,
): Promise<string> {
    const { schema } = dataSource.options as { schema?: string }
    const path = `"${schema}".${name}`
    await dataSource.query(
        `CREATE FUNCTION ${path}${signature} LANGUAGE plpgsql AS $body$${body}$body$`,
    )
    return path
}
