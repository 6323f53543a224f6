import type { Series } from "../series/series"

/**
 * The values of a scope by the names of properties; of a relation by several columns, by the names of those as well.
 * @internal
 */
export function namedScope(
    { scope }: Pick<Series, "scope">,
    values: readonly (string | null)[],
): Record<string, string | null> {
    const names = scope.flatMap(({ path, columns }) =>
        columns.map((column) =>
            columns.length === 1
                ? path
                : `${path}.${column.referencedColumn?.propertyPath ?? column.databaseName}`,
        ),
    )
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]))
}
