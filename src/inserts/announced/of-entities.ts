import type { ObjectLiteral } from "typeorm"

/**
 * What was announced of entities, each for as long as somebody has its entity: nobody tells of a call that fails
 * before its statement is sent.
 * @internal
 */
export class OfEntities<
    Value extends { readonly id: number; readonly entity: ObjectLiteral },
> implements Iterable<Value> {
    /** Made where there is something to hold: each query runner has two of these, and most never hold anything. */
    private held: WeakMap<ObjectLiteral, Value> | undefined
    private readonly values = new Map<number, WeakRef<Value>>()

    /** Counts those, too, whose entities nobody has any more. */
    get size(): number {
        return this.values.size
    }

    get(id: number): Value | undefined {
        return this.values.get(id)?.deref()
    }

    of(entity: ObjectLiteral): Value | undefined {
        return this.held?.get(entity)
    }

    *[Symbol.iterator](): Iterator<Value> {
        for (const [id, reference] of this.values) {
            const value = reference.deref()
            if (value) yield value
            else this.values.delete(id)
        }
    }

    add(value: Value): void {
        this.end(value.entity)
        this.held ??= new WeakMap()
        this.held.set(value.entity, value)
        this.values.set(value.id, new WeakRef(value))
    }

    delete(value: Value): void {
        if (this.of(value.entity) === value) this.held?.delete(value.entity)
        this.values.delete(value.id)
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
