import { type Entry, type LoggedRow, readLog } from "../worker/log"

/** What the logs of all workers say. */
export class Facts {
    readonly acknowledged: LoggedRow[] = []
    readonly keys: (readonly [tag: string, key: string])[] = []
    readonly voided: LoggedRow[] = []
    readonly taken: number[] = []
    /** Rows that were not acknowledged, and whose entities show numbers. */
    readonly shown: LoggedRow[] = []
    /** Rows that were deleted, or may have been. */
    readonly deleted: LoggedRow[] = []
    private readonly undoneAttempts = new Set<string>()
    private readonly undoneTags = new Set<string>()
    readonly entries: readonly Entry[]

    constructor(paths: readonly string[]) {
        this.entries = paths.flatMap(readLog).sort((a, b) => a.at - b.at)
        for (const entry of this.entries) this.add(entry)
        for (const entry of this.entries)
            if (entry.kind === "deleting" && !this.undoneAttempts.has(entry.attempt))
                this.deleted.push(entry.row)
    }

    private add(entry: Entry): void {
        if (entry.kind === "done") {
            this.acknowledged.push(...entry.rows)
            this.keys.push(...entry.keys)
            this.voided.push(...entry.voided)
            this.taken.push(...entry.taken)
        } else if (entry.kind === "undone") {
            if (entry.tags === "all") this.undoneAttempts.add(entry.attempt)
            else for (const tag of entry.tags) this.undoneTags.add(tag)
        } else if (entry.kind === "shown") this.shown.push(entry.row)
    }

    /** Whether this row was rolled back before COMMIT was sent. */
    isUndone(tag: string): boolean {
        const attempt = tag.slice(0, tag.lastIndexOf("."))
        return this.undoneTags.has(tag) || this.undoneAttempts.has(attempt)
    }

    /** What is written of a scope around a number. */
    historyOf(table: string, scope: string, near?: number): string[] {
        const isOfIt = (row: LoggedRow) =>
            row.table === table &&
            row.scope === scope &&
            (near === undefined || Math.abs((row.number ?? near) - near) <= 3)
        return this.entries.flatMap((entry) => {
            const time = new Date(entry.at).toISOString()
            if (entry.kind === "deleting" && isOfIt(entry.row))
                return [
                    `${time} ${entry.attempt} deletes ${entry.row.tag}, ${String(entry.row.number)}`,
                ]
            if (entry.kind !== "done") return []
            return entry.rows
                .filter(isOfIt)
                .map(({ tag, number }) => `${time} ${entry.attempt} has ${tag}, ${String(number)}`)
        })
    }
}
