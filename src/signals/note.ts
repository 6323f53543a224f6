import type { Statement } from "../typeorm/statement"

const LONGEST = 80
const notes = new Map<string, string>()
const MOST = 10_000

/**
 * What a statement ends with, so that whoever looks at the server sees which series it is about. Nothing in it
 * is read as SQL or as a parameter. At the end, as statements are told apart by how they begin.
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
