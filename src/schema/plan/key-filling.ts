import type { EntityMetadata, QueryRunner, Table } from "typeorm"
import { hasRows } from "../../typeorm/statement"
import type { StoredKey } from "../../keys/pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "../../keys/resolve-keys"
import { columnName, columnType, tableName } from "../../typeorm/names"

/** @internal The pseudo keys of a table whose rows may have none. */
export interface KeysToFill {
    /** Those whose rows get their keys by SQL. */
    readonly bySql: readonly StoredKey[]
    /** Those whose rows get them by this library. */
    readonly byLibrary: readonly StoredKey[]
    /** Those whose columns are to be NOT NULL, and are not. */
    readonly tightened: readonly StoredKey[]
    /** Those that rows may lack, and do: they get them by `backfillPseudoKeys`. */
    readonly left: readonly StoredKey[]
}

/** @internal */
export async function keysToFill(
    runner: QueryRunner,
    metadata: EntityMetadata,
    table: Table,
): Promise<KeysToFill> {
    const open = pseudoKeysOf(metadata).stored.filter(
        ({ column }) => table.findColumnByName(column.databaseName)?.isNullable ?? true,
    )
    const tightened = open.filter(({ column }) => !column.isNullable)
    // Where they are to be NOT NULL, also those that no row lacks: where the migration runs, some may.
    const filled = [...tightened]
    for (const key of open) {
        const isThere = table.findColumnByName(key.column.databaseName) !== undefined
        if (key.column.isNullable && (await hasRowsWithout(runner, key, { isThere })))
            filled.push(key)
    }
    const bySql = filled.filter((key) => keySql(key) !== undefined)
    const others = filled.filter((key) => !bySql.includes(key))
    return {
        ...{ bySql, tightened },
        byLibrary: others.filter((key) => tightened.includes(key)),
        left: others.filter((key) => !tightened.includes(key)),
    }
}

function hasRowsWithout(
    runner: QueryRunner,
    key: StoredKey,
    { isThere }: { isThere: boolean },
): Promise<boolean> {
    const { metadata, column } = key
    const conditions = [...ofOwners(key), ...(isThere ? [`${columnName(column)} IS NULL`] : [])]
    const where = conditions.length > 0 ? ` WHERE ${conditions.join(" AND ")}` : ""
    return hasRows(runner, `${tableName(metadata)}${where}`)
}

/** @internal An UPDATE that gives a key to the rows that have none. */
export function fillingOf(key: StoredKey): string {
    const column = columnName(key.column)
    return (
        `UPDATE ${tableName(key.metadata)} SET ${column} = ${keySql(key) ?? "NULL"} ` +
        `WHERE ${[`${column} IS NULL`, ...ofOwners(key)].join(" AND ")}`
    )
}

/**
 * The key as the classes know it whose rows have it: the root of a single-table inheritance has the
 * columns of its children as well.
 * @internal
 */
export function ownersOf(key: StoredKey): StoredKey[] {
    const { metadata, propertyPath } = key
    if (storedKeysOf(metadata).includes(key)) return [key]
    const owned = metadata.childEntityMetadatas.flatMap(
        (child) => storedKeysOf(child).find((own) => own.propertyPath === propertyPath) ?? [],
    )
    return owned.filter(
        ({ metadata: { parentEntityMetadata: parent } }) =>
            !owned.some((other) => other.metadata === parent),
    )
}

/** Which rows of a table have a key. */
function ofOwners(key: StoredKey): string[] {
    const { discriminatorColumn: column, childEntityMetadatas: classes } = key.metadata
    const owners = ownersOf(key)
    if (!column || owners.includes(key)) return []
    const values = classes
        .filter((one) => storedKeysOf(one).some((own) => own.propertyPath === key.propertyPath))
        .map(({ discriminatorValue = "" }) => `'${discriminatorValue.replaceAll("'", "''")}'`)
    return [`${columnName(column)} IN (${values.join(", ")})`]
}

/** An expression that gives each row another key; undefined where only this library can make them. */
function keySql(key: StoredKey): string | undefined {
    const { format, head } = key
    if (key.derive ?? key.generateFor) return undefined
    // What is reserved has to be written down as well, and short keys may be there already.
    if (key.history !== false || !key.isUnique || !format) return undefined
    const { keys, expressions } = key.dialect
    const random = keys.random(format.name, format.length)
    if (random === undefined) return undefined
    if (columnType(key.column) === "uuid") return `CAST(${random} AS uuid)`
    return head === "" ? random : expressions.concat(`'${head}'`, random)
}

/** @internal What is left to be done about rows that may be without a key. */
export function remainingFor(key: StoredKey): string[] {
    const { metadata, column } = key
    return ownersOf(key).map(
        (own) =>
            `Rows of ${metadata.tablePath} have no ${column.databaseName}. Call ` +
            `backfillPseudoKeys(dataSource, ${own.metadata.targetName}).`,
    )
}
