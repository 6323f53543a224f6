import { columnName, ofRow, tableName } from "../../../typeorm/names"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { mysqlSyntax } from "./syntax"

/** @internal Refuses a row with a number whose date is not between those of the numbers beside its own. */
export function refuseDisorder({
    series,
    period,
    ascends,
    sharers,
    schema,
}: TriggeredColumn): string {
    if (!ascends || !period) return ""
    const isBeyond = sharers.flatMap((sharer) => {
        const number = ofRow(sharer.column)
        const date = ofRow(sharer.period?.date ?? period.date)
        const isOfScope = sharer.scopeColumns.map(
            (column, at) =>
                `${ofRow(column)} <=> NEW.${columnName(series.scopeColumns[at] ?? column)}`,
        )
        return (["<", ">"] as const).map((order) => {
            const where = [...isOfScope, `${number} ${order} NEW.${columnName(series.column)}`]
            return (
                `NEW.${columnName(period.date)} ${order} (SELECT ${date} FROM ${tableName(sharer.metadata, schema)} t ` +
                `WHERE ${where.join(" AND ")} ORDER BY ${number}${order === "<" ? " DESC" : ""} LIMIT 1)`
            )
        })
    })
    return `
    IF ${isBeyond.join("\n        OR ")} THEN
        ${mysqlSyntax.raise(series, "dateOrder")}
    END IF;`
}
