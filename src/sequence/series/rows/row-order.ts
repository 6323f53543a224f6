import type { Refuse } from "../../../declared/options"
import { show } from "../../../declared/show"
import type { Series } from "../../../series/series"
import { columnName } from "../../../typeorm/names"

/** @internal The order of rows that a caller has given as SQL; undefined for none. */
export function rowOrder(
    { metadata }: Series,
    orderBy: object | undefined,
    refuse: Refuse,
): string | undefined {
    const entries = Object.entries(orderBy ?? {})
    if (entries.length === 0) return undefined
    const terms = entries.flatMap(([path, direction]: [string, unknown]) => {
        const relation = metadata.relations.find((one) => one.propertyPath === path)
        const columns =
            relation?.joinColumns ?? metadata.columns.filter((one) => one.propertyPath === path)
        if (columns.length === 0)
            refuse(`orderBy names ${show(path)}, which is not a column of ${metadata.name}.`)
        if (direction !== "ASC" && direction !== "DESC")
            refuse(`orderBy.${path} is ${show(direction)}, give "ASC" or "DESC".`)
        return columns.map((column) => `${columnName(column)} ${direction}`)
    })
    const keys = metadata.primaryColumns.map((column) => `${columnName(column)} ASC`)
    return ` ORDER BY ${[...terms, ...keys].join(", ")}`
}
