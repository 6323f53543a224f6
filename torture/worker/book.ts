import type { Log, LoggedRow } from "./log"

/** An entity whose number is read when its transaction has ended. */
interface Shown {
    readonly tag: string
    readonly number?: number | null
}

interface NewRow {
    readonly table: string
    readonly entity: Shown
    readonly scope: () => string | undefined
    /** Whether this attempt has made its number. */
    readonly isNew: boolean
}

/** How much was done at some moment. */
interface Mark {
    readonly rows: number
    readonly keys: number
    readonly voided: number
}

/** What one attempt at a transaction has done so far. */
export class Book {
    private readonly rows: NewRow[] = []
    private readonly keys: { readonly tag: string; readonly key: () => string }[] = []
    private readonly voided: LoggedRow[] = []
    private readonly taken: number[] = []
    private tags = 0
    /** Whether the work itself has failed, so that no COMMIT was sent. */
    hasFailed = false

    constructor(
        readonly attempt: string,
        readonly log: Log,
    ) {}

    tag(): string {
        this.tags += 1
        return `${this.attempt}.${this.tags}`
    }

    row(table: string, entity: Shown, scope: () => string | undefined, isNew = true): void {
        this.rows.push({ table, entity, scope, isNew })
    }

    key(tag: string, key: () => string): void {
        this.keys.push({ tag, key })
    }

    void(row: LoggedRow): void {
        this.voided.push(row)
    }

    take(numbers: readonly number[]): void {
        this.taken.push(...numbers)
    }

    deleting(row: LoggedRow): void {
        this.log.write({ kind: "deleting", attempt: this.attempt, row })
    }

    /** To be given to `undoSince`, or to `forgetSince`. */
    mark(): Mark {
        return { rows: this.rows.length, keys: this.keys.length, voided: this.voided.length }
    }

    /** What was done since was rolled back, and is never to be there. */
    undoSince(mark: Mark): void {
        const undone = this.rows.slice(mark.rows)
        this.forgetSince(mark)
        for (const row of undone) if (row.isNew && row.entity.number != null) this.stillShown(row)
        const tags = undone.filter(({ isNew }) => isNew).map(({ entity }) => entity.tag)
        this.log.write({ kind: "undone", attempt: this.attempt, tags })
    }

    /** Nobody can say what of it is there. */
    forgetSince({ rows, keys, voided }: Mark): void {
        this.rows.length = rows
        this.keys.length = keys
        this.voided.length = voided
    }

    committed(): void {
        const { attempt, voided, taken } = this
        this.log.write({
            kind: "done",
            attempt,
            rows: this.rows.map(({ table, entity: { tag, number }, scope }) => ({
                table,
                tag,
                ...(number != null && { number, scope: scope() }),
            })),
            keys: this.keys.map(({ tag, key }) => [tag, key()] as const),
            voided,
            taken,
        })
    }

    failed(): void {
        if (this.hasFailed) this.log.write({ kind: "undone", attempt: this.attempt, tags: "all" })
        for (const row of this.rows)
            if (row.isNew && row.entity.number != null) this.stillShown(row)
    }

    private stillShown({ table, entity: { tag, number }, scope }: NewRow): void {
        const row = { table, tag, ...(number != null && { number, scope: scope() }) }
        this.log.write({ kind: "shown", attempt: this.attempt, row })
    }
}
