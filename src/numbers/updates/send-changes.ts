import { batches } from "../../batches"
import { list, type Piece, piece, type Update } from "../../inserts/sql/update"
import type { Session } from "../../inserts/session"
import { type ChangedRequest, writeChanges } from "./changed-requests"
import type { Change } from "./change"
import { type ChangedRows, isRow, type StoredRow } from "./changed-rows"
import { keyOf } from "./entities/updated-entities"

/** @internal An UPDATE whose numbers are made. */
export interface PlannedChange extends Change, ChangedRows {
    readonly requests: readonly ChangedRequest[]
    /** Whether code has asked for the numbers. */
    readonly isAsked?: boolean
}

// A statement has a limited number of parameters, and looks for the number of each row among all.
const BATCH = 500

/**
 * Sends an UPDATE with the numbers of its rows: at once, or in parts where they are many. The rows that are given
 * none come first, as those that have one then would be updated twice.
 * @internal
 */
export async function sendChanges(
    session: Session,
    update: Update,
    changes: readonly PlannedChange[],
    send: (update: Update) => Promise<unknown>,
): Promise<unknown> {
    const keys = new Map<StoredRow, string>()
    const due = new Map<string, Piece>()
    for (const { series, rows } of changes)
        for (const row of rows) {
            const key = keyOf(series, row)
            keys.set(row, key)
            if (Number(row.due) === 1) due.set(key, isRow(series, row))
        }
    // What nothing has locked since is left alone: it would have no number.
    const others = changes.flatMap(({ isDue }) =>
        isDue ? [piece(["CASE WHEN ", " THEN 1 ELSE 0 END = 0"], isDue)] : [],
    )
    const areOthers = others.length > 0 ? [list(others, " AND ")] : []
    if (due.size <= BATCH || update.isLimited) {
        if (areOthers.length > 0) update.and(list([...areOthers, ...due.values()], " OR "))
        return send(write(update, changes, () => true))
    }
    const isIn = (some: { has(key: string): boolean }) => (row: StoredRow) =>
        some.has(keys.get(row) ?? "")
    const isDue = isIn(due)
    const parts = [write(update.part(list(areOthers, "")), changes, (row) => !isDue(row))]
    for (const batch of batches([...due], BATCH)) {
        const are = batch.map(([, isOne]) => isOne)
        parts.push(write(update.part(list(are, " OR ")), changes, isIn(new Map(batch))))
    }
    const results: unknown[] = []
    try {
        for (const part of parts) results.push(await send(part))
    } catch (error) {
        // The parts before it are in the table, in databases whose transactions go on.
        if (results.length > 0) session.transaction?.refuseCommit(error as Error)
        throw error
    }
    return joined(results as Result[])
}

function write(
    update: Update,
    changes: readonly PlannedChange[],
    isOwn: (row: StoredRow) => boolean,
): Update {
    for (const { series, rows, periods, texts, requests } of changes)
        writeChanges(
            { series, update },
            {
                rows: rows.filter(isOwn),
                periods: new Map([...periods].filter(([row]) => isOwn(row))),
                texts: texts && new Map([...texts].filter(([row]) => isOwn(row))),
            },
            requests.filter(({ row }) => isOwn(row)),
        )
    return update
}

interface Result {
    readonly affected?: number
    readonly records?: readonly unknown[]
}

function joined(results: readonly Result[]): Result {
    return Object.assign({}, results.at(-1), {
        affected: results.reduce((sum, { affected = 0 }) => sum + affected, 0),
        records: results.flatMap(({ records = [] }) => records),
    })
}
