import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs"

/** A row with its number, as its entity showed them when the transaction was acknowledged. */
export interface LoggedRow {
    readonly table: string
    readonly tag: string
    /** Undefined for a row without a number, and where the writer is not told. */
    readonly number?: number
    readonly scope?: string
}

export type Entry = { readonly at: number; readonly attempt: string } & (
    | {
          /** The database has acknowledged it. */
          readonly kind: "done"
          readonly rows: readonly LoggedRow[]
          /** Tags of rows, and the public keys that they got. */
          readonly keys: readonly (readonly [tag: string, key: string])[]
          /** Tags of rows that were made void, with their tables. */
          readonly voided: readonly LoggedRow[]
          /** Numbers taken outside of a transaction. */
          readonly taken: readonly number[]
      }
    /** Is about to be deleted. */
    | { readonly kind: "deleting"; readonly row: LoggedRow }
    /** Was rolled back before COMMIT was sent: nothing of it may ever be there. */
    | { readonly kind: "undone"; readonly tags: "all" | readonly string[] }
    /** Its transaction has failed, and its entity shows a number: it can only be there all the same. */
    | { readonly kind: "shown"; readonly row: LoggedRow }
)

// What JSON.stringify makes of a union would lose its alternatives with Omit.
export type NewEntry = Entry extends infer One
    ? One extends Entry
        ? Omit<One, "at">
        : never
    : never

/** What one worker has done, a line each. What is written is with the kernel, and stays when the worker is killed. */
export class Log {
    private readonly file: number

    constructor(path: string) {
        this.file = openSync(path, "a")
    }

    write(entry: NewEntry): void {
        appendFileSync(this.file, `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
    }

    close(): void {
        closeSync(this.file)
    }
}

/** The entries of a log. One that was being written when its worker was killed was not acknowledged to anybody. */
export function readLog(path: string): Entry[] {
    return readFileSync(path, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Entry)
}
