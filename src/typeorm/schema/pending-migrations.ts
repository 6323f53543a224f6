import type { DataSource, QueryRunner } from "typeorm"
import { select } from "../statement"

/** Where TypeORM notes which migrations have run: those of its options, and its driver. */
interface Place {
    readonly migrationsTableName?: string
    readonly schema?: string
    readonly database?: string
}

/**
 * The migrations of a data source that have not run, in their order. TypeORM's own look makes the table of those that
 * have, where it is not there.
 * @internal
 */
export async function pendingMigrations(
    runner: QueryRunner,
    { driver, options, migrations }: DataSource,
): Promise<string[]> {
    // A migration may have another name than its class.
    const names = migrations.map((one) => one.name ?? one.constructor.name)
    if (names.length === 0) return []
    const { migrationsTableName: name = "migrations" } = options as Place
    const { schema } = driver.options as Place
    const path = driver.buildTableName(name, schema, driver.database)
    if (!(await runner.hasTable(path))) return names.sort(inOrder)
    const table = path
        .split(".")
        .map((part) => driver.escape(part))
        .join(".")
    const sql = `SELECT ${driver.escape("name")} AS ${driver.escape("done")} FROM ${table}`
    const done = new Set((await select<{ done: string }>(runner, { sql })).map((row) => row.done))
    return names.filter((one) => !done.has(one)).sort(inOrder)
}

/** By the timestamp at the end of their names. */
function inOrder(a: string, b: string): number {
    return Number(a.slice(-13)) - Number(b.slice(-13))
}
