import type { Statement } from "../typeorm/statement"

const LONGEST = 80
const notes = new Map<string, string>()
const MOST = 10_000

/**
 * A comment with the name of the series, which lists of running statements show on the server. Nothing in it is read
 * as SQL or as a parameter. It comes last, because statements are recognized by their beginning.
 * @internal
 */
export function noteOf(series: string): string {
    let note = notes.get(series)
    if (note === undefined) {
        note = ` /* autosequence ${series.replace(/[^\w.-]/g, "_").slice(0, LONGEST)} */`
        // Names of sequences may be made of data.
        if (notes.size >= MOST) notes.clear()
        notes.set(series, note)
    }
    return note
}

/** @internal */
export function noted(series: string, statement: Statement): Statement {
    return { ...statement, sql: statement.sql + noteOf(series) }
}
