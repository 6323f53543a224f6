import type { Series } from "../../series/series"
import { ofRow } from "../../typeorm/names"

/** @internal Which scopes a statement looks at: those with these values, or all. */
export type Restriction = readonly (readonly (string | null)[])[] | "all"

/** @internal The conditions that a row `t` is of one of the scopes. */
export function withinScopes(
    { scopeColumns, dialect, dataSource }: Series,
    scopes: Restriction,
    parameters: unknown[],
): string[] {
    if (scopes === "all" || scopeColumns.length === 0) return []
    const each = scopes.map((values) => {
        const tests = scopeColumns.map((column, at) => {
            const value = values[at]
            const name = ofRow(column)
            if (value === null || value === undefined) return `${name} IS NULL`
            const placeholder = dataSource.driver.createParameter("", parameters.push(value) - 1)
            return `${name} = ${dialect.audit.parameter(column, placeholder)}`
        })
        return `(${tests.join(" AND ")})`
    })
    return [`(${each.join(" OR ")})`]
}
