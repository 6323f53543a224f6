import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { NumberGapError } from "../errors"
import { ownSeriesOf } from "../series/own-series"
import type { ColumnMetadata, Series } from "../series/series"
import { clearNumber } from "./numbers"
import type { Scope } from "./scope"

type RelationMetadata = NonNullable<ColumnMetadata["relationMetadata"]>

/** @internal One number that a row asks for. */
export interface NumberRequest {
    readonly series: Series
    readonly entity: ObjectLiteral
    readonly scope: Scope
    /** The number that the caller has set. */
    readonly given?: bigint
    /** The number that it got, and the scope as the database sees it. */
    taken?: { readonly number: bigint; readonly group: string }
    /** What the INSERT has made of the row; an upsert can leave it out. */
    outcome?: "inserted" | "left out"
}

/** @internal */
export interface FlushRow {
    readonly entity: ObjectLiteral
    readonly series: readonly Series[]
    readonly resolve: () => void
    readonly reject: (error: unknown) => void
}

/**
 * The rows that ask for numbers together: those of one `save()`, `insert()` or `upsert()`, and of
 * others that reach the same query runner in the same instant.
 * @internal
 */
export class Flush {
    readonly rows: FlushRow[] = []
    /** The requests that wait for their INSERT, by entity. */
    readonly pending = new Map<ObjectLiteral, NumberRequest[]>()
    readonly requests: NumberRequest[] = []
    /** Whether its INSERT may have updated or skipped rows instead. */
    isUpsert = false
    private upserted?: { entities: Set<ObjectLiteral>; checked: Promise<void> }
    readonly finished: Promise<void>
    private finish!: () => void
    private readonly entities = new Map<object, EntityMetadata>()
    private readonly parents = new Map<RelationMetadata, Map<unknown, object>>()

    constructor() {
        this.finished = new Promise((resolve) => (this.finish = resolve))
    }

    /** Undefined where the row has nothing to be numbered. */
    add(entity: ObjectLiteral, metadata: EntityMetadata): Promise<void> | undefined {
        this.entities.set(entity, metadata)
        const series = ownSeriesOf(metadata)
        if (series.length === 0) return undefined
        let resolve!: () => void
        let reject!: (error: unknown) => void
        const promise = new Promise<void>((...settle) => ([resolve, reject] = settle))
        // TypeORM forgets this promise when another listener of the same event throws.
        promise.catch(() => {})
        this.rows.push({ entity, series, resolve, reject })
        return promise
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

    /** Called when the INSERT of a row has been sent; undefined where it is in the table now. */
    sent(
        entity: ObjectLiteral,
        check: (requests: NumberRequest[]) => Promise<void>,
    ): Promise<void> | undefined {
        const requests = this.pending.get(entity) ?? []
        this.pending.delete(entity)
        if (this.pending.size === 0) this.finish()
        if (!this.isUpsert) {
            for (const request of requests) request.outcome = "inserted"
            return undefined
        }
        // TypeORM announces all rows of the statement in one go: they are checked together.
        if (!this.upserted) {
            const entities = new Set<ObjectLiteral>()
            const checked = Promise.resolve().then(() => {
                this.upserted = undefined
                return check(this.requests.filter((request) => entities.has(request.entity)))
            })
            checked.catch(() => {})
            this.upserted = { entities, checked }
        }
        this.upserted.entities.add(entity)
        return this.upserted.checked
    }

    /**
     * Throws where a row was left out, but one with a higher number of its scope was inserted; at
     * the end of the transaction also where a row never got as far as its INSERT.
     */
    refuseGap({ isLast }: { isLast: boolean }): void {
        const highest = new Map<string, bigint>()
        for (const { taken, series, outcome } of this.requests)
            if (taken && outcome === "inserted") {
                const key = `${series.name} ${taken.group}`
                const other = highest.get(key)
                if (other === undefined || other < taken.number) highest.set(key, taken.number)
            }
        for (const { taken, series, outcome, given } of this.requests) {
            const isMissing = outcome === "left out" || (isLast && outcome === undefined)
            if (!taken || !isMissing || given !== undefined) continue
            const inserted = highest.get(`${series.name} ${taken.group}`)
            if (inserted !== undefined && inserted > taken.number)
                throw new NumberGapError(
                    `${series.name}: a row was given ${taken.number} and not inserted, but ${inserted} was. ` +
                        (outcome
                            ? "upsert() found that row stored already. Upsert one row at a time."
                            : "Its save failed while another ran beside it. Roll back when a save " +
                              "fails, or save one after the other."),
                )
        }
    }

    /** Takes the numbers of rows that were never inserted off their entities. */
    clearNumbers(): void {
        for (const { entity, series, taken, given, outcome } of this.requests)
            if (taken && !outcome && given === undefined) clearNumber(series, entity)
    }
}
