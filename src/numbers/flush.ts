import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { NumberGapError } from "../errors"
import { allocatedSeriesOf } from "../series/own-series"
import type { Scoped, Series } from "../series/series"
import type { ColumnMetadata } from "../typeorm/names"
import { clearNumber } from "./numbers"
import { isNewRow } from "../series/scope"
import { type Scope } from "../dialects/columns"

type RelationMetadata = NonNullable<ColumnMetadata["relationMetadata"]>

/** @internal One number that a row asks for. */
export interface NumberRequest {
    readonly series: Series
    readonly entity: ObjectLiteral
    readonly scope: Scope
    /** The number that the caller has set. */
    readonly given?: bigint
    /** The number that it got, or has. */
    number?: bigint
    /** The scope of that number, as the database sees it. */
    group?: string
    /** What the INSERT has made of the row; an upsert can leave it out. */
    outcome?: "inserted" | "left out"
}

/** @internal A counter that was moved for a flush. */
export interface MovedFor {
    readonly series: Series
    readonly key: string
    readonly before: bigint
    after: bigint
}

/** @internal A row that waits for its numbers. */
export class FlushRow {
    readonly promise: Promise<void>
    readonly requests: NumberRequest[] = []
    /** Whether it has its numbers, and its INSERT has not been sent yet. */
    isPending = false
    private refusal?: { readonly error: unknown }

    constructor(
        readonly flush: Flush,
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
        readonly series: readonly Series[],
    ) {
        this.promise = flush.processed.then(() => {
            if (this.refusal) throw this.refusal.error
        })
    }

    refuse(error: unknown): void {
        this.refusal ??= { error }
        this.flush.hasRefused = true
        // TypeORM forgets the promise when another listener of the same event throws.
        this.promise.catch(() => {})
    }
}

/** @internal Whether its counter can be made only when the row is inserted. */
export function isOfNewCounter({ series, scope }: NumberRequest): boolean {
    return series.strategy === "counter" && scope.values.some(isNewRow)
}

/**
 * The rows that ask for numbers together: those of one `save()`, `insert()` or `upsert()`, and of
 * others that reach the same query runner in the same instant.
 * @internal
 */
export class Flush {
    readonly rows: FlushRow[] = []
    /** How many rows wait for their INSERT. */
    pending = 0
    readonly requests: NumberRequest[] = []
    /** The counters that it has moved, which go back where its rows don't get into the table. */
    readonly moved: MovedFor[] = []
    /** Whether its INSERT may have updated or skipped rows instead. */
    isUpsert = false
    hasFailed = false
    /** Whether a row of it was refused; then the others of the same save are not inserted either. */
    hasRefused = false
    private batch?: { requests: NumberRequest[]; finished: Promise<void> }
    readonly finished: Promise<void>
    private finish!: () => void
    /** Fulfilled when each of its rows has its numbers or is refused. */
    readonly processed: Promise<void>
    settle!: () => void
    /** The rows that have no number, but may be what makes the scope of others. */
    private readonly others: { entity: object; metadata: EntityMetadata }[] = []
    private metadatas?: Map<object, EntityMetadata>
    private readonly scopes = new Map<Scoped, Map<unknown, Scope>>()
    private readonly scopesByKey = new Map<Scoped, Map<string, Scope>>()
    private readonly parents = new Map<RelationMetadata, Map<unknown, object>>()

    constructor() {
        this.finished = new Promise((resolve) => (this.finish = resolve))
        this.processed = new Promise((resolve) => (this.settle = resolve))
    }

    /** Undefined where the row has nothing to be numbered. */
    add(entity: ObjectLiteral, metadata: EntityMetadata): Promise<void> | undefined {
        const series = allocatedSeriesOf(metadata)
        if (series.length === 0) {
            this.others.push({ entity, metadata })
            return undefined
        }
        const row = new FlushRow(this, entity, metadata, series)
        this.rows.push(row)
        return row.promise
    }

    /** One object for rows of one scope. */
    sameScope(series: Scoped, scope: Scope): Scope {
        const ofSeries = this.scopesByKey.get(series) ?? new Map<string, Scope>()
        this.scopesByKey.set(series, ofSeries)
        const known = ofSeries.get(scope.key)
        if (!known) ofSeries.set(scope.key, scope)
        return known ?? scope
    }

    /** The scopes that are known already, by what their rows have in common. */
    scopesOf(series: Scoped): Map<unknown, Scope> {
        let scopes = this.scopes.get(series)
        if (!scopes) this.scopes.set(series, (scopes = new Map<unknown, Scope>()))
        return scopes
    }

    private get entities(): Map<object, EntityMetadata> {
        if (!this.metadatas) {
            const all = [...this.rows, ...this.others]
            this.metadatas = new Map(all.map(({ entity, metadata }) => [entity, metadata]))
        }
        return this.metadatas
    }

    inserts(entity: object): boolean {
        return this.entities.has(entity)
    }

    metadataOf(entity: object): EntityMetadata | undefined {
        return this.entities.get(entity)
    }

    /** The row of this flush that holds the entity on the inverse side of its relation. */
    parentOf(entity: object, relation: RelationMetadata): object | undefined {
        let parents = this.parents.get(relation)
        if (!parents) {
            parents = new Map()
            const inverse = relation.inverseRelation
            for (const [parent, metadata] of this.entities) {
                if (!inverse || !metadata.relations.includes(inverse)) continue
                const held: unknown = inverse.getEntityValue(parent)
                for (const child of Array.isArray(held) ? held : [held]) parents.set(child, parent)
            }
            this.parents.set(relation, parents)
        }
        return parents.get(entity)
    }

    /** Called when the INSERT of a row has been sent; undefined where nothing is left to be done. */
    sent(
        row: FlushRow,
        finish: (requests: NumberRequest[]) => Promise<void>,
    ): Promise<void> | undefined {
        row.isPending = false
        this.pending -= 1
        if (this.pending === 0) this.finish()
        if (!this.isUpsert) {
            for (const request of row.requests) request.outcome = "inserted"
            if (!row.requests.some(isOfNewCounter)) return undefined
        }
        // TypeORM announces all rows of the statement in one go: they are looked at together.
        if (!this.batch) {
            const requests: NumberRequest[] = []
            const finished = Promise.resolve().then(() => {
                this.batch = undefined
                return finish(requests)
            })
            finished.catch(() => {})
            this.batch = { requests, finished }
        }
        this.batch.requests.push(...row.requests)
        return this.batch.finished
    }

    /** Called when its rows get no numbers, but counters may have moved. */
    fail(): void {
        this.hasFailed = true
        this.finish()
    }

    /**
     * Throws where a row was left out, but one with a higher number of its scope was inserted; at
     * the end of the transaction also where a row never got as far as its INSERT.
     */
    refuseGap({ isLast }: { isLast: boolean }): void {
        const highest = new Map<string, bigint>()
        for (const { number, group, series, outcome } of this.requests)
            if (number !== undefined && outcome === "inserted") {
                const key = `${series.name} ${group ?? ""}`
                const other = highest.get(key)
                if (other === undefined || other < number) highest.set(key, number)
            }
        for (const { number, group, series, outcome, given } of this.requests) {
            if (!series.gapless) continue
            const isMissing = outcome === "left out" || (isLast && outcome === undefined)
            if (number === undefined || !isMissing || given !== undefined) continue
            const inserted = highest.get(`${series.name} ${group ?? ""}`)
            if (inserted !== undefined && inserted > number)
                throw new NumberGapError(
                    `${series.name}: a row was given ${number} and not inserted, but ${inserted} was. ` +
                        (outcome
                            ? "upsert() found that row stored already. Upsert one row at a time."
                            : "Its save failed while another ran beside it. Roll back when a save " +
                              "fails, or save one after the other."),
                )
        }
    }

    /** Takes the numbers of rows that were never inserted off their entities. */
    clearNumbers(): void {
        for (const { entity, series, number, given, outcome } of this.requests)
            if (number !== undefined && !outcome && given === undefined) clearNumber(series, entity)
    }
}
