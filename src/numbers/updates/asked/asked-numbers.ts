import type { Session } from "../../../inserts/session"
import { oncePer } from "../../../once-per"
import type { Piece, Update } from "../../../inserts/sql/update"
import type { Series } from "../../../series/series"

/** @internal A row by its primary key, column by column. */
export interface KeyedRow {
    readonly [key: `k${number}`]: unknown
}

/** @internal Numbers that code asks for, for the rows that one UPDATE is about. */
export interface AskedNumbers {
    /** Drafts get their numbers, or rows with a number another one in the scope that they move to. */
    readonly kind: "assign" | "move"
    /** How many rows there are. */
    readonly count: number
    /** In which they are read, as SQL. */
    readonly orderBy?: string
    /** Puts them in the order in which they get their numbers. */
    sort<Row extends KeyedRow>(rows: readonly Row[]): Row[]
    /** The numbers that rows get, in that order; a row that keeps its number gets none. */
    readonly made: bigint[]
}

const askedIn = oncePer<Session, Map<string, AskedNumbers>>(() => new Map())

/**
 * Lets the session give numbers to the rows of an UPDATE. Resolves to what stands in the place of the number there.
 * @internal
 */
export async function askFor<T>(
    session: Session,
    numbers: AskedNumbers,
    work: (mark: string) => Promise<T>,
): Promise<T> {
    const all = askedIn(session)
    let id = all.size
    while (all.has(markOf(id))) id += 1
    const mark = markOf(id)
    all.set(mark, numbers)
    try {
        return await work(mark)
    } finally {
        all.delete(mark)
    }
}

function markOf(id: number): string {
    return `/*#asked ${id}*/NULL`
}

/** @internal Whether the UPDATE sets a number that code has asked for. */
export function isAsked(number: Piece | undefined): boolean {
    return number?.texts[0]?.startsWith("/*#asked ") ?? false
}

/** @internal What code has asked for by an UPDATE. */
export function findAsked(
    session: Session,
    { column }: Series,
    update: Update,
): AskedNumbers | undefined {
    const number = update.valueOf(column)
    return isAsked(number) ? askedIn(session).get(number?.texts[0]?.trim() ?? "") : undefined
}

/** @internal Takes what code has asked for out of an UPDATE. */
export function takeAsked(
    session: Session,
    series: Series,
    update: Update,
): AskedNumbers | undefined {
    const found = findAsked(session, series, update)
    if (found) update.unset(series.column)
    return found
}

/** @internal The same series, with numbers that are not left to COMMIT. */
export function madeAtOnce(series: Series): Series {
    return series.assignsAtCommit ? { ...series, assignsAtCommit: false } : series
}
