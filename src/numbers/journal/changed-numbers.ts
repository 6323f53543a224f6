import { valueOfPiece } from "../../inserts/sql/update"
import type { Session } from "../../inserts/session"
import { keepsJournal } from "../../series/journal"
import { scopeText, scopeWith } from "../../series/scopes/scope"
import { keysOf } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import { parseNumber } from "../number-values"
import type { StoredRow } from "../updates/changed-rows"
import type { PlannedChange } from "../updates/send-changes"
import { rowDetails } from "./row-details"
import { beforeDetails, type NewEvent, writeEvents } from "./write-events"

/** @internal The UPDATEs that the journal has to know of; triggers write theirs themselves. */
export function journaledChanges(changes: readonly PlannedChange[]): PlannedChange[] {
    return changes.filter(
        ({ series, requests, rows, number }) =>
            series.strategy !== "trigger" &&
            keepsJournal(series) &&
            (requests.some(({ row, explicit }) =>
                row.number === null ? explicit !== undefined : true,
            ) ||
                (isTakenOff(number) && rows.some((row) => row.number !== null))),
    )
}

function isTakenOff(number: PlannedChange["number"]): boolean {
    return number !== undefined && valueOfPiece(number) === null
}

/** @internal Writes which numbers an UPDATE has set, or given rows in the place of others. */
export async function writeChangedNumbers(session: Session, change: PlannedChange): Promise<void> {
    const { series, requests, rows, number } = change
    const events: NewEvent[] = []
    const changed = requests.filter(
        ({ row, explicit }) => row.number !== null || explicit !== undefined,
    )
    const before = await keysOfRows(
        session,
        series,
        changed.map(({ row }) => row),
    )
    const after = await keysOf(
        session,
        series,
        changed.map(({ scope }) => scope),
    )
    for (const [at, { row, explicit, ...request }] of changed.entries()) {
        const [from = "", key = ""] = [before[at], after[at]]
        const stored = parseNumber(row.number)
        const given = request.number ?? explicit
        if (given === undefined) continue
        if (stored === given && from === key) continue
        const details = detailsOf(series, row)
        if (stored !== undefined)
            events.push({
                kind: "move",
                key: from,
                first: stored,
                details: { ...details, to: { scope: key, number: String(given) } },
            })
        if (explicit !== undefined)
            events.push({
                kind: "explicit",
                key,
                first: given,
                details: { ...details, ...beforeDetails(request.before) },
            })
    }
    const off = isTakenOff(number) ? rows.filter((row) => row.number !== null) : []
    const keys = await keysOfRows(session, series, off)
    for (const [at, row] of off.entries())
        events.push({
            kind: "delete",
            key: keys[at] ?? "",
            first: parseNumber(row.number),
            details: detailsOf(series, row),
        })
    await writeEvents(session, series.name, events)
}

function keysOfRows(
    session: Session,
    series: Series,
    rows: readonly StoredRow[],
): string[] | Promise<string[]> {
    const scopes = rows.map((row) =>
        scopeWith(series.scopeColumns.map((column, at) => scopeText(column, row[`s${at}`]))),
    )
    return keysOf(session, series, scopes)
}

function detailsOf({ metadata }: Series, row: StoredRow): object {
    return rowDetails(metadata.primaryColumns, (_, at) => row[`k${at}`])
}
