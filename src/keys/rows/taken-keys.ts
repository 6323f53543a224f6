import { batches } from "../../batches"
import type { Scope } from "../../dialects/columns"
import { UnknownScopeError } from "../../errors"
import { keyOf } from "../../series/scopes/scope-key"
import { columnName, ofRow, tableName } from "../../typeorm/names"
import { select, type Sender } from "../../typeorm/statement"
import { keyTableOf } from "../../series/own-table"
import type { StoredKey } from "../pseudo-key"
import { Parameters } from "../../typeorm/rows/parameters"

const BATCH = 500

/**
 * Those of some keys that rows of a scope have, or had, where there is a history.
 * @internal
 */
export async function findTaken(
    runner: Sender,
    key: StoredKey,
    scope: Scope,
    keys: readonly string[],
): Promise<Set<string>> {
    const taken = new Set<string>()
    for (const batch of batches(keys, BATCH)) {
        const parameters = new Parameters(key.dataSource)
        const sql = [selectCurrent(key, scope, batch, parameters)]
        if (key.history !== false) sql.push(selectFormer(key, scope, batch, parameters))
        const rows = await select<{ taken: string }>(runner, {
            sql: sql.join(" UNION ALL "),
            parameters: parameters.values,
        })
        for (const row of rows) taken.add(row.taken)
    }
    return taken
}

/** @internal Selects those of some keys that rows of a scope have. */
export function selectCurrent(
    key: StoredKey,
    scope: Scope,
    keys: readonly string[],
    parameters: Parameters,
): string {
    const { dataSource, dialect, metadata, column } = key
    const name = columnName(column)
    const where = isInScope(key, scope, parameters)
    // Beside those of the history, which are texts.
    const text = key.isUuid ? dialect.expressions.text(`t.${name}`) : `t.${name}`
    return (
        `SELECT ${text} AS ${dataSource.driver.escape("taken")} FROM ${tableName(metadata)} t ` +
        `WHERE ${[...where, `t.${name} IN (${parameters.list(keys)})`].join(" AND ")}`
    )
}

/** @internal The conditions under which a row `t` is in a scope. */
export function isInScope(
    { scopeColumns }: StoredKey,
    { values }: Scope,
    parameters: Parameters,
): string[] {
    return scopeColumns.map((c, at) => {
        const value = values[at]
        return typeof value === "string"
            ? `${ofRow(c)} = ${parameters.add(value)}`
            : `${ofRow(c)} IS NULL`
    })
}

function selectFormer(
    key: StoredKey,
    scope: Scope,
    keys: readonly string[],
    parameters: Parameters,
): string {
    const table = keyTableOf(key.dataSource)
    const where = isInHistory(key, scope, parameters)
    return (
        `SELECT h.${table.key} FROM ${table.name} h WHERE ` +
        [...where, `h.${table.key} IN (${parameters.list(keys)})`].join(" AND ")
    )
}

/** @internal Expressions that are NULL where no row had a text, which is SQL; none without a history. */
export function hasFormer(
    key: StoredKey,
    scope: Scope,
    text: string,
    parameters: Parameters,
): string[] {
    if (key.history === false) return []
    const table = keyTableOf(key.dataSource)
    const where = [...isInHistory(key, scope, parameters), `h.${table.key} = ${text}`]
    return [`(SELECT 1 FROM ${table.name} h WHERE ${where.join(" AND ")} LIMIT 1)`]
}

function isInHistory(key: StoredKey, scope: Scope, parameters: Parameters): string[] {
    const table = keyTableOf(key.dataSource)
    const where = [
        `h.${table.series} = ${parameters.add(key.name)}`,
        `h.${table.scope} = ${parameters.add(historyScopeOf(key, scope))}`,
    ]
    // The key of a row that is gone, whoever deleted it, is free again.
    if (key.history !== "forever") where.push(`EXISTS (${selectOwner(key, `h.${table.owner}`)})`)
    return where
}

/** @internal Selects the row that an owner in the history stands for. */
export function selectOwner(key: StoredKey, owner: string): string {
    return `SELECT 1 FROM ${tableName(key.metadata)} o WHERE ${isOwner(key, owner)}`
}

/** @internal Whether a row `o` is the one that an owner in the history stands for. */
export function isOwner({ dialect, metadata }: StoredKey, owner: string): string {
    const where = metadata.primaryColumns.map((column, at) =>
        dialect.keys
            .identity(column)
            ?.is(`o.${columnName(column)}`, dialect.keys.member(owner, at)),
    )
    return where.join(" AND ")
}

/** @internal The scope of a key as the history keeps it. */
export function historyScopeOf({ label, dialect, scopeColumns }: StoredKey, scope: Scope): string {
    const texts = scope.values.map((value, at) => {
        const column = scopeColumns[at]
        if (typeof value !== "string" || !column) return null
        const text = dialect.canonicalText(column, value)
        if (text === undefined)
            throw new UnknownScopeError(
                `The scope of ${label} has a value that ${column.propertyPath} can't hold.`,
            )
        return text
    })
    return keyOf(texts, dialect.expressions)
}
