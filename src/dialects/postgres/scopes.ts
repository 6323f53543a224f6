import type { EntityMetadata } from "typeorm"
import type { CountedColumn, Scope, ScopedColumn, ScopeValue } from "../columns"
import { type ColumnMetadata, columnName, ofRow, tableName } from "../../typeorm/names"
import type { Beginning, NextNumber } from "../dialect"
import { selectNeighbours } from "../neighbours"
import type { Statement } from "../../typeorm/statement"

const ISOLATION = `current_setting('transaction_isolation') AS "isolation"`

/** @internal Selects the highest number of each scope. */
export function lastNumbers(series: CountedColumn, scopes: readonly Scope[]): Statement {
    return scopes.length === 1 && scopes[0] && isComparedAsGiven(series)
        ? lastNumber(series, scopes[0])
        : lastNumberPerScope(series, scopes)
}

/** The way of nearly every insert: one scope, its values as plain parameters. */
function lastNumber(series: CountedColumn, { values }: Scope): Statement {
    const parameters: string[] = []
    const where = whereScope(series, values, (value) => `$${parameters.push(value)}`)
    const select = (last: string) =>
        `SELECT 0 AS "at", '' AS "group", ${last} AS "last", ${ISOLATION}`
    return { sql: select(selectLast(series, where)), parameters }
}

function whereScope(
    { scopeColumns }: CountedColumn,
    values: readonly ScopeValue[],
    parameter: (value: string) => string,
): string[] {
    return scopeColumns.map((column, at) => {
        const value = values[at]
        return typeof value === "string"
            ? `${ofRow(column)} = ${parameter(value)}`
            : `${ofRow(column)} IS NULL`
    })
}

/** @internal {@link TableLockStatements.nextWithin} */
export function nextWithin(
    series: CountedColumn,
    { values }: Scope,
    { before, by, first, max }: NextNumber,
): Beginning | undefined {
    if (!isComparedAsGiven(series)) return undefined
    return (parameter) => {
        const last = selectLast(series, whereScope(series, values, parameter), "bigint")
        const number = (value: bigint) => parameter(String(value))
        return (
            `WITH taken AS (SELECT GREATEST(h.last + ${number(by)}, ${number(first)}) AS number ` +
            // Without OFFSET it would be looked up at both of its places.
            `FROM (SELECT COALESCE(${last}, ${number(before)}) AS last OFFSET 0) h ` +
            `WHERE h.last <= ${number(max - by)})`
        )
    }
}

function lastNumberPerScope(series: CountedColumn, scopes: readonly Scope[]): Statement {
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
    series: CountedColumn,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const rows = numbers.map(({ scope, number }) => [...scope.values, number])
    return selectPerScope(series, [...series.scopeColumns, series.column], rows, {
        select: () => "NULL",
        where: (where) =>
            `WHERE EXISTS (SELECT FROM ${tableName(series.metadata)} t WHERE ${where.join(" AND ")})`,
    })
}

/** @internal {@link Dialect.neighbours} */
export function neighbours(
    series: CountedColumn,
    value: string,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const rows = numbers.map(({ scope, number }) => [...scope.values, number])
    const number = `s.${columnName(series.column)}`
    return selectPerScope(series, [...series.scopeColumns, series.column], rows, {
        select: (where) =>
            selectNeighbours(series, value, () => ({ where: where.slice(0, -1), number })),
    })
}

/** @internal Selects the keys of scopes as the columns store them. */
export function scopeKeys(scoped: ScopedColumn, scopes: readonly Scope[], key: string): Statement {
    return selectPerScope(
        scoped,
        scoped.scopeColumns,
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
    { metadata }: ScopedColumn,
    columns: readonly ColumnMetadata[],
    rows: readonly (readonly ScopeValue[])[],
    parts: {
        select: (where: readonly string[], rank: string) => string
        where?: (where: readonly string[]) => string
    },
): Statement {
    const branches = new Map<string, { at: number; row: object }[]>()
    rows.forEach((values, at) => {
        const row = Object.fromEntries(
            columns.flatMap((column, i) =>
                typeof values[i] === "string" ? [[realName(column), values[i]]] : [],
            ),
        )
        const shape = values.map((v) => (v === null ? "n" : "v")).join("")
        const branch = branches.get(shape) ?? []
        branches.set(shape, branch)
        branch.push({ at, row })
    })

    const parameters: string[] = []
    const selects = [...branches].map(([shape, branch], number) => {
        const names = columns.map((column) => columnName(column))
        const where = names.map((name, i) =>
            shape[i] === "v" ? `t.${name} = s.${name}` : `t.${name} IS NULL`,
        )
        const values = names.filter((_, i) => shape[i] === "v").map((name) => `s.${name}`)
        const rank =
            values.length > 0
                ? `'${number}:' || dense_rank() OVER (ORDER BY ${values.join(", ")})`
                : `'${number}:'`
        return (
            `SELECT (e.v->>'at')::int AS "at", ` +
            parts.select(where, rank) +
            ` FROM json_array_elements($${parameters.push(JSON.stringify(branch))}::json) AS e(v)` +
            ` CROSS JOIN LATERAL json_populate_record(${noRow(metadata)}, e.v->'row') AS s ` +
            (parts.where?.(where) ?? "")
        )
    })
    return { sql: selects.join(" UNION ALL "), parameters }
}

/** @internal The highest number of the rows where this is so, one step down the index. */
export function selectLast(
    series: CountedColumn,
    where: readonly string[],
    type = "text",
    table = tableName(series.metadata),
): string {
    const number = ofRow(series.column)
    const conditions = [...where, `${number} IS NOT NULL`].join(" AND ")
    return `(SELECT ${number}::${type} FROM ${table} t WHERE ${conditions} ORDER BY ${number} DESC LIMIT 1)`
}

/** Whether a value equals its stored form: rounding types change it, and only a cast shows how. */
function isComparedAsGiven(series: CountedColumn): boolean {
    return series.scopeColumns.every((c) => c.precision == null && c.scale == null && !c.length)
}

/**
 * The name as the catalogue has it: TypeORM 0.3 expects quotes in names to be doubled already.
 * @internal
 */
export function realName(column: ColumnMetadata): string {
    return columnName(column).slice(1, -1).replaceAll('""', '"')
}

/**
 * NULL, of the type of a table's rows. A cast would take the name of a table for that of a built-in type:
 * `line`, `path`, `money` and others.
 * @internal
 */
export function noRow(metadata: EntityMetadata): string {
    return `(SELECT autosequence_row FROM ${tableName(metadata)} autosequence_row WHERE FALSE)`
}
