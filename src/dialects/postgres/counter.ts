import type { CountedColumn } from "../columns"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { baseOf, firstMove, wayOf } from "../advance"
import type { CounterStatements, CounterTable, Move, Moves } from "../dialect"
import type { Statement } from "../../typeorm/statement"
import { realName, selectLast } from "./scopes"

/** @internal */
export const postgresCounter: CounterStatements = {
    isOneStatement: true,

    move: (table, moves) => [move(table, moves)],

    moveExisting(table, { series, base, moves: [move] }) {
        const { name, last, movedBy, movedAt, scope } = table
        return {
            sql:
                `UPDATE ${name} SET ${last} = GREATEST(${last}, $1) + $2, ${movedBy} = $2, ` +
                `${movedAt} = CURRENT_TIMESTAMP WHERE ${table.series} = $3 AND ${scope} = $4 ` +
                `RETURNING ${scope} AS "key", ${last}::text AS "last"`,
            parameters: [String(base), String(move?.by), series, move?.key],
        }
    },

    advance(table, advance) {
        const { name, scope, last, movedBy, movedAt } = table
        const parameters: string[] = []
        const text = (value: string) => `$${parameters.push(value)}`
        const value = (number: bigint) => `${text(String(number))}::bigint`
        const from = () => `GREATEST(c.${last}, ${value(baseOf(advance))})`
        const way = () => wayOf(from, advance, { value, divide: (a, b) => `${a} / ${b}` })
        const first = firstMove(advance)
        const sql =
            `INSERT INTO ${name} AS c (${table.series}, ${scope}, ${last}, ${movedBy}, ${movedAt}) ` +
            `VALUES (${text(advance.series)}, ${text(advance.key)}, ${value(first.last)}, ` +
            `${value(first.way)}, CURRENT_TIMESTAMP) ` +
            `ON CONFLICT (${table.series}, ${scope}) DO UPDATE SET ${last} = ${from()} + ${way()}, ` +
            `${movedBy} = ${way()}, ${movedAt} = EXCLUDED.${movedAt} ` +
            (advance.resetAt === undefined
                ? `WHERE c.${last} <= ${value(advance.max - first.way)} `
                : "") +
            `RETURNING c.${last}::text AS "last", c.${movedBy}::text AS "way"`
        return [{ sql, parameters }]
    },

    advancesAtOnce: () => true,

    lockWait: {
        read: { sql: `SELECT current_setting('lock_timeout') AS "value"` },
        set: (value) => ({
            sql: `SELECT set_config('lock_timeout', $1, true)`,
            parameters: [value],
        }),
        // 0 would be for ever.
        none: () => "1ms",
        isOfTransaction: true,
    },

    raise(table, series, counters) {
        const { name, last, movedBy, movedAt, scope } = table
        return {
            sql:
                `INSERT INTO ${name} AS c (${table.series}, ${scope}, ${last}, ${movedBy}, ${movedAt}) ` +
                `SELECT $1, w."key", w."to", 0, CURRENT_TIMESTAMP ` +
                `FROM json_to_recordset($2) AS w("key" varchar, "to" bigint) ` +
                `ORDER BY w."key" COLLATE "C" ` +
                `ON CONFLICT (${table.series}, ${scope}) DO UPDATE SET ` +
                `${last} = GREATEST(c.${last}, EXCLUDED.${last}), ${movedAt} = EXCLUDED.${movedAt}`,
            parameters: [
                series,
                JSON.stringify(counters.map(({ key, to }) => ({ key, to: String(to) }))),
            ],
        }
    },
}

/**
 * A new counter goes on after the rows of its scope. Those are looked at only where there is none:
 * two that race for it both find none, and the second one waits for the first and moves its counter.
 */
function move(table: CounterTable, { series, base, moves, columns }: Moves): Statement {
    const { name, last, movedBy, movedAt, scope } = table
    const stored = columns.map(lastInRows)
    const start =
        stored.length > 0
            ? `CASE WHEN k.${scope} IS NULL THEN GREATEST($2::bigint, ${stored.join(", ")}) ELSE $2::bigint END`
            : "$2::bigint"
    const wanted = moves.map((move) => ({
        key: move.key,
        by: String(move.by),
        rows: columns.map((ofSeries) => rowOf(ofSeries, move)),
    }))
    return {
        sql:
            `INSERT INTO ${name} AS c (${table.series}, ${scope}, ${last}, ${movedBy}, ${movedAt}) ` +
            `SELECT $1, w."key", ${start} + w."by", w."by", CURRENT_TIMESTAMP ` +
            `FROM json_to_recordset($3) AS w("key" varchar, "by" bigint, "rows" json) ` +
            `LEFT JOIN ${name} k ON k.${table.series} = $1 AND k.${scope} = w."key" ` +
            `ORDER BY w."key" COLLATE "C" ` +
            `ON CONFLICT (${table.series}, ${scope}) DO UPDATE SET ` +
            `${last} = GREATEST(c.${last}, $2::bigint) + EXCLUDED.${movedBy}, ` +
            `${movedBy} = EXCLUDED.${movedBy}, ${movedAt} = EXCLUDED.${movedAt} ` +
            `RETURNING c.${scope} AS "key", c.${last}::text AS "last"`,
        parameters: [series, String(base), JSON.stringify(wanted)],
    }
}

function rowOf({ scopeColumns }: CountedColumn, { scope }: Move): object {
    return Object.fromEntries(
        scopeColumns.flatMap((column, at) => {
            const value = scope?.values[at]
            return typeof value === "string" ? [[realName(column), value]] : []
        }),
    )
}

/** The values are read as the types of the table's own columns. */
function lastInRows(series: CountedColumn, at: number): string {
    const row = `json_populate_record(NULL::${tableName(series.metadata)}, w."rows" -> ${at})`
    return `(SELECT ${lastWhere(series, series.scopeColumns, [])} FROM ${row} s)`
}

/**
 * The highest number of the scope that `s` is. "IS NOT DISTINCT FROM" would not use the index, so
 * each column that can be NULL has two ways.
 * @internal
 */
export function lastWhere(
    series: CountedColumn,
    [column, ...others]: readonly ColumnMetadata[],
    where: readonly string[],
    {
        table = tableName(series.metadata),
        equal = (_: ColumnMetadata, a: string, b: string) => `${a} = ${b}`,
    } = {},
): string {
    if (!column) return selectLast(series, where, "bigint", table)
    const name = columnName(column)
    const next = (condition: string) =>
        lastWhere(series, others, [...where, condition], { table, equal })
    const isEqual = next(equal(column, `t.${name}`, `s.${name}`))
    if (!column.isNullable) return isEqual
    return `CASE WHEN s.${name} IS NULL THEN ${next(`t.${name} IS NULL`)} ELSE ${isEqual} END`
}
