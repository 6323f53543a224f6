import { baseOf, firstMove, wayOf } from "../advance"
import type { CounterStatements, CounterTable, Moves } from "../dialect"
import type { Statement } from "../../typeorm/statement"

/** @internal */
export const mysqlCounter: CounterStatements = {
    isOneStatement: false,

    move(table, moves, { driver }) {
        // MariaDB has it, MySQL does not.
        if (driver.isReturningSqlSupported("insert")) return [move(table, moves, true)]
        return [move(table, moves, false), selectMoved(table, moves)]
    },

    advance(table, advance, { driver }) {
        const { name, series, scope, last, movedBy, movedAt } = table
        const { resetAt, max } = advance
        const parameters: string[] = [advance.series, advance.key]
        const value = (number: bigint) => {
            parameters.push(String(number))
            return "CAST(? AS SIGNED)"
        }
        const from = () => `GREATEST(${last}, ${value(baseOf(advance))})`
        const way = () => wayOf(from, advance, { value, divide: (a, b) => `${a} DIV ${b}` })
        const first = firstMove(advance)
        const selected = `CAST(${last} AS CHAR) AS \`last\`, CAST(${movedBy} AS CHAR) AS \`way\``
        const returns = driver.isReturningSqlSupported("insert")
        // The columns are set in this order, and each sees those before it.
        const sql =
            `${insertInto(table)} VALUES (?, ?, ${value(first.last)}, ${value(first.way)}, CURRENT_TIMESTAMP) ` +
            `ON DUPLICATE KEY UPDATE ${movedBy} = ` +
            (resetAt === undefined
                ? `IF(${last} <= ${value(max - first.way)}, ${way()}, 0), `
                : `${way()}, `) +
            `${last} = ${from()} + ${movedBy}, ${movedAt} = CURRENT_TIMESTAMP`
        if (returns) return [{ sql: `${sql} RETURNING ${selected}`, parameters }]
        const where = `WHERE ${series} = ? AND ${scope} = ?`
        return [
            { sql, parameters },
            {
                sql: `SELECT ${selected} FROM ${name} ${where}`,
                parameters: [advance.series, advance.key],
            },
        ]
    },

    advancesAtOnce: ({ driver }) => driver.isReturningSqlSupported("insert"),

    lockWait: {
        read: { sql: "SELECT @@innodb_lock_wait_timeout AS `value`" },
        set: (value) => ({ sql: `SET SESSION innodb_lock_wait_timeout = ${Number(value)}` }),
        // MySQL, which knows no RETURNING, waits for one second at least.
        none: ({ driver }) => (driver.isReturningSqlSupported("insert") ? "0" : "1"),
        isOfTransaction: false,
    },

    raise(table, series, counters) {
        const { last, movedAt } = table
        const raised = `GREATEST(COALESCE(${last}, VALUES(${last})), VALUES(${last}))`
        return {
            sql:
                `${insertInto(table)} VALUES ` +
                counters.map(() => "(?, ?, ?, 0, CURRENT_TIMESTAMP)").join(", ") +
                ` ON DUPLICATE KEY UPDATE ${last} = ${raised}, ${movedAt} = VALUES(${movedAt})`,
            parameters: counters.flatMap(({ key, to }) => [series, key, String(to)]),
        }
    },
}

/**
 * A new counter is left without a number where rows of its scope may exist: to look at them in this
 * statement would lock them and the gaps between them, and end in deadlocks of unrelated scopes.
 */
function move(
    table: CounterTable,
    { series, base, moves, columns }: Moves,
    returns: boolean,
): Statement {
    const { last, movedBy, movedAt } = table
    const moved = `GREATEST(${last}, CAST(? AS SIGNED)) + VALUES(${movedBy})`
    const parameters = moves.flatMap(({ key, by }) => [
        series,
        key,
        columns.length > 0 ? null : String(base + by),
        String(by),
    ])
    return {
        sql:
            `${insertInto(table)} VALUES ` +
            moves.map(() => "(?, ?, ?, ?, CURRENT_TIMESTAMP)").join(", ") +
            ` ON DUPLICATE KEY UPDATE ${last} = ${moved}, ` +
            `${movedBy} = VALUES(${movedBy}), ${movedAt} = VALUES(${movedAt})` +
            (returns ? ` RETURNING ${selected(table)}` : ""),
        parameters: [...parameters, String(base)],
    }
}

function selectMoved(table: CounterTable, { series, moves }: Moves): Statement {
    const keys = moves.map(() => "?").join(", ")
    return {
        sql:
            `SELECT ${selected(table)} FROM ${table.name} ` +
            `WHERE ${table.series} = ? AND ${table.scope} IN (${keys})`,
        parameters: [series, ...moves.map(({ key }) => key)],
    }
}

function insertInto({ name, series, scope, last, movedBy, movedAt }: CounterTable): string {
    return `INSERT INTO ${name} (${series}, ${scope}, ${last}, ${movedBy}, ${movedAt})`
}

function selected({ scope, last }: CounterTable): string {
    return `${scope} AS \`key\`, CAST(${last} AS CHAR) AS \`last\``
}
