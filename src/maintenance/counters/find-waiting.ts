import type { DataSource } from "typeorm"
import { asMissingRight, inSnapshot, readable } from "../../audit/snapshot"
import type { CounterLockRow } from "../../dialects/statements/lock-statements"
import { UnsupportedError } from "../../errors"
import { counterTableOf } from "../../series/own-table"
import { onMaster } from "../../typeorm/on-master"
import { givenDataSource } from "../../typeorm/given"
import { select } from "../../typeorm/statement"
import { ScopeNames } from "./list-counters"

/** A database session that holds a counter or waits for it. */
export interface CounterSession {
    /**
     * The database's name for it: the process on PostgreSQL, the connection on MariaDB and MySQL.
     */
    readonly id: string
    /** When its transaction began, or when it began to wait: ISO string in UTC. */
    readonly since: string | null
    readonly user: string | null
    /** What it calls itself (`application_name`), or where it comes from. */
    readonly program: string | null
}

/** A counter that a transaction holds. */
export interface HeldCounter {
    readonly series: string
    readonly scope: Readonly<Record<string, string | null>>
    readonly holder: CounterSession & {
        /** What it is doing now: `"idle in transaction"` means that it waits for its program. */
        readonly state: string | null
    }
    readonly waiting: readonly CounterSession[]
}

/**
 * Finds the transactions that hold a counter: since when, and which sessions wait for it. On
 * PostgreSQL this includes transactions that nobody waits for, except for counters created by the
 * same transaction. On MariaDB and MySQL it finds only those that others wait for.
 *
 * Errors: {@link UnsupportedError} on SQLite, where a writer holds the whole database;
 * {@link MissingRightError}: MariaDB and MySQL require the PROCESS right.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { findHeldCounters } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * for (const { series, holder, waiting } of await findHeldCounters(dataSource))
 *     console.log(`${series} is held since ${holder.since} by ${holder.id}, ${waiting.length} wait`)
 * ```
 */
export async function findHeldCounters(dataSource: DataSource): Promise<HeldCounter[]> {
    const given = givenDataSource("findHeldCounters", dataSource)
    const dialect = readable(given)
    const { locks } = dialect
    if (!locks)
        throw new UnsupportedError(
            `"${given.options.type}" does not lock single counters: a writer holds the whole database.`,
        )
    const table = counterTableOf(given)
    const rows = await onMaster(given, (runner) =>
        select<CounterLockRow>(runner, locks.waiting(table, given)),
    ).catch((error: unknown) => {
        throw asMissingRight(dialect, error)
    })
    if (rows.length === 0) return []
    const names = await inSnapshot(given, (snapshot) => ScopeNames.of(snapshot))
    const held = new Map<string, HeldCounter & { waiting: CounterSession[] }>()
    for (const row of rows) {
        const [series, scope] =
            row.series === null ? placeOf(row.place) : [row.series, row.scope ?? ""]
        const key = JSON.stringify([series, scope, row.holder])
        const counter = held.get(key) ?? {
            series,
            scope: names.scopeOf(series, scope),
            holder: {
                id: row.holder,
                since: row.since,
                user: row.user,
                program: row.program,
                state: row.state,
            },
            waiting: [],
        }
        held.set(key, counter)
        if (row.waiter !== null && counter.waiting.every(({ id }) => id !== row.waiter))
            counter.waiting.push({
                id: row.waiter,
                since: row.waiterSince,
                user: row.waiterUser,
                program: row.waiterProgram,
            })
    }
    return [...held.values()]
}

/** `'ticket.number', 'v1:"1"'` */
function placeOf(text: string | null): [string, string] {
    const [, series, scope] = /^'(.*?)', '(.*?)'(?:,|$)/s.exec(text ?? "") ?? []
    return [series ?? "", scope ?? ""]
}
