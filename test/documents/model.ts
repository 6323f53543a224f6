import fc from "fast-check"

/** Two of them hold what stands between them and the number. */
export const CODES = ["A", "A-2026/", "B/0"] as const
export const YEARS = [2026, 2027] as const

export interface Scope {
    readonly company: number
    readonly year: number
}

export interface ModelRow extends Scope {
    readonly status: string
    readonly number: number | null
    readonly text: string | null
    readonly reference: number | null
}

type Event = readonly [key: string, kind: string, first: number, last: number]

/** What the rows of a table and its journal are to be. */
export class Model {
    rows: (ModelRow | undefined)[] = []
    private events: Event[] = []
    private last: Record<string, number> = {}

    constructor(
        private readonly isPeriodic: boolean,
        /** Whether numbers go on after the highest that a row has. */
        private readonly isReusing: boolean,
    ) {}

    isSame(one: Scope, other: Scope): boolean {
        return this.keyOf(one) === this.keyOf(other)
    }

    nextOf(scope: Scope): number {
        const numbers = this.rows.map((row) => (row && this.isSame(row, scope) ? row.number : 0))
        return 1 + Math.max(...numbers.map(Number), this.isReusing ? 0 : this.lastOf(scope), 0)
    }

    add(scope: Scope, status: string, set: { number?: number; reference?: number } = {}): void {
        const { number = null, reference = null } = set
        const at = this.rows.push({ ...scope, status, number: null, text: null, reference }) - 1
        if (number !== null) {
            this.give(at, number)
            this.note(scope, "explicit", number)
        }
        this.set(at, { scope, status })
    }

    /** A row that is no draft has a number, in the scope that it has then. */
    set(at: number, { scope, status }: { scope: Scope; status: string }): void {
        const row = this.rows[at]
        if (!row) return
        const { company, year } = scope
        this.rows[at] = { ...row, company, year, status }
        if (status !== "draft" && row.number === null) this.give(at, this.nextOf(scope))
    }

    move(at: number, { company, year }: Scope): void {
        const row = this.rows[at]
        if (!row || row.number === null) return
        const isSame = this.isSame(row, { company, year })
        this.rows[at] = { ...row, company, year }
        if (isSame) return
        this.rows[at] = { ...row, company, year, number: null }
        this.give(at, this.nextOf({ company, year }))
        this.note(row, "move", row.number)
    }

    delete(at: number): void {
        const row = this.rows[at]
        this.rows[at] = undefined
        if (row && row.number !== null) this.note(row, "delete", row.number)
    }

    isVoid(at: number): boolean {
        const row = this.rows[at]
        if (!row) return false
        const kinds = ["void", "delete", "move"]
        const found = this.events.filter(
            ([key, kind, first]) =>
                key === this.keyOf(row) && kinds.includes(kind) && first === row.number,
        )
        return found.at(-1)?.[1] === "void"
    }

    void(at: number): void {
        const row = this.rows[at]
        if (!row || row.number === null) return
        this.rows[at] = { ...row, status: "void" }
        this.note(row, "void", row.number)
    }

    skip(scope: Scope, from: number, to: number): void {
        this.last[this.keyOf(scope)] = to
        this.events.push([this.keyOf(scope), "skip", from, to])
    }

    eventsOf(scope: Scope): unknown[] {
        return this.events.filter(([key]) => key === this.keyOf(scope)).map(([, ...event]) => event)
    }

    copy(): Model {
        const copied = new Model(this.isPeriodic, this.isReusing)
        return Object.assign(copied, structuredClone({ ...this }))
    }

    private give(at: number, number: number): void {
        const row = this.rows[at] as ModelRow
        const shown = String(number).padStart(3, "0")
        const year = this.isPeriodic ? `-${row.year}` : ""
        this.rows[at] = { ...row, number, text: `${CODES[row.company] ?? ""}${year}/${shown}` }
        this.last[this.keyOf(row)] = Math.max(this.lastOf(row), number)
    }

    private note(scope: Scope, kind: string, number: number): void {
        this.events.push([this.keyOf(scope), kind, number, number])
    }

    private lastOf(scope: Scope): number {
        return this.last[this.keyOf(scope)] ?? 0
    }

    private keyOf({ company, year }: Scope): string {
        return this.isPeriodic ? `${company} ${year}` : `${company}`
    }
}

interface Set {
    readonly scope: Scope
    readonly status: string
}

export type Operation =
    | { kind: "insert"; scopes: Scope[]; status: string }
    | { kind: "set number" | "skip"; scope: Scope; ahead: number }
    | ({ kind: "save" | "update"; row: number } & Set)
    | { kind: "update all"; company: number; status: string }
    | ({ kind: "upsert"; reference: number } & Set)
    | { kind: "assign" | "move"; row: number; scope: Scope }
    | { kind: "delete" | "void"; row: number }
    | { kind: "fail"; scope: Scope }
    | { kind: "transaction"; operations: Operation[]; isRolledBack: boolean }

const company = fc.nat(CODES.length - 1)
const status = fc.constantFrom("draft", "final")
const scope = fc.record({ company, year: fc.constantFrom(...YEARS) })
const row = fc.nat(9)
const ahead = fc.nat(2)

export const { operation } = fc.letrec<{ operation: Operation }>((tie) => ({
    operation: fc.oneof(
        { maxDepth: 2 },
        fc.record({
            kind: fc.constant("insert" as const),
            scopes: fc.array(scope, { minLength: 1, maxLength: 4 }),
            status,
        }),
        fc.record({ kind: fc.constantFrom("set number" as const, "skip" as const), scope, ahead }),
        fc.record({
            kind: fc.constantFrom("save" as const, "update" as const),
            row,
            scope,
            status,
        }),
        fc.record({ kind: fc.constant("update all" as const), company, status }),
        fc.record({
            kind: fc.constant("upsert" as const),
            reference: fc.integer({ min: 1, max: 3 }),
            scope,
            status,
        }),
        fc.record({ kind: fc.constantFrom("assign" as const, "move" as const), row, scope }),
        fc.record({ kind: fc.constantFrom("delete" as const, "void" as const), row }),
        fc.record({ kind: fc.constant("fail" as const), scope }),
        fc.record({
            kind: fc.constant("transaction" as const),
            operations: fc.array(tie("operation"), { minLength: 1, maxLength: 5 }),
            isRolledBack: fc.boolean(),
        }),
    ),
}))
