import { KEY_ENTITY } from "../declared/own-tables"
import type { DataSource, QueryRunner } from "typeorm"
import type { Refused } from "../database-errors"
import { dialectOf } from "../dialects"
import type { DriverError } from "../dialects/dialect"
import { KeyTakenError, StaleSnapshotError } from "../errors"
import { uniqueIndexesOf } from "../schema/unique-index"
import { tableName } from "../typeorm/names"
import { NewKeys } from "./insert/new-keys"
import type { StoredKey } from "./pseudo-key"
import { pseudoKeysOf } from "./resolve-keys"

/**
 * What an error is called that says that a pseudo key is there already.
 * @internal
 */
export function keyErrorOf(
    runner: QueryRunner,
    dataSource: DataSource,
    { sql, parameters, cause }: Refused,
): KeyTakenError | StaleSnapshotError | undefined {
    const dialect = dialectOf(dataSource)
    if (!dialect?.keys.isDuplicate(cause)) return undefined
    const history = dataSource.entityMetadatas.find(({ name }) => name === KEY_ENTITY)
    if (history && sql.startsWith(`UPDATE ${tableName(history)} `))
        return new KeyTakenError(
            "A row was moved to another scope, where a key that it has or had belongs to another row.",
            { cause },
        )
    for (const metadata of dataSource.entityMetadatas) {
        if (!sql.includes(tableName(metadata))) continue
        const key = pseudoKeysOf(metadata).stored.find((one) => isAbout(cause, one))
        if (key && NewKeys.of(runner)?.hasMade(key, parameters))
            return new StaleSnapshotError(
                `${key.name}: a key was looked for and found free, but another row has it: it was inserted ` +
                    "since the transaction took its snapshot, or by somebody else at the same moment. " +
                    "Repeat the transaction, as transactionWithRetry does, or use READ COMMITTED.",
                { cause },
            )
        if (key)
            return new KeyTakenError(
                `${key.name}: the key of a row belongs to another one. Set another key, or leave it ` +
                    "undefined to be given one. If the row is a copy of another, take the key off it first.",
                { cause },
            )
    }
    return undefined
}

/** Whether an error names the unique index of a key, or its columns. */
function isAbout({ message, ...error }: DriverError, key: StoredKey): boolean {
    const { indices, tableName: table } = key.metadata
    const { constraint } = error as { constraint?: unknown }
    const text = String(message)
    return uniqueIndexesOf(key).some(({ columns }) => {
        const index = indices.find(
            (one) =>
                one.isUnique &&
                one.columns.length === columns.length &&
                columns.every((column) => one.columns.includes(column)),
        )
        const names = columns.map(({ databaseName }) => `${table}.${databaseName}`).sort()
        const named = text.replace(/^UNIQUE constraint failed: /, "").split(", ")
        return (
            (index && (constraint === index.name || text.includes(`${index.name}'`))) === true ||
            named.sort().join() === names.join()
        )
    })
}
