import { groupBy } from "../../group-by"
import type { Insert } from "../../inserts/insert"
import { primaryKeyOf } from "../../inserts/inserted-row"
import type { Session } from "../../inserts/session"
import { keepsJournal } from "../../series/journal"
import { keysOf } from "../../series/scopes/scope-key"
import type { NumberRequest } from "../number-request"
import { findStored } from "../stored-numbers"
import { refuseWithoutTransaction } from "../transaction"
import { isImporting } from "./importing"
import { rowDetails } from "./row-details"
import { beforeDetails, writeEvents } from "./write-events"

/** @internal Those of an INSERT that the journal is told of: callers have set them. */
export function setNumbers(session: Session, requests: readonly NumberRequest[]): NumberRequest[] {
    if (isImporting(session)) return []
    const set = requests.filter(
        ({ explicit, series }) => explicit !== undefined && keepsJournal(series),
    )
    for (const { series } of set) refuseWithoutTransaction(session, series)
    return set
}

/** @internal Those that no row has yet: an upsert may find rows that have them. */
export async function unstored(
    session: Session,
    all: readonly NumberRequest[],
): Promise<NumberRequest[]> {
    const stored = await findStored(session, all)
    return all.filter((one) => !stored.has(one))
}

/** @internal Writes of rows that are in the table now that their numbers were set. */
export async function writeSetNumbers(
    session: Session,
    insert: Insert,
    all: readonly NumberRequest[],
    result: unknown,
): Promise<void> {
    const stored = insert.upsert ? await findStored(session, all) : undefined
    const written = stored ? all.filter((one) => stored.has(one)) : all
    for (const [series, ofSeries] of groupBy(written, (one) => one.series)) {
        const keys = await keysOf(
            session,
            series,
            ofSeries.map(({ scope }) => scope),
        )
        const events = ofSeries.map(({ row, number, before }, at) => ({
            kind: "explicit" as const,
            key: keys[at] ?? "",
            first: number,
            details: { ...keyDetails(primaryKeyOf(insert, row, result)), ...beforeDetails(before) },
        }))
        await writeEvents(session, series.name, events)
    }
}

function keyDetails(key: ReturnType<typeof primaryKeyOf>): object | undefined {
    const columns = key?.map(([column]) => column)
    return columns && rowDetails(columns, (_, at) => key?.[at]?.[1])
}
