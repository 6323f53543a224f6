import { ofRow, tableName } from "../typeorm/names"
import type { CountedColumn } from "./columns"

/**
 * As `low` and `high`, an expression over the rows `t` of a scope that have the next lower and the next higher
 * number: one step down the index each.
 * @internal
 */
export function selectNeighbours(
    series: CountedColumn,
    value: string,
    /** Called for each of them, in their order. */
    scope: () => { readonly where: readonly string[]; readonly number: string },
    lock = "",
): string {
    const column = ofRow(series.column)
    const next = (compare: "<" | ">", order: "ASC" | "DESC") => {
        const { where, number } = scope()
        const conditions = [...where, `${column} ${compare} ${number}`].join(" AND ")
        return (
            `(SELECT ${value} FROM ${tableName(series.metadata)} t WHERE ${conditions} ` +
            `ORDER BY ${column} ${order} LIMIT 1${lock})`
        )
    }
    return `${next("<", "DESC")} AS low, ${next(">", "ASC")} AS high`
}
