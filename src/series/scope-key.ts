import { createHash } from "node:crypto"
import type { QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import type { Dialect, Expressions } from "../dialects/dialect"
import { InvalidOptionError } from "../errors"
import { groupBy } from "../group-by"
import { KEY_LENGTH } from "../schema/counter-entity"
import type { ColumnMetadata, Series } from "./series"
import { dataSourceOf } from "../typeorm/compat"
import { isNewRow, type Scope } from "./scope"
import { select } from "../typeorm/select"

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
 * The same as SQL, over columns of a table.
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
                `${column.entityMetadata.name}.${column.propertyPath} is in uniqueWith, and its type ` +
                    `(${String(column.type)}) makes no key of a counter. Use a column of another type.`,
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
    if (!expressions.hash || columns.every(isAlwaysShort)) return key
    const hashed = expressions.concat(`'${VERSION}#'`, expressions.hash(key))
    return `CASE WHEN ${expressions.length(key)} > ${KEY_LENGTH} THEN ${hashed} ELSE ${key} END`
}

function isAlwaysShort({ type }: ColumnMetadata): boolean {
    return type === Number || type === Boolean || /int|uuid|bool|^date$/.test(String(type))
}

/**
 * The keys of scopes, in their order; undefined for those that a row inserted by the same flush
 * makes. Sends a statement only for values that the columns may store in another form.
 */
async function keysOf(
    runner: QueryRunner,
    series: Series,
    scopes: readonly Scope[],
): Promise<(string | undefined)[]> {
    const dialect = dialectOf(dataSourceOf(series.metadata)) as Dialect
    const unknown: number[] = []
    const keys = scopes.map(({ values }, at) => {
        if (values.some(isNewRow)) return undefined
        const texts = values.map((value, i) => {
            const column = series.scopeColumns[i]
            if (typeof value !== "string" || !column) return null
            return dialect.canonicalText(column, value)
        })
        if (texts.includes(undefined)) return void unknown.push(at)
        return keyOf(texts as (string | null)[], dialect.expressions)
    })
    if (unknown.length > 0) {
        const asked = unknown.map((at) => scopes[at] as Scope)
        const key = keySql(series.scopeColumns, dialect, (column) => {
            return `s.${dataSourceOf(series.metadata).driver.escape(column.databaseName)}`
        })
        const rows = await select<{ at: string | number; key: string }>(
            runner,
            dialect.scopeKeys(series, asked, key),
        )
        for (const row of rows) keys[unknown[Number(row.at)] as number] = row.key
    }
    return keys
}

/**
 * Rows of one scope by its key; those of a row that the same flush inserts by a key of their own.
 * @internal
 */
export async function groupByKey<T extends { readonly series: Series; readonly scope: Scope }>(
    runner: QueryRunner,
    requests: readonly T[],
): Promise<Map<string, T[]>> {
    const keys = new Map<Scope, string>()
    for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
        const scopes = [...new Set(ofSeries.map(({ scope }) => scope))]
        const found = await keysOf(runner, series, scopes)
        scopes.forEach((scope, at) => keys.set(scope, found[at] ?? `new ${scope.key}`))
    }
    return groupBy(requests, ({ scope }) => keys.get(scope) ?? "")
}
