import { batches } from "../batches"
import { EVENT_ENTITY } from "../declared/own-tables"
import { hasJournal } from "../series/journal"
import { eventTableOf } from "../series/own-table"
import { parseNumber } from "../numbers/number-values"
import { Parameters } from "../typeorm/rows/parameters"
import { OWN } from "../typeorm/names"
import { type RangeEvent, WRITTEN } from "./scopes/ranges"
import type { Snapshot } from "./snapshot"
import { hasOwnTable } from "./tables"

/** Entries of these kinds are about numbers that rows have, or about none. */
const ABOUT_NO_GAP = ["void", "format", "code", "close", "reopen", "resync"]
/** How many scopes one statement is about. */
const AT_ONCE = 200
/** How many entries of one series are kept with their reasons. */
const WITH_REASONS = 200_000

/**
 * What the journal says about missing numbers, by the keys of their scopes.
 * @internal
 */
export async function eventsOf(
    snapshot: Snapshot,
    series: string,
    keys: readonly string[],
    withReasons = WITH_REASONS,
): Promise<ReadonlyMap<string, readonly RangeEvent[]>> {
    const events = new Map<string, RangeEvent[]>()
    const { dataSource, dialect, runner, signal } = snapshot
    if (keys.length === 0 || !(await hasEvents(snapshot))) return events
    const event = eventTableOf(dataSource)
    const { integer } = dialect.audit
    const text = (name: string) => dataSource.driver.escape(`${OWN}${name}`)
    let kept = 0
    for (const batch of batches(keys, AT_ONCE)) {
        signal?.throwIfAborted()
        const parameters = new Parameters(dataSource)
        const ofSeries = `e.${event.series} = ${parameters.add(series)}`
        const ofScopes = `e.${event.scope} IN (${parameters.list(batch)})`
        const ofKinds = `e.${event.kind} NOT IN (${parameters.list(ABOUT_NO_GAP)})`
        const sql =
            `SELECT e.${event.scope} AS ${text("scope")}, e.${event.kind} AS ${text("kind")}, ` +
            `${integer(`e.${event.first}`)} AS ${text("first")}, ${integer(`e.${event.last}`)} AS ${text("last")}, ` +
            `e.${event.reason} AS ${text("reason")}, e.${event.by} AS ${text("by")}, ` +
            `${integer(dialect.journal.milliseconds(`e.${event.at}`))} AS ${text("at")}, ` +
            `e.${event.details} AS ${text("details")} ` +
            `FROM ${event.table} e WHERE ${ofSeries} AND ${ofScopes} AND ${ofKinds} ` +
            `AND e.${event.first} IS NOT NULL ORDER BY e.${event.first}, e.${event.id}`
        await dialect.audit.each<Record<string, string | null>>(
            runner,
            { sql, parameters: parameters.values },
            (row) => {
                kept += 1
                const isBare = kept > withReasons
                const value = (name: string) => row[`${OWN}${name}`] ?? null
                const first = BigInt(value("first") ?? 0)
                const kind = value("kind") ?? ""
                const before = WRITTEN.has(kind) ? beforeOf(value("details")) : undefined
                const own = events.get(value("scope") ?? "") ?? []
                events.set(value("scope") ?? "", own)
                own.push({
                    kind,
                    reason: isBare ? null : value("reason"),
                    by: isBare ? null : value("by"),
                    at: isBare ? "" : new Date(Number(value("at"))).toISOString(),
                    first,
                    last: BigInt(value("last") ?? first),
                    ...(before !== undefined && { before }),
                    ...(isBare && { isBare }),
                })
            },
        )
    }
    return events
}

/** Where the scope was before an entry, if the entry says it. */
function beforeOf(details: string | null): bigint | undefined {
    if (details === null) return undefined
    const { before } = JSON.parse(details) as { readonly before?: unknown }
    return typeof before === "string" ? parseNumber(before) : undefined
}

async function hasEvents(snapshot: Snapshot): Promise<boolean> {
    return hasJournal(snapshot.dataSource) && (await hasOwnTable(snapshot, EVENT_ENTITY))
}
