import type { CounterStatements, CounterTable, Moves } from "../statements/counter-statements"
import type { Statement } from "../../typeorm/statement"

/** @internal */
export const mysqlCounter: CounterStatements = {
    passesRows: false,

    move(table, moves, { driver }) {
        // MariaDB has it, MySQL does not.
        if (driver.isReturningSqlSupported("insert")) return [move(table, moves, true)]
        return [move(table, moves, false), selectMoved(table, moves)]
    },

    movesAtOnce: ({ driver }) => driver.isReturningSqlSupported("insert"),

    lockWait: {
        read: { sql: "SELECT @@innodb_lock_wait_timeout AS `value`" },
        set: (value) => ({ sql: `SET SESSION innodb_lock_wait_timeout = ${Number(value)}` }),
        // MySQL, which knows no RETURNING, waits for one second at least.
        none: ({ driver }) => (driver.isReturningSqlSupported("insert") ? "0" : "1"),
        isOfTransaction: false,
    },

    raise(table, series, counters) {
        const { last, movedBy, movedAt } = table
        const highest = `GREATEST(COALESCE(${last}, VALUES(${last})), VALUES(${last}))`
        const raised = `IF(${movedBy} < 0, ${last}, ${highest})`
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
    { series, base, moves, columns, max }: Moves,
    returns: boolean,
): Statement {
    const { last, movedBy, movedAt } = table
    const moved = `GREATEST(${last}, CAST(? AS SIGNED)) + VALUES(${movedBy})`
    // The columns are set in this order, and each sees those before it.
    const sets =
        max === undefined
            ? [
                  `${last} = IF(${movedBy} < 0, ${last}, ${moved})`,
                  `${movedBy} = IF(${movedBy} < 0, ${movedBy}, VALUES(${movedBy}))`,
              ]
            : [
                  `${movedBy} = IF(${movedBy} < 0, ${movedBy}, ` +
                      `IF(${last} <= CAST(? AS SIGNED) - VALUES(${movedBy}), VALUES(${movedBy}), 0))`,
                  `${last} = IF(${movedBy} <= 0, ${last}, ${moved})`,
              ]
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
            ` ON DUPLICATE KEY UPDATE ${sets.join(", ")}, ${movedAt} = VALUES(${movedAt})` +
            (returns ? ` RETURNING ${selected(table, max)}` : ""),
        parameters: [...parameters, ...(max === undefined ? [] : [String(max)]), String(base)],
    }
}

function selectMoved(table: CounterTable, { series, moves, max }: Moves): Statement {
    const keys = moves.map(() => "?").join(", ")
    return {
        sql:
            `SELECT ${selected(table, max)} FROM ${table.name} ` +
            // Where the move has changed nothing, another read would show the snapshot.
            `WHERE ${table.series} = ? AND ${table.scope} IN (${keys}) FOR UPDATE`,
        parameters: [series, ...moves.map(({ key }) => key)],
    }
}

function insertInto({ name, series, scope, last, movedBy, movedAt }: CounterTable): string {
    return `INSERT INTO ${name} (${series}, ${scope}, ${last}, ${movedBy}, ${movedAt})`
}

function selected({ scope, last, movedBy }: CounterTable, max: bigint | undefined): string {
    const moved = max === undefined ? last : `CASE WHEN ${movedBy} > 0 THEN ${last} END`
    return `${scope} AS \`key\`, CAST(${moved} AS CHAR) AS \`last\`, ${movedBy} < 0 AS \`isClosed\``
}
