import type { Series } from "../../series/series"

/**
 * The values of a scope by the names of properties; the period by that name, as handles take it; of a relation by several
 * columns, by the names of those as well.
 * @internal
 */
export function namedScope(
    { scope, period }: Pick<Series, "scope" | "period">,
    values: readonly (string | null)[],
): Record<string, string | null> {
    const hasOther = scope.some(({ path }) => path === "period")
    const names = scope.flatMap(({ path, columns }) =>
        columns.map((column) => {
            if (column === period?.column && !hasOther) return "period"
            return columns.length === 1
                ? path
                : `${path}.${column.referencedColumn?.propertyPath ?? column.databaseName}`
        }),
    )
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]))
}
