import type { DataSource } from "typeorm"
import type { DriverError } from "../dialects/driver-error"
import { KeyTakenError, StaleSnapshotError } from "../errors"
import type { Refused } from "../inserts/assigner"
import { pathsOf } from "../series/series"
import { isViolated } from "../series/unique-index"
import { columnName, tableName } from "../typeorm/names"
import type { StoredKey } from "./pseudo-key"
import { pseudoKeysOf } from "./resolve-keys"

/** @internal Where a key comes from: found free, derived without a look for others, or set. */
export type KeyOrigin = "found" | "derived" | "set"

/** @internal What to do about a key that another row has, whatever the statement. */
export const SET_ANOTHER =
    "Set another one. A row that is inserted may leave it undefined and is given one; a copy of another " +
    "row has to."

/**
 * What an error is called that says that a pseudo key is there already.
 * @internal
 */
export function keyErrorOf(
    dataSource: DataSource,
    { sql, cause }: Refused,
    originOf: (key: StoredKey) => KeyOrigin,
): KeyTakenError | StaleSnapshotError | undefined {
    for (const metadata of dataSource.entityMetadatas) {
        if (!sql.includes(tableName(metadata))) continue
        const key = pseudoKeysOf(metadata).stored.find((one) => isViolated(one, cause))
        if (key) return errorOf(key, changeOf(sql, key), originOf(key), cause)
    }
    return undefined
}

type Change = "inserted" | "changed" | "moved"

/** What a statement does to the key of a row. */
function changeOf(sql: string, { column }: StoredKey): Change {
    if (!/^\s*UPDATE\b/i.test(sql)) return "inserted"
    const [set = ""] = sql.split(/ WHERE /i)
    return set.includes(`${columnName(column)} =`) ? "changed" : "moved"
}

function errorOf(
    { label, scope, suffix }: StoredKey,
    change: Change,
    origin: KeyOrigin,
    cause: DriverError,
): KeyTakenError | StaleSnapshotError {
    if (origin === "found")
        return new StaleSnapshotError(
            `${label}: a key was looked for and found free, but another row has it: it was inserted ` +
                "since the transaction took its snapshot, or by somebody else at the same moment. " +
                "Repeat the transaction, as transactionWithRetry does, or use READ COMMITTED.",
            { cause },
        )
    if (origin === "derived")
        return new KeyTakenError(
            `${label}: another row has the key that derive has made, which takes no suffix as it is made ` +
                "of a number, or has suffix: false. " +
                // Which of two indexes a row is checked against first is up to the database.
                (suffix === undefined
                    ? "A number that was set may be another row's: leave it undefined. Otherwise derive "
                    : "Derive ") +
                "the key of more fields, name what it is unique within by uniqueWith, or allow suffixes by suffix: true.",
            { cause },
        )
    if (change === "moved")
        return new KeyTakenError(
            `${label}: the row moves to another ${pathsOf({ scope })}, where ` +
                "another row has its key. Set another key in the same save(), or leave the row where it is.",
            { cause },
        )
    return new KeyTakenError(
        `${label}: another row has the key that is set. ` +
            (change === "inserted"
                ? SET_ANOTHER
                : "Set one that no row has, or leave the row the one that it has."),
        { cause },
    )
}
