import type { DataSource, QueryRunner } from "typeorm"
import { tableName } from "./typeorm"

/** How foreign keys are left alone while tables are emptied. */
const WITHOUT_FOREIGN_KEYS: Record<string, readonly [off: string, on: string]> = {
    postgres: ["SET session_replication_role = replica", "SET session_replication_role = origin"],
    mariadb: [
        "SET FOREIGN_KEY_CHECKS = 0, @autosequence_allow_changes = TRUE",
        "SET FOREIGN_KEY_CHECKS = 1, @autosequence_allow_changes = NULL",
    ],
    "better-sqlite3": ["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"],
    sqljs: ["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"],
}

/**
 * Deletes all rows, whatever foreign keys and triggers say. Which tables there are is looked up once for
 * each `place`, which may outlast the data source.
 */
export async function emptyTables(
    dataSource: DataSource,
    place: object = dataSource,
): Promise<void> {
    const [off, on] = WITHOUT_FOREIGN_KEYS[dataSource.options.type] ?? ["", ""]
    const runner = dataSource.createQueryRunner()
    try {
        const tables = await tablesOf(dataSource, runner, place)
        // Rows of the journal are never deleted.
        const journal = dataSource.entityMetadatas.find(({ name }) => name === "AutoSequenceEvent")
        const kept = journal && tableName(journal)
        const statements = [
            off,
            ...tables.filter((table) => table !== kept).map((table) => `DELETE FROM ${table}`),
            on,
        ]
        if (dataSource.options.type === "postgres") await runner.query(statements.join("; "))
        else for (const statement of statements) await runner.query(statement)
        // Triggers have written there what was deleted.
        if (kept !== undefined && tables.includes(kept)) await emptyJournal(runner, kept)
    } finally {
        await runner.release()
    }
}

async function emptyJournal(runner: QueryRunner, table: string): Promise<void> {
    const { type } = runner.manager.connection.options
    if (type === "postgres" || type === "mariadb") {
        const statements = [
            "SET session_replication_role = replica",
            "SET session_replication_role = origin",
        ]
        const [off, on] = type === "postgres" ? statements : []
        for (const sql of [off, `TRUNCATE ${table}`, on]) if (sql) await runner.query(sql)
        return
    }
    const triggers: { name: string; sql: string }[] = await runner.query(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'zz_autosequence%'",
    )
    for (const { name } of triggers) await runner.query(`DROP TRIGGER "${name}"`)
    await runner.query(`DELETE FROM ${table}`)
    for (const { sql } of triggers) await runner.query(sql)
}

const TABLES = new WeakMap<object, readonly string[]>()

/** Not all of the library's own tables are there: only those that the entities need. */
async function tablesOf(
    dataSource: DataSource,
    runner: QueryRunner,
    place: object,
): Promise<readonly string[]> {
    const known = TABLES.get(place)
    if (known) return known
    const tables = new Set<string>()
    for (const metadata of dataSource.entityMetadatas)
        if (await runner.hasTable(metadata.tablePath)) tables.add(tableName(metadata))
    TABLES.set(place, [...tables])
    return [...tables]
}
