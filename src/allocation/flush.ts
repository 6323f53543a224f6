import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { NumberGapError } from "../errors"
import { seriesOf } from "../series/resolve-series"
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
    isInserted: boolean
}

/** @internal */
export interface FlushRow {
    readonly entity: ObjectLiteral
    readonly series: readonly Series[]
    readonly promise: Promise<void>
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
    requests: NumberRequest[] = []
    /** Whether its INSERT may have updated or skipped rows instead. */
    isUpsert = false
    check?: Promise<void>
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
        const series = seriesOf(metadata)
        if (series.length === 0) return undefined
        let resolve!: () => void
        let reject!: (error: unknown) => void
        const promise = new Promise<void>((...settle) => ([resolve, reject] = settle))
        // TypeORM forgets this promise when another listener of the same event throws.
        promise.catch(() => {})
        this.rows.push({ entity, series, promise, resolve, reject })
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

    /** Called when a row has been inserted, or updated by an upsert. */
    inserted(entity: ObjectLiteral): void {
        if (!this.isUpsert)
            for (const request of this.pending.get(entity) ?? []) request.isInserted = true
        this.pending.delete(entity)
        if (this.pending.size === 0) this.finish()
    }

    /** Throws where a row was not inserted, but one with a higher number of its scope was. */
    refuseGap(): void {
        const highest = new Map<string, bigint>()
        for (const { taken, series, isInserted } of this.requests)
            if (taken && isInserted) {
                const key = `${series.name} ${taken.group}`
                const other = highest.get(key)
                if (other === undefined || other < taken.number) highest.set(key, taken.number)
            }
        for (const { taken, series, isInserted, given } of this.requests) {
            if (!taken || isInserted || given !== undefined) continue
            const inserted = highest.get(`${series.name} ${taken.group}`)
            if (inserted !== undefined && inserted > taken.number)
                throw new NumberGapError(
                    `${series.name}: a row was given ${taken.number} and not inserted, but ${inserted} was. ` +
                        (this.isUpsert
                            ? "upsert() found that row stored already. Upsert one row at a time."
                            : "Its save failed while another ran beside it. Roll back when a save " +
                              "fails, or save one after the other."),
                )
        }
    }

    /** Takes the numbers of rows that were never inserted off their entities. */
    clearNumbers(): void {
        for (const { entity, series, taken, given, isInserted } of this.requests)
            if (taken && !isInserted && given === undefined) clearNumber(series, entity)
    }
}
