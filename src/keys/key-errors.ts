import type { DataSource } from "typeorm"
import { KeyTakenError, StaleSnapshotError } from "../errors"
import type { Refused } from "../inserts/assigner"
import { isViolated } from "../series/unique-index"
import { tableName } from "../typeorm/names"
import type { StoredKey } from "./pseudo-key"
import { pseudoKeysOf } from "./resolve-keys"

/**
 * What an error is called that says that a pseudo key is there already.
 * @internal
 */
export function keyErrorOf(
    dataSource: DataSource,
    { sql, cause }: Refused,
    /** Whether all keys of the statement were found free, rather than set by the caller. */
    hasMade: (key: StoredKey) => boolean,
): KeyTakenError | StaleSnapshotError | undefined {
    for (const metadata of dataSource.entityMetadatas) {
        if (!sql.includes(tableName(metadata))) continue
        const key = pseudoKeysOf(metadata).stored.find((one) => isViolated(one, cause))
        if (key && hasMade(key))
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
