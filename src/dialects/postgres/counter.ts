import type { CountedColumn } from "../columns"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import type {
    CounterStatements,
    CounterTable,
    Move,
    Moves,
    NumberWriting,
} from "../statements/counter-statements"
import type { Statement } from "../../typeorm/statement"
import { writtenValues } from "./keys"
import { literal, postgresFailure } from "./literal"
import { noRow, realName, selectLast } from "./scopes"
import { isPglite } from "./text"

/** @internal */
export const postgresCounter: CounterStatements = {
    passesRows: true,

    move: (table, moves) => [move(table, moves)],

    moveExisting(table, moves) {
        const parameters: unknown[] = []
        const update = updateOne(table, moves, (value) => `$${parameters.push(value)}`)
        const returned = `${table.scope} AS "key", ${table.last}::text AS "last"`
        return { sql: `${update} RETURNING ${returned}`, parameters }
    },

    moveWithin(table, moves, parameter) {
        const update = updateOne(table, moves, parameter)
        const highest = parameter(String(moves.max - (moves.moves[0]?.by ?? 0n)))
        return `WITH taken AS (${update} AND ${table.last} <= ${highest} RETURNING ${table.last} AS number)`
    },

    numberRows: (table, moves, writing) =>
        isPglite(writing.series.dataSource) ? undefined : numberRows(table, moves, writing),

    movesAtOnce: () => true,

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
                `${last} = GREATEST(c.${last}, EXCLUDED.${last}), ${movedAt} = EXCLUDED.${movedAt} ` +
                `WHERE c.${movedBy} >= 0`,
            parameters: [
                series,
                JSON.stringify(counters.map(({ key, to }) => ({ key, to: String(to) }))),
            ],
        }
    },
}

function updateOne(
    { name, last, movedBy, movedAt, scope, ...table }: CounterTable,
    { series, base, moves: [move] }: Moves,
    parameter: (value: string) => string,
): string {
    const by = parameter(String(move?.by))
    return (
        `UPDATE ${name} SET ${last} = GREATEST(${last}, ${parameter(String(base))}) + ${by}, ` +
        `${movedBy} = ${by}, ${movedAt} = CURRENT_TIMESTAMP ` +
        `WHERE ${table.series} = ${parameter(series)} AND ${scope} = ${parameter(move?.key ?? "")} ` +
        `AND ${movedBy} >= 0`
    )
}

/**
 * A new counter goes on after the rows of its scope. Those are looked at only where there is none:
 * two that race for it both find none, and the second one waits for the first and moves its counter.
 */
function move(table: CounterTable, { series, base, moves, columns, max }: Moves): Statement {
    const { name, last, movedBy, movedAt, scope } = table
    const stored = columns.map(lastInRows)
    // As a join, the table would be read whole: nobody knows how few moves there are.
    const found = `(SELECT k.${scope} FROM ${name} k WHERE k.${table.series} = $1::text AND k.${scope} = w."key")`
    const start =
        stored.length > 0
            ? `CASE WHEN ${found} IS NULL THEN GREATEST($2::bigint, ${stored.join(", ")}) ELSE $2::bigint END`
            : "$2::bigint"
    const wanted = moves.map((move) => ({
        key: move.key,
        by: String(move.by),
        rows: columns.map((ofSeries) => rowOf(ofSeries, move)),
    }))
    return {
        sql:
            `INSERT INTO ${name} AS c (${table.series}, ${scope}, ${last}, ${movedBy}, ${movedAt}) ` +
            `SELECT $1::text, w."key", ${start} + w."by", w."by", CURRENT_TIMESTAMP ` +
            `FROM json_to_recordset($3) AS w("key" varchar, "by" bigint, "rows" json) ` +
            `ORDER BY w."key" COLLATE "C" ` +
            `ON CONFLICT (${table.series}, ${scope}) DO UPDATE SET ` +
            `${last} = GREATEST(c.${last}, $2::bigint) + EXCLUDED.${movedBy}, ` +
            `${movedBy} = EXCLUDED.${movedBy}, ${movedAt} = EXCLUDED.${movedAt} ` +
            `WHERE c.${movedBy} >= 0 ` +
            (max === undefined ? "" : `AND c.${last} <= $4::bigint - EXCLUDED.${movedBy} `) +
            `RETURNING c.${scope} AS "key", c.${last}::text AS "last"`,
        parameters: [
            series,
            String(base),
            JSON.stringify(wanted),
            ...(max === undefined ? [] : [String(max)]),
        ],
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
    const row = `json_populate_record(${noRow(series.metadata)}, w."rows" -> ${at})`
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
        leaf = undefined as ((where: readonly string[]) => string) | undefined,
    } = {},
): string {
    if (!column) return leaf?.(where) ?? selectLast(series, where, "bigint", table)
    const name = columnName(column)
    const next = (condition: string) =>
        lastWhere(series, others, [...where, condition], { table, equal, leaf })
    const isEqual = next(equal(column, `t.${name}`, `s.${name}`))
    if (!column.isNullable) return isEqual
    return `CASE WHEN s.${name} IS NULL THEN ${next(`t.${name} IS NULL`)} ELSE ${isEqual} END`
}

function numberRows(table: CounterTable, moves: Moves, writing: NumberWriting): string {
    const { series, columns, rows, where: condition } = writing
    const { primaryColumns } = series.metadata
    const { where, sets, records } = writtenValues(
        primaryColumns,
        columns,
        rows.map(({ id, values }) => [...id, ...values]),
    )
    const number = columnName(series.column)
    const values = records.map((texts, at) => {
        const behind = series.incrementBy * BigInt(rows.length - 1 - at)
        const number = `(SELECT last FROM moved) - ${behind}`
        const shown = writing.texts.map(({ texts: made }) => made[at]?.(`(${number})`) ?? "NULL")
        const own = [...texts.map(literalOf), ...shown, String(behind), String(at)]
        return `(${own.join(", ")})`
    })
    const shown = writing.texts.map(
        ({ column }, at) => `${columnName(column)} = r.c${where.length + sets.length + at}`,
    )
    const names = [...where, ...sets, ...shown].map((_, at) => `c${at}`)
    const conditions = [...where, `t.${number} IS NULL`, ...(condition ? [condition] : [])]
    const update = updateOne(table, moves, literalOf)
    return (
        `WITH moved AS (${update} RETURNING ${table.last} AS last), ` +
        `numbered AS (UPDATE ${tableName(series.metadata)} AS t ` +
        `SET ${[`${number} = moved.last - r.behind`, ...sets, ...shown].join(", ")} ` +
        `FROM moved, (VALUES ${values.join(", ")}) AS r (${names.join(", ")}, behind, place) ` +
        `WHERE ${conditions.join(" AND ")} RETURNING r.place, t.${number}::text AS number) ` +
        `SELECT CASE WHEN count(*) = ${rows.length} THEN array_agg(number ORDER BY place) ` +
        `ELSE ARRAY[${postgresFailure("count(*)")}::text] END AS "numbers" FROM numbered`
    )
}

function literalOf(value: string | null): string {
    return value === null ? "NULL" : literal(value)
}
