import type { EntityMetadata } from "typeorm"
import type { CountedColumn, Scope, ScopedColumn, ScopeValue } from "../columns"
import { type ColumnMetadata, columnName, ofRow, tableName } from "../../typeorm/names"
import { selectNeighbours } from "../neighbours"
import type { Statement } from "../../typeorm/statement"
import { cast } from "./types"

/** @internal Selects the highest number of each scope. */
export function lastNumbers(series: CountedColumn, scopes: readonly Scope[]): Statement {
    const number = ofRow(series.column)
    const values = scopes.map((scope) => scope.values)
    const { sql, parameters, where } = valuesAsRows(series.metadata, series.scopeColumns, values)
    const last =
        `(SELECT CAST(${number} AS CHAR) FROM ${tableName(series.metadata)} t ` +
        `WHERE ${[...where, `${number} IS NOT NULL`].join(" AND ")} ORDER BY ${number} DESC LIMIT 1)`
    return {
        sql:
            `SELECT s.\`scope at\` AS \`at\`, CAST(s.\`scope at\` AS CHAR) AS \`group\`, ${last} AS \`last\`, ` +
            `'' AS \`isolation\` FROM ${sql}`,
        parameters,
    }
}

/** @internal Selects the places of those numbers that rows have. */
export function storedNumbers(
    series: CountedColumn,
    numbers: readonly { readonly scope: Scope; readonly number: string }[],
): Statement {
    const columns = [...series.scopeColumns, series.column]
    const values = numbers.map(({ scope, number }) => [...scope.values, number])
    const { sql, parameters, where } = valuesAsRows(series.metadata, columns, values)
    // With EXISTS, the server might read the whole table.
    const found = `(SELECT 1 FROM ${tableName(series.metadata)} t WHERE ${where.join(" AND ")} LIMIT 1)`
    return { sql: `SELECT s.\`scope at\` AS \`at\` FROM ${sql} WHERE ${found} = 1`, parameters }
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
        if (typeof value !== "string") return `${ofRow(column)} IS NULL`
        parameters.push(value)
        return `${ofRow(column)} = ${cast(column)}`
    })
}

/** @internal Selects the keys of scopes as the columns store them. */
export function scopeKeys(scoped: ScopedColumn, scopes: readonly Scope[], key: string): Statement {
    const values = scopes.map((scope) => scope.values)
    const { sql, parameters } = valuesAsRows(scoped.metadata, scoped.scopeColumns, values)
    return { sql: `SELECT s.\`scope at\` AS \`at\`, ${key} AS \`key\` FROM ${sql}`, parameters }
}

/**
 * Values as a table `s` whose columns are those of the entity's own: a union with these gives them their types and
 * collations. With the conditions under which a row `t` has them. A table that is named once for each of many values is
 * opened as often, its triggers read as often.
 */
function valuesAsRows(
    metadata: EntityMetadata,
    columns: readonly ColumnMetadata[],
    rows: readonly (readonly ScopeValue[])[],
): Statement & { readonly where: string[] } {
    const parameters: (string | null)[] = []
    const selects = rows.map((values, at) => {
        const stored = columns.map((column, i) => {
            parameters.push(values[i] ?? null)
            return cast(column)
        })
        return `SELECT ${[at, ...stored].join(", ")}`
    })
    const names = columns.map((column) => columnName(column))
    const own = `SELECT ${["0 AS `scope at`", ...names].join(", ")} FROM ${tableName(metadata)} WHERE FALSE`
    return {
        sql: `(${[own, ...selects].join(" UNION ALL ")}) s`,
        parameters,
        where: names.map((name) => `t.${name} <=> s.${name}`),
    }
}

/** @internal The highest number that a column has in the scope of the row that a trigger is about. */
export function lastInRows(
    sharer: CountedColumn,
    { scopeColumns }: CountedColumn,
    database?: string,
): string {
    const number = ofRow(sharer.column)
    const where = sharer.scopeColumns.map((column, at) => {
        const own = scopeColumns[at] ?? column
        return `${ofRow(column)} <=> NEW.${columnName(own)}`
    })
    return (
        `(SELECT ${number} FROM ${tableName(sharer.metadata, database)} t ` +
        `WHERE ${[...where, `${number} IS NOT NULL`].join(" AND ")} ORDER BY ${number} DESC LIMIT 1)`
    )
}
