import type { EntityMetadata, QueryRunner } from "typeorm"
import { headIn } from "../../declared/keys/key-form"
import type { StoredKey } from "../../keys/pseudo-key"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { columnName, tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"

const SAMPLE = 100

/**
 * The keys of a table whose rows have others than the prefix allows, so that they lead nowhere. A prefix that was
 * changed is that of all rows from before, the oldest and the youngest of which are looked at, and no more: this is
 * done whenever an application starts.
 * @internal
 */
export async function foreignPrefixes(
    runner: QueryRunner,
    metadata: EntityMetadata,
): Promise<string[]> {
    const table = await runner.getTable(metadata.tablePath)
    const problems: string[] = []
    for (const key of pseudoKeysOf(metadata).stored) {
        const isThere = table?.findColumnByName(key.column.databaseName)
        if (!isThere || key.head === "") continue
        const texts = [
            ...(await sample(runner, key, "ASC")),
            ...(await sample(runner, key, "DESC")),
        ]
        if (texts.some((text) => headIn(key, text) === undefined))
            problems.push(
                `Rows of ${metadata.tablePath} have keys in ${key.column.databaseName} that do not begin with "${key.head}", ` +
                    "and are not found by them. Name the former prefix: formerPrefixes of @PseudoKey.",
            )
    }
    return problems
}

async function sample(
    runner: QueryRunner,
    { metadata, column }: StoredKey,
    direction: "ASC" | "DESC",
): Promise<string[]> {
    const name = columnName(column)
    const order = metadata.primaryColumns.map((one) => `${columnName(one)} ${direction}`)
    const rows = await select<{ found: string | null }>(runner, {
        sql:
            `SELECT ${name} AS found FROM ${tableName(metadata)} ` +
            `ORDER BY ${order.join(", ")} LIMIT ${SAMPLE}`,
    })
    return rows.flatMap(({ found }) => found ?? [])
}
