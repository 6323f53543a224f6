import type { CountedColumn, Scope, ScopedColumn, ScopeValue } from "../columns"
import { type ColumnMetadata, columnName, ofRow, tableName } from "../../typeorm/names"
import { selectNeighbours } from "../neighbours"
import type { Statement } from "../../typeorm/statement"
import { cast, keyText } from "./types"

/** @internal Selects the highest number of each scope. */
export function lastNumbers(series: CountedColumn, scopes: readonly Scope[]): Statement {
    const values = scopes.map((scope) => scope.values)
    const group = series.scopeColumns.map((column, at) => {
        const stored = cast(column, value(at))
        return `QUOTE(${keyText(column, stored) ?? stored})`
    })
    return {
        sql:
            `SELECT e.key AS "at", ${group.length > 0 ? group.join(" || ',' || ") : "''"} AS "group", ` +
            `CAST(${lastInRows(series)} AS TEXT) AS "last", '' AS "isolation" FROM json_each(?) e`,
        parameters: [list(values)],
    }
}

/** @internal Selects the places of those numbers that rows have. */
export function storedNumbers(
    series: CountedColumn,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const where = equalTo([...series.scopeColumns, series.column])
    return {
        sql:
            `SELECT e.key AS "at" FROM json_each(?) e WHERE EXISTS ` +
            `(SELECT 1 FROM ${tableName(series.metadata)} t WHERE ${where.join(" AND ")})`,
        parameters: [list(numbers.map(({ scope, number }) => [...scope.values, number]))],
    }
}

/** @internal {@link Dialect.neighbours} */
export function neighbours(
    series: CountedColumn,
    expression: string,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const number = `CAST(${value(series.scopeColumns.length)} AS INTEGER)`
    const where = equalTo(series.scopeColumns)
    const selected = selectNeighbours(series, expression, () => ({ where, number }))
    return {
        sql: `SELECT e.key AS "at", ${selected} FROM json_each(?) e`,
        parameters: [list(numbers.map(({ scope, number }) => [...scope.values, number]))],
    }
}

/** @internal Selects the keys of scopes as the columns store them. */
export function scopeKeys(scoped: ScopedColumn, scopes: readonly Scope[], key: string): Statement {
    const stored = scoped.scopeColumns.map(
        (column, at) => `${cast(column, value(at))} AS ${columnName(column)}`,
    )
    return {
        sql:
            `SELECT s."at", ${key} AS "key" FROM ` +
            `(SELECT ${['e.key AS "at"', ...stored].join(", ")} FROM json_each(?) e) s`,
        parameters: [list(scopes.map(({ values }) => values))],
    }
}

/** @internal The highest number of the scope that `e.value` holds, one step down the index. */
export function lastInRows(series: CountedColumn): string {
    const number = ofRow(series.column)
    const where = [...equalTo(series.scopeColumns), `${number} IS NOT NULL`].join(" AND ")
    return `(SELECT ${number} FROM ${tableName(series.metadata)} t WHERE ${where} ORDER BY ${number} DESC LIMIT 1)`
}

/** The values of scopes, as `json_each` reads them. */
function list(rows: readonly (readonly ScopeValue[])[]): string {
    return JSON.stringify(rows.map(listed))
}

/** @internal */
export function listed(values: readonly ScopeValue[]): object {
    return { v: values }
}

/** IS takes NULL for equal to NULL, and uses the index. */
function equalTo(columns: readonly ColumnMetadata[]): string[] {
    return columns.map((column, at) => `${ofRow(column)} IS ${value(at)}`)
}

function value(at: number): string {
    return `(e.value ->> '$.v[${at}]')`
}
