import {
    type ColumnMetadata,
    columnName,
    columnType,
    ofRow,
    tableName,
} from "../../../typeorm/names"
import type { SharingColumn, TriggeredColumn } from "../../statements/trigger-statements"
import { lastWhere } from "../counter"
import { literal } from "../literal"
import { raise } from "./syntax"

/** Selects what is asked of the rows of a scope, which are those where all of this is so. */
type Leaf = (where: readonly string[], table: string) => string

/** @internal */
export function isCitext(column: ColumnMetadata): boolean {
    return columnType(column) === "citext"
}

/**
 * Sets `v_rows` to the number after which a new counter goes on. A table that was renamed since, or a partition,
 * which is looked at with the others, has another name than the body knows.
 * @internal
 */
export function lookAtRows(column: TriggeredColumn): string {
    const { series, base, sharers } = column
    // The operators of citext are not on the search path, so no index would help to look at the rows of
    // each new scope. The unique index guards them, but not those of other tables.
    if (sharers.length === 1 && series.scopeColumns.some(isCitext)) return `v_rows := ${base};`
    const inRows = (table?: string, row = "NEW") =>
        `GREATEST(${base}, ${sharers.map((sharer) => inScope(sharer, column, { row, ownTable: table })).join(", ")})`
    return orRenamed(column, {
        here: `v_rows := ${inRows()};`,
        there: `SELECT ${inRows("%1$s", "($1)").replaceAll(/%(?!1\$s)/g, "%%")}`,
        into: " INTO v_rows",
    })
}

/**
 * A statement about the table itself: as it is written for the table's own name, and as `format()` takes it,
 * with the table as its argument.
 * @internal
 */
export function orRenamed(
    { series }: TriggeredColumn,
    { here, there, into = "" }: { here: string; there: string; into?: string },
): string {
    return `IF TG_TABLE_NAME = ${literal(series.metadata.tableName)} THEN
            ${here}
        ELSE
            EXECUTE format(${literal(there)}, COALESCE(pg_partition_root(TG_RELID), TG_RELID)::regclass)
                USING NEW${into};
        END IF;`
}

/** @internal Whether a row is of a class that has the number. */
export function isOfKinds(
    { column, values }: NonNullable<TriggeredColumn["kinds"]>,
    row: string,
): string {
    return `COALESCE(${row}.${columnName(column)}::text IN (${values.map(literal).join(", ")}), false)`
}

/** @internal Refuses a row with a number whose date is not between those of the numbers beside its own. */
export function refuseDisorder(column: TriggeredColumn): string {
    const { series, period, ascends, sharers } = column
    if (!ascends || !period) return ""
    const isBeyond = sharers.flatMap((sharer) => {
        const date = sharer.period?.date ?? period.date
        const day = columnType(date) === columnType(period.date) ? "" : "::date"
        const number = ofRow(sharer.column)
        const next =
            (order: "<" | ">"): Leaf =>
            (where, table) =>
                `(SELECT ${ofRow(date)}${day} FROM ${table} t WHERE ` +
                [...where, `${number} ${order} NEW.${columnName(series.column)}`].join(" AND ") +
                ` ORDER BY ${number}${order === "<" ? " DESC" : ""} LIMIT 1)`
        return (["<", ">"] as const).map(
            (order) =>
                `NEW.${columnName(period.date)}${day} ${order} ${inScope(sharer, column, { leaf: next(order) })}`,
        )
    })
    return `
    IF ${isBeyond.join("\n        OR ")} THEN
        ${raise(series, "dateOrder")};
    END IF;`
}

/** What is asked of the rows that a column with the same counters has in the scope of the row. */
function inScope(
    sharer: SharingColumn,
    { series, schema }: TriggeredColumn,
    { row = "NEW", ownTable, leaf }: { row?: string; ownTable?: string; leaf?: Leaf },
): string {
    const isOwn = sharer.metadata.tablePath === series.metadata.tablePath
    const table = (isOwn ? ownTable : undefined) ?? tableName(sharer.metadata, schema)
    const values = sharer.scopeColumns.map((column, at) => {
        const own = series.scopeColumns[at] ?? column
        const value = `${row}.${columnName(own)}`
        const isSameType = columnType(own) === columnType(column)
        const type = columnType(column)
        return `${isSameType ? value : `${value}::text::${type}`} AS ${columnName(column)}`
    })
    const found = lastWhere(sharer, sharer.scopeColumns, [], {
        table,
        equal,
        leaf: leaf && ((where) => leaf(where, table)),
    })
    return values.length > 0 ? `(SELECT ${found} FROM (SELECT ${values.join(", ")}) s)` : found
}

function equal(column: ColumnMetadata, a: string, b: string): string {
    return isCitext(column) ? `lower(${a}::text) = lower(${b}::text)` : `${a} = ${b}`
}
