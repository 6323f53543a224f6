import type { DataSource } from "typeorm"
import { asMissingRight, inSnapshot, readable } from "../../audit/snapshot"
import type { CounterLockRow } from "../../dialects/statements/lock-statements"
import { UnsupportedError } from "../../errors"
import { counterTableOf } from "../../series/own-table"
import { onMaster } from "../../typeorm/on-master"
import { givenDataSource } from "../../typeorm/given"
import { select } from "../../typeorm/statement"
import { ScopeNames } from "./list-counters"

/** A session of the database that holds a counter, or waits for it. */
export interface CounterSession {
    /** What the database calls it: the process of PostgreSQL, the connection of MariaDB and MySQL. */
    readonly id: string
    /** Since when its transaction runs, or since when it waits: ISO text in UTC. */
    readonly since: string | null
    readonly user: string | null
    /** What it says it is (`application_name`), or where it comes from. */
    readonly program: string | null
}

/** A counter that a transaction holds. */
export interface HeldCounter {
    readonly series: string
    readonly scope: Readonly<Record<string, string | null>>
    readonly holder: CounterSession & {
        /** What it does now: `"idle in transaction"` waits for its program. */
        readonly state: string | null
    }
    readonly waiting: readonly CounterSession[]
}

/**
 * Tells which transactions hold a counter, since when, and who waits for it. On PostgreSQL also those for whom nobody
 * waits, but for counters that are made by the same transaction; on MariaDB and MySQL those that others wait for.
 *
 * Errors: {@link UnsupportedError} on SQLite, where a writer holds all of the database; {@link MissingRightError}: MariaDB
 * and MySQL ask for the right PROCESS.
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
            `On "${given.options.type}" nobody holds one counter: a writer holds the whole database.`,
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
