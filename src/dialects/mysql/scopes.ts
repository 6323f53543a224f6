import type { CountedColumn, Scope, ScopedColumn, ScopeValue } from "../columns"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { selectNeighbours } from "../neighbours"
import type { Statement } from "../../typeorm/statement"
import { cast } from "./types"

/** @internal Selects the highest number of each scope. */
export function lastNumbers(series: CountedColumn, scopes: readonly Scope[]): Statement {
    const parameters: string[] = []
    const number = `t.${columnName(series.column)}`
    const selects = scopes.map(({ values }, at) => {
        const where = [...equalTo(series.scopeColumns, values, parameters), `${number} IS NOT NULL`]
        const last =
            `(SELECT CAST(${number} AS CHAR) FROM ${tableName(series.metadata)} t ` +
            `WHERE ${where.join(" AND ")} ORDER BY ${number} DESC LIMIT 1)`
        return `SELECT ${at} AS \`at\`, '${at}' AS \`group\`, ${last} AS \`last\`, '' AS \`isolation\``
    })
    return { sql: selects.join(" UNION ALL "), parameters }
}

/** @internal Selects the places of those numbers that rows have. */
export function storedNumbers(
    series: CountedColumn,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const parameters: string[] = []
    const selects = numbers.map(({ scope, number }, at) => {
        const columns = [...series.scopeColumns, series.column]
        const where = equalTo(columns, [...scope.values, number], parameters)
        return (
            `SELECT ${at} AS \`at\` FROM DUAL WHERE EXISTS ` +
            `(SELECT 1 FROM ${tableName(series.metadata)} t WHERE ${where.join(" AND ")})`
        )
    })
    return { sql: selects.join(" UNION ALL "), parameters }
}

/** @internal {@link Dialect.neighbours}: a plain read would show the snapshot. */
export function neighbours(
    series: CountedColumn,
    value: string,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const parameters: string[] = []
    const selects = numbers.map(({ scope, number }, at) => {
        const scopeOf = () => {
            const where = equalTo(series.scopeColumns, scope.values, parameters)
            parameters.push(number)
            return { where, number: "CAST(? AS SIGNED)" }
        }
        const selected = selectNeighbours(series, value, scopeOf, " LOCK IN SHARE MODE")
        return `SELECT ${at} AS \`at\`, ${selected}`
    })
    return { sql: selects.join(" UNION ALL "), parameters }
}

/** The values as parameters, which must be read in this order. */
function equalTo(
    columns: readonly ColumnMetadata[],
    values: readonly ScopeValue[],
    parameters: string[],
): string[] {
    return columns.map((column, at) => {
        const value = values[at]
        if (typeof value !== "string") return `t.${columnName(column)} IS NULL`
        parameters.push(value)
        return `t.${columnName(column)} = ${cast(column)}`
    })
}

/**
 * Selects the keys of scopes as the columns store them. A union with the columns themselves gives the
 * values their collations.
 * @internal
 */
export function scopeKeys(scoped: ScopedColumn, scopes: readonly Scope[], key: string): Statement {
    const { metadata, scopeColumns } = scoped
    const parameters: (string | null)[] = []
    const rows = scopes.map(({ values }, at) => {
        const stored = scopeColumns.map((column, i) => {
            parameters.push(values[i] ?? null)
            return cast(column)
        })
        return `SELECT ${[at, ...stored].join(", ")}`
    })
    const own = ["0 AS `scope at`", ...scopeColumns.map(columnName)].join(", ")
    const all = [`SELECT ${own} FROM ${tableName(metadata)} WHERE FALSE`, ...rows]
    return {
        sql: `SELECT s.\`scope at\` AS \`at\`, ${key} AS \`key\` FROM (${all.join(" UNION ALL ")}) s`,
        parameters,
    }
}

/** @internal The highest number that a column has in the scope of the row that a trigger is about. */
export function lastInRows(
    sharer: CountedColumn,
    { scopeColumns }: CountedColumn,
    database?: string,
): string {
    const number = `t.${columnName(sharer.column)}`
    const where = sharer.scopeColumns.map((column, at) => {
        const own = scopeColumns[at] ?? column
        return `t.${columnName(column)} <=> NEW.${columnName(own)}`
    })
    return (
        `(SELECT ${number} FROM ${tableName(sharer.metadata, database)} t ` +
        `WHERE ${[...where, `${number} IS NOT NULL`].join(" AND ")} ORDER BY ${number} DESC LIMIT 1)`
    )
}
