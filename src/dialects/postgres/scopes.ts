import { isNewRow, type Scope, type ScopeValue } from "../../series/scope"
import { type ColumnMetadata, columnName, type Series, tableName } from "../../series/series"
import type { Statement } from "../dialect"

const ISOLATION = `current_setting('transaction_isolation') AS "isolation"`

/** @internal Selects the highest number of each scope. */
export function lastNumbers(series: Series, scopes: readonly Scope[]): Statement {
    return scopes.length === 1 && scopes[0] && isComparedAsGiven(series)
        ? lastNumber(series, scopes[0])
        : lastNumberPerScope(series, scopes)
}

/** The way of nearly every insert: one scope, its values as plain parameters. */
function lastNumber(series: Series, { values }: Scope): Statement {
    const parameters: string[] = []
    const where = series.scopeColumns.map((column, at) => {
        const value = values[at]
        return typeof value === "string"
            ? `t.${columnName(column)} = $${parameters.push(value)}`
            : `t.${columnName(column)} IS NULL`
    })
    const select = (last: string) =>
        `SELECT 0 AS "at", '' AS "group", ${last} AS "last", ${ISOLATION}`
    return values.some(isNewRow)
        ? { sql: select("NULL") }
        : { sql: select(selectLast(series, where)), parameters }
}

function lastNumberPerScope(series: Series, scopes: readonly Scope[]): Statement {
    return selectPerScope(
        series,
        series.scopeColumns,
        scopes.map(({ values }) => values),
        {
            select: (where, rank) =>
                `${rank} AS "group", ${selectLast(series, where)} AS "last", ${ISOLATION}`,
        },
    )
}

/** @internal Selects the places of those numbers that rows have. */
export function storedNumbers(
    series: Series,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const rows = numbers.map(({ scope, number }) => [...scope.values, number])
    return selectPerScope(series, [...series.scopeColumns, series.column], rows, {
        select: () => "NULL",
        where: (where) =>
            `WHERE EXISTS (SELECT FROM ${tableName(series.metadata)} t WHERE ${where.join(" AND ")})`,
    })
}

/** @internal Selects the keys of scopes as the columns store them. */
export function scopeKeys(series: Series, scopes: readonly Scope[], key: string): Statement {
    return selectPerScope(
        series,
        series.scopeColumns,
        scopes.map(({ values }) => values),
        { select: () => `${key} AS "key"` },
    )
}

/**
 * Any number of scopes, as one JSON parameter for those that have NULLs in the same columns.
 * PostgreSQL reads the values as the types of the table's own columns and ranks them, so scopes
 * are the same here exactly when they are the same to the unique index.
 */
function selectPerScope(
    series: Series,
    columns: readonly ColumnMetadata[],
    rows: readonly (readonly ScopeValue[])[],
    parts: {
        select: (where: readonly string[], rank: string) => string
        where?: (where: readonly string[]) => string
    },
): Statement {
    const branches = new Map<string, { at: number; newRows: ScopeValue[]; row: object }[]>()
    rows.forEach((values, at) => {
        const row = Object.fromEntries(
            columns.flatMap((column, i) =>
                typeof values[i] === "string" ? [[realName(column), values[i]]] : [],
            ),
        )
        const shape = values.map((v) => (v === null ? "n" : isNewRow(v) ? "r" : "v")).join("")
        const branch = branches.get(shape) ?? []
        branches.set(shape, branch)
        branch.push({ at, newRows: values.filter(isNewRow), row })
    })

    const parameters: string[] = []
    const selects = [...branches].map(([shape, branch], number) => {
        const names = columns.map((column) => columnName(column))
        const where = names.map((name, i) =>
            shape[i] === "v"
                ? `t.${name} = s.${name}`
                : shape[i] === "n"
                  ? `t.${name} IS NULL`
                  : "FALSE",
        )
        const values = names.filter((_, i) => shape[i] === "v").map((name) => `s.${name}`)
        const by = ["e.v->>'newRows'", ...values].join(", ")
        return (
            `SELECT (e.v->>'at')::int AS "at", ` +
            parts.select(where, `'${number}:' || dense_rank() OVER (ORDER BY ${by})`) +
            ` FROM json_array_elements($${parameters.push(JSON.stringify(branch))}::json) AS e(v)` +
            ` CROSS JOIN LATERAL json_populate_record(NULL::${tableName(series.metadata)}, e.v->'row') AS s ` +
            (parts.where?.(where) ?? "")
        )
    })
    return { sql: selects.join(" UNION ALL "), parameters }
}

/** @internal The highest number of the rows where this is so, one step down the index. */
export function selectLast(
    series: Series,
    where: readonly string[],
    type = "text",
    table = tableName(series.metadata),
): string {
    const number = `t.${columnName(series.column)}`
    const conditions = [...where, `${number} IS NOT NULL`].join(" AND ")
    return `(SELECT ${number}::${type} FROM ${table} t WHERE ${conditions} ORDER BY ${number} DESC LIMIT 1)`
}

/** Whether a value equals its stored form: rounding types change it, and only a cast shows how. */
function isComparedAsGiven(series: Series): boolean {
    return series.scopeColumns.every((c) => c.precision == null && c.scale == null && !c.length)
}

/**
 * The name as the catalogue has it: TypeORM 0.3 expects quotes in names to be doubled already.
 * @internal
 */
export function realName(column: ColumnMetadata): string {
    return columnName(column).slice(1, -1).replaceAll('""', '"')
}
