/**
 * The right numbers, in plain TypeScript: what a table and its counters hold when statements, savepoints
 * and rollbacks have come in this order. It knows nothing of TypeORM and of the library.
 */

/** How a strategy makes numbers, as far as one connection can see. */
export type Numbering =
    /** One after the last that was ever given: `counter`, `trigger`. */
    | "counter"
    /** One after the highest that is there: `table-lock`. */
    | "maximum"
    /** Any number that is higher than all before: `gapless: false`. */
    | "ascending"

/** A row as it is given: without a number, with one, or with NULL, as a draft. */
export interface NewRow {
    readonly tag: string
    readonly scope: string
    readonly number?: number | null
}

/** One INSERT, all of which is stored or nothing. */
export interface Statement {
    readonly rows: readonly NewRow[]
    /** Whether the database refuses it. What is left of the call is not sent then. */
    readonly isRefused?: boolean
}

/** Looks up a number that was really given. */
export type Observe = (tag: string) => number | null | undefined

/** The table is not what it has to be, or an entity is not. */
export class Mismatch extends Error {}

export interface StoredRow {
    readonly scope: string
    readonly number: number | null
}

export class Model {
    private rows = new Map<string, StoredRow>()
    /** The last numbers: of counters, or simply the highest that were ever seen. */
    private counters = new Map<string, number>()
    /** Where numbers may be lost: how far those may go that no row has, whatever was rolled back. */
    private readonly lost = new Map<string, number>()

    constructor(private readonly numbering: Numbering) {}

    /** What a rollback goes back to. */
    save(): () => void {
        const [rows, counters] = [new Map(this.rows), new Map(this.counters)]
        return () => {
            this.rows = new Map(rows)
            this.counters = new Map(counters)
        }
    }

    has(tag: string): boolean {
        return this.rows.has(tag)
    }

    stored(): ReadonlyMap<string, StoredRow> {
        return this.rows
    }

    lastNumbers(): ReadonlyMap<string, number> {
        return this.counters
    }

    tagsOf(scope: string): string[] {
        return [...this.rows]
            .filter(([, row]) => row.scope === scope && row.number !== null)
            .sort(([, a], [, b]) => a.number! - b.number!)
            .map(([tag]) => tag)
    }

    /** After which number the next one comes. */
    last(scope: string): number {
        if (this.numbering !== "maximum") return this.counters.get(scope) ?? 0
        return Math.max(0, ...this.numbersOf(scope))
    }

    /** The highest number that may have been taken, for a row that failed as well. */
    lastTaken(scope: string): number {
        return Math.max(this.last(scope), this.lost.get(scope) ?? 0)
    }

    /** Rows that are on their way may take numbers up to this one, and lose them. */
    mayTake(scope: string, number: number): void {
        if (this.numbering === "ascending") this.lost.set(scope, number)
    }

    numbersOf(scope: string): number[] {
        return [...this.rows.values()].flatMap((row) =>
            row.scope === scope && row.number !== null ? [row.number] : [],
        )
    }

    delete(tag: string): void {
        this.rows.delete(tag)
    }

    /** Rows of one statement are numbered in their order; those with a number raise what comes after. */
    insert(rows: readonly NewRow[], observe: Observe): void {
        const before = new Map<string, number>()
        const last = new Map<string, number>()
        for (const { scope } of rows) {
            before.set(scope, this.last(scope))
            last.set(scope, this.last(scope))
        }
        const highestMade = new Map<string, number>()
        for (const { tag, scope, number } of rows) {
            if (number === null) {
                this.rows.set(tag, { scope, number })
                continue
            }
            let given = number
            if (given === undefined && this.numbering === "ascending") {
                given = observe(tag) ?? undefined
                const floor = Math.max(before.get(scope)!, highestMade.get(scope) ?? 0)
                if (given === undefined || given <= floor)
                    throw new Mismatch(`${tag} has ${given}, after ${floor}.`)
                highestMade.set(scope, given)
            }
            given ??= last.get(scope)! + 1
            if (this.numbersOf(scope).includes(given))
                throw new Mismatch(`${tag} has ${given}, which another row of ${scope} has.`)
            last.set(scope, Math.max(last.get(scope)!, given))
            this.rows.set(tag, { scope, number: given })
        }
        if (this.numbering === "maximum") return
        for (const [scope, number] of last) if (number > 0) this.counters.set(scope, number)
    }

    /** The statements of one call, one after the other, up to one that is refused. */
    perform(statements: readonly Statement[], observe: Observe): void {
        for (const { rows, isRefused } of statements) {
            if (isRefused) return
            this.insert(rows, observe)
        }
    }

    /**
     * Statements of calls that run at the same time may come in any order, but for those of one call. There
     * has to be an order which makes the numbers that were given.
     */
    performTogether(calls: readonly (readonly Statement[])[], observe: Observe): void {
        const left = calls.map((statements) => {
            const refused = statements.findIndex(({ isRefused }) => isRefused)
            return refused < 0 ? statements : statements.slice(0, refused)
        })
        if (!this.performInSomeOrder(left, observe)) {
            const all = left
                .flat()
                .flatMap(({ rows }) => rows)
                .map(({ tag, scope }) => `${tag} in ${scope}: ${observe(tag)}`)
            throw new Mismatch(`In no order there are these numbers: ${all.join(", ")}.`)
        }
    }

    private performInSomeOrder(calls: (readonly Statement[])[], observe: Observe): boolean {
        if (calls.every(({ length }) => length === 0)) return true
        const restore = this.save()
        for (const [index, [first, ...rest]] of calls.entries()) {
            if (!first || !this.isObserved(first, observe)) continue
            if (this.performInSomeOrder(replaced(calls, index, rest), observe)) return true
            restore()
        }
        return false
    }

    private isObserved({ rows }: Statement, observe: Observe): boolean {
        const restore = this.save()
        try {
            this.insert(rows, observe)
        } catch (error) {
            restore()
            if (error instanceof Mismatch) return false
            throw error
        }
        if (rows.every(({ tag }) => this.rows.get(tag)!.number === observe(tag))) return true
        restore()
        return false
    }
}

function replaced<T>(list: readonly T[], index: number, value: T): T[] {
    return [...list.slice(0, index), value, ...list.slice(index + 1)]
}
