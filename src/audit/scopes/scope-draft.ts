import { beforeFirst } from "../../numbers/number-values"
import type { Series } from "../../series/series"
import { findingsOf } from "./findings"
import type { FoundRows } from "../found-rows"
import { namedScope } from "./named-scope"
import type { MissingNumbers } from "./missing-numbers"
import { between, type MissingRange } from "./ranges"
import type { Found } from "../read-ahead"
import { textsOfKey } from "./scope-key-texts"
import type { Audited, ScopeRow } from "../statements"
import { OWN } from "../../typeorm/names"
import type { FindingKind, ScopeAudit } from "../types"

/** @internal A scope while it is looked at. */
export class ScopeDraft {
    readonly key: string
    /** The values of the scope, as texts that the columns read. */
    readonly values: readonly (string | null)[]
    readonly rows: number
    readonly first: bigint | undefined
    readonly last: bigint | undefined
    readonly counter: bigint | undefined
    readonly movedAt: string | null
    readonly isClosed: boolean
    /** Whether numbers are missing between its rows. */
    readonly hasGaps: boolean
    private missing: MissingNumbers | undefined
    /** What was found of rows. */
    private readonly found = new Map<FindingKind, FoundRows>()

    constructor(
        readonly audited: Audited,
        readonly hasCounters: boolean,
        kinds: readonly FindingKind[],
        found: Found,
        row: ScopeRow,
    ) {
        const text = (name: string) => row[`${OWN}${name}`] ?? null
        const number = (name: string) => {
            const value = text(name)
            return value === null ? undefined : BigInt(value)
        }
        this.key = text("key") ?? ""
        this.rows = Number(text("rows"))
        this.first = number("first")
        this.last = number("last")
        this.counter = number("counter")
        this.movedAt = text("movedAt")
        this.isClosed = (number("movedBy") ?? 0n) < 0n
        const values = this.series.scopeColumns.map((_, at) => text(`s${at}`))
        // Where there are rows, these have shown them.
        this.values = this.rows === 0 ? (textsOfKey(this.key) ?? values) : values
        kinds.forEach((kind, at) => {
            const count = Number(text(`k${at}`))
            if (count > 0) this.found.set(kind, { count, numbers: [] })
        })
        for (const [kind, rows] of found.byKind) {
            const own = rows.get(this.key)
            if (own) this.found.set(kind, own)
        }
        const duplicates = found.duplicates.get(this.key)
        if (duplicates) this.found.set("duplicate", duplicates)
        const distinct = BigInt(this.rows - (found.excess.get(this.key)?.count ?? 0))
        // One that the step leaves out counts as one that is missing.
        const isMixed = number("lowRest") !== number("highRest")
        this.hasGaps = isMixed || this.misses(distinct)
    }

    get series(): Series {
        return this.audited[0].series
    }

    /** Whether there is nothing to say: drafts, and no number yet, or a counter by which nothing counts any more. */
    get isEmpty(): boolean {
        if (this.rows > 0 || this.found.size > 0) return false
        return this.counterState === "none" || this.isOfFormerScope
    }

    private get isOfFormerScope(): boolean {
        return this.values.length !== this.series.scopeColumns.length
    }

    /** Whether the counts leave a doubt about it, so that its rows have to be read. */
    get isDoubtful(): boolean {
        return this.lacksNumbers || this.hasFindings
    }

    /** Whether numbers are missing: between its rows, before the first one, or after the last one. */
    get lacksNumbers(): boolean {
        return this.hasGaps || this.ends().length > 0
    }

    /** Whether something is wrong with it, whatever explains its missing numbers. */
    get hasFindings(): boolean {
        return (
            this.found.size > 0 || this.counterState === "behind" || this.counterState === "missing"
        )
    }

    get counterState(): ScopeAudit["counterState"] {
        const { counter, last } = this
        if (!this.hasCounters) return "none"
        if (counter === undefined) return last === undefined ? "none" : "missing"
        const highest = last ?? beforeFirst(this.series)
        if (counter === highest) return last === undefined ? "none" : "level"
        return counter > highest ? "ahead" : "behind"
    }

    countOf(kind: string): number {
        return this.found.get(kind as FindingKind)?.count ?? 0
    }

    setNumbers(kind: string, numbers: readonly string[]): void {
        const found = this.found.get(kind as FindingKind)
        if (found) found.numbers.push(...numbers)
    }

    /** The missing numbers before the first row, between rows, and after the last row. */
    setMissing(missing: MissingNumbers): void {
        this.missing = missing
        this.addEnds("start")
    }

    addRange(range: MissingRange): void {
        this.missing?.add(range)
    }

    /** Called after all ranges between rows. */
    endRanges(): void {
        this.addEnds("end")
    }

    audit(): ScopeAudit {
        const { first, last, counter, series, missing } = this
        const text = (number: bigint | undefined) => (number === undefined ? null : String(number))
        const audit = {
            scope: namedScope(series, this.values),
            first: text(first),
            last: text(last),
            rows: this.rows,
            counter: text(counter),
            counterState: this.counterState,
            movedAt: this.movedAt,
            closed: this.isClosed,
            missing: String(missing?.count ?? 0n),
            ranges: missing?.listed ?? [],
            moreRanges: missing?.more ?? 0,
        }
        return { ...audit, findings: findingsOf(audit, missing, this.audited, this.found) }
    }

    private addEnds(place: MissingRange["place"]): void {
        for (const range of this.ends()) if (range.place === place) this.addRange(range)
    }

    private misses(distinct: bigint): boolean {
        const { first, last } = this
        if (first === undefined || last === undefined) return false
        return (
            (last - first) / this.series.incrementBy + 1n !== distinct ||
            (last - first) % this.series.incrementBy !== 0n
        )
    }

    private ends(): MissingRange[] {
        const { first, last, counter, series } = this
        const { startAt, startOf, incrementBy } = series
        const base = beforeFirst(series)
        const ends: MissingRange[] = []
        if (first !== undefined && !startOf)
            ends.push(
                ...between(base, first, series).map((range) => ({
                    ...range,
                    place: "start" as const,
                })),
            )
        // Where it begins is not known without a row.
        if (counter !== undefined && !(startOf && last === undefined)) {
            const rule = { startAt: startOf ? counter * 0n : startAt, incrementBy }
            const behind = between(last ?? base, counter + 1n, rule)
            ends.push(...behind.map((range) => ({ ...range, place: "end" as const })))
        }
        return ends
    }
}
