import type { EntityMetadata, ObjectLiteral } from "typeorm"

/** @internal What was announced of an entity. */
export interface Announced {
    readonly id: number
    readonly entity: ObjectLiteral
    readonly metadata: EntityMetadata
    call?: Call
}

/**
 * What was announced of the entities of one table in one go, as TypeORM does for all of a call, by their ids.
 * @internal
 */
export class Call {
    readonly values = new Map<number, Announced>()
    /** For those who remember a call, and don't keep its entities for it. */
    readonly reference = new WeakRef<Call>(this)
}

/**
 * What was announced of entities, for as long as somebody has one of those that were announced in the same go:
 * nobody tells of a call that fails before its statement is sent.
 * @internal
 */
export class OfEntities<Value extends Announced> implements Iterable<Value> {
    // A reference to each of thousands of values would be dear.
    private readonly calls = new Map<number, WeakRef<Call>>()
    /** Those that go on, by their tables. */
    private current: Map<string, Call> | undefined

    /** All query runners share what is known of an entity: what was announced to one last is meant. */
    constructor(private readonly held: WeakMap<ObjectLiteral, Value>) {}

    /** Counts those, too, whose entities nobody has any more. */
    get size(): number {
        return this.calls.size
    }

    get(id: number): Value | undefined {
        return this.calls.get(id)?.deref()?.values.get(id) as Value | undefined
    }

    of(entity: ObjectLiteral): Value | undefined {
        const value = this.held.get(entity)
        return value && this.calls.has(value.id) ? value : undefined
    }

    *[Symbol.iterator](): Iterator<Value> {
        for (const id of this.calls.keys()) {
            const value = this.get(id)
            if (value) yield value
            else this.calls.delete(id)
        }
    }

    add(value: Value): void {
        this.end(value.entity)
        this.held.set(value.entity, value)
        const call = (value.call = this.currentCall(value.metadata))
        call.values.set(value.id, value)
        this.calls.set(value.id, call.reference)
    }

    private currentCall({ tablePath }: EntityMetadata): Call {
        if (!this.current) {
            this.current = new Map()
            void Promise.resolve().then(() => (this.current = undefined))
        }
        let call = this.current.get(tablePath)
        if (!call) this.current.set(tablePath, (call = new Call()))
        return call
    }

    delete(value: Value): void {
        if (this.held.get(value.entity) === value) this.held.delete(value.entity)
        value.call?.values.delete(value.id)
        this.calls.delete(value.id)
    }

    /** Called when a row is in the table, was updated, or is announced anew. */
    end(entity: ObjectLiteral): void {
        const value = this.of(entity)
        if (value) this.delete(value)
    }

    transactionEnded({ isShared }: { readonly isShared: boolean }): void {
        if (this.size === 0) return
        for (const value of this)
            // Where all callers have one runner, another one's call may be about to write it.
            if (!isShared) this.delete(value)
    }
}
