import type { CounterStatements, CounterTable, Moves } from "../statements/counter-statements"
import type { Statement } from "../../typeorm/statement"
import { lastInRows, listed } from "./scopes"

const MAX = "9223372036854775807"

/** @internal */
export const sqliteCounter: CounterStatements = {
    passesRows: true,

    move: (table, moves) => [move(table, moves)],

    movesAtOnce: () => true,

    lockWait: {
        read: { sql: `SELECT timeout AS "value" FROM pragma_busy_timeout` },
        set: (value) => ({ sql: `PRAGMA busy_timeout = ${Number(value)}` }),
        none: () => "0",
        isOfTransaction: false,
    },

    raise(table, series, counters) {
        const { name, scope, last, movedBy, movedAt } = table
        return {
            sql:
                `INSERT INTO ${name} AS c (${table.series}, ${scope}, ${last}, ${movedBy}, ${movedAt}) ` +
                `SELECT ?, e.value ->> '$.key', CAST(e.value ->> '$.to' AS INTEGER), 0, CURRENT_TIMESTAMP ` +
                `FROM json_each(?) e WHERE TRUE ` +
                `ON CONFLICT (${table.series}, ${scope}) DO UPDATE SET ` +
                `${last} = MAX(c.${last}, excluded.${last}), ${movedAt} = excluded.${movedAt} ` +
                `WHERE c.${movedBy} >= 0`,
            parameters: [
                series,
                JSON.stringify(counters.map(({ key, to }) => ({ key, to: String(to) }))),
            ],
        }
    },
}

function move(table: CounterTable, { series, base, moves, columns, max }: Moves): Statement {
    const { name, scope, last, movedBy, movedAt } = table
    const first = `CAST(? AS INTEGER)`
    const stored = columns.map((ofSeries) => `COALESCE(${lastInRows(ofSeries)}, p.base)`)
    const start =
        stored.length > 0
            ? `CASE WHEN k.${scope} IS NULL THEN MAX(p.base, ${stored.join(", ")}) ELSE p.base END`
            : "p.base"
    const by = `CAST(e.value ->> '$.by' AS INTEGER)`
    const wanted = moves.map(({ key, by, scope }) => ({
        key,
        by: String(by),
        ...listed(scope?.values ?? []),
    }))
    return {
        sql:
            `INSERT INTO ${name} AS c (${table.series}, ${scope}, ${last}, ${movedBy}, ${movedAt}) ` +
            `SELECT p.series, e.value ->> '$.key', ${start} + ${by}, ${by}, CURRENT_TIMESTAMP ` +
            `FROM (SELECT ? AS series, ${first} AS base) p, json_each(?) e ` +
            `LEFT JOIN ${name} k ON k.${table.series} = p.series AND k.${scope} = e.value ->> '$.key' ` +
            `WHERE TRUE ` +
            `ON CONFLICT (${table.series}, ${scope}) DO UPDATE SET ` +
            `${last} = MAX(c.${last}, ${first}) + excluded.${movedBy}, ` +
            // A number that is too large would become one of floating point; NULL is refused.
            `${movedBy} = CASE WHEN MAX(c.${last}, ${first}) <= ${MAX} - excluded.${movedBy} ` +
            `THEN excluded.${movedBy} END, ${movedAt} = excluded.${movedAt} ` +
            `WHERE c.${movedBy} >= 0 ` +
            (max === undefined
                ? ""
                : `AND c.${last} <= CAST(? AS INTEGER) - excluded.${movedBy} `) +
            `RETURNING ${scope} AS "key", CAST(${last} AS TEXT) AS "last"`,
        parameters: [
            series,
            String(base),
            JSON.stringify(wanted),
            String(base),
            String(base),
            ...(max === undefined ? [] : [String(max)]),
        ],
    }
}
