import { createHash } from "node:crypto"
import type { Dialect, Expressions } from "../../dialects/dialect"
import type { DriverError } from "../../dialects/driver-error"
import { InvalidOptionError, UnknownScopeError } from "../../errors"
import { KEY_LENGTH } from "../../declared/own-tables"
import { pathsOf, placeOf, type Scoped } from "../series"
import { type ColumnMetadata, columnName, columnType } from "../../typeorm/names"
import type { Scope } from "../../dialects/columns"
import { select, type Sender } from "../../typeorm/statement"

// What a key looks like is kept in the counter tables of all users. Another form needs another
// version, and a migration.
const VERSION = "v1"

/**
 * The key of a scope in the counter table: `v1:"7",NULL,"a ""b"""`, or a hash of that where it is
 * longer than the column. Two keys are equal only if all values are.
 * @internal
 */
export function keyOf(texts: readonly (string | null)[], { hash }: Expressions): string {
    const values = texts.map((t) => (t === null ? "NULL" : `"${t.replaceAll('"', '""')}"`))
    const key = `${VERSION}:${values.join(",")}`
    if (!hash || isShort(key)) return key
    return `${VERSION}#${createHash("sha256").update(key).digest("hex")}`
}

/** Databases count characters, JavaScript counts those past U+FFFF twice. */
function isShort(key: string): boolean {
    return key.length <= KEY_LENGTH || Array.from(key).length <= KEY_LENGTH
}

/**
 * The key of a scope as an SQL expression over the columns of a table.
 * @internal
 */
export function keySql(
    columns: readonly ColumnMetadata[],
    { expressions, keyText }: Dialect,
    nameOf: (column: ColumnMetadata) => string,
): string {
    const values = columns.map((column) => {
        const text = keyText(column, nameOf(column))
        if (text === undefined)
            throw new InvalidOptionError(
                `${column.entityMetadata.name}.${column.propertyPath} is in uniqueWith, but its type ` +
                    `(${String(column.type)}) can't be part of a counter's key. Use a column of another type.`,
            )
        const quoted = expressions.concat(`'"'`, `REPLACE(${text}, '"', '""')`, `'"'`)
        return column.isNullable
            ? `CASE WHEN ${nameOf(column)} IS NULL THEN 'NULL' ELSE ${quoted} END`
            : quoted
    })
    const key = expressions.concat(
        `'${VERSION}:'`,
        ...values.flatMap((value, at) => (at > 0 ? ["','", value] : [value])),
    )
    if (!expressions.hash || areAlwaysShort(columns)) return key
    const hashed = expressions.concat(`'${VERSION}#'`, expressions.hash(key))
    return `CASE WHEN ${expressions.length(key)} > ${KEY_LENGTH} THEN ${hashed} ELSE ${key} END`
}

/** @internal That key of the rows of a table, to be compared with those of the counter table. */
export function keyOfRow({ scopeColumns, dialect }: Scoped, alias: string): string {
    const key = keySql(scopeColumns, dialect, (column) => `${alias}.${columnName(column)}`)
    // A text that is the same for all rows has nothing to be compared with.
    return scopeColumns.length > 0 ? dialect.schema.exactly(key) : key
}

/** A UUID has 36 characters, and a quote and a comma are beside each value. */
function areAlwaysShort(columns: readonly ColumnMetadata[]): boolean {
    const areShort = columns.every((column) => /int|uuid|bool|^date$/.test(columnType(column)))
    return areShort && VERSION.length + columns.length * (36 + 3) <= KEY_LENGTH
}

/**
 * The keys of scopes, in their order. Sends a statement only for values that the columns may store
 * in another form.
 * @internal
 */
export function keysOf(
    runner: Sender,
    scoped: Scoped,
    scopes: readonly Scope[],
): string[] | Promise<string[]> {
    const { dialect, scopeColumns } = scoped
    const unknown: number[] = []
    const keys = scopes.map(({ values }, at) => {
        const texts = values.map((value, i) => {
            const column = scopeColumns[i]
            if (value === null || !column) return null
            return dialect.isCollated(column, value)
                ? undefined
                : dialect.canonicalText(column, value)
        })
        if (!texts.includes(undefined))
            return keyOf(texts as (string | null)[], dialect.expressions)
        unknown.push(at)
        return ""
    })
    return unknown.length > 0 ? askForKeys(runner, scoped, scopes, { keys, unknown }) : keys
}

async function askForKeys(
    runner: Sender,
    scoped: Scoped,
    scopes: readonly Scope[],
    { keys, unknown }: { readonly keys: string[]; readonly unknown: readonly number[] },
): Promise<string[]> {
    const { dialect, scopeColumns } = scoped
    const asked = unknown.map((at) => scopes[at] as Scope)
    const key = keySql(scopeColumns, dialect, (column) => `s.${columnName(column)}`)
    const rows = await select<{ at: string | number; key: string | null }>(
        runner,
        dialect.scopeKeys(scoped, asked, key),
    )
    for (const row of rows) {
        if (row.key === null) throw noScope(scoped)
        keys[unknown[Number(row.at)] as number] = row.key
    }
    return keys
}

/** @internal The error for a scope whose values make no key. */
export function noScope(scoped: Scoped, cause?: DriverError): UnknownScopeError {
    return new UnknownScopeError(
        `The scope of ${placeOf(scoped)} has no counter key: ${pathsOf(scoped)} can't hold its value, or has ` +
            "a collation (_ai_cs) whose sort weights differ for strings that compare as equal. Set another " +
            "value, or give the column another collation.",
        { cause },
    )
}
