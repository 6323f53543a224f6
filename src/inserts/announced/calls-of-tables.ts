import type { EntityMetadata } from "typeorm"
import type { NewRow } from "./new-row"
import type { Call } from "./of-entities"

/**
 * The calls that rows of each table were announced by, in their order, for statements that don't tell which rows theirs
 * are: a call may send one for each of thousands.
 * @internal
 */
export class CallsOfTables {
    private readonly calls = new Map<string, Set<WeakRef<Call>>>()

    /** Of the rows of a table that were announced by then those of each call, the last call first. */
    before({ tablePath }: EntityMetadata, lastId: number): Iterable<NewRow>[] {
        const found: Iterable<NewRow>[] = []
        for (const reference of this.calls.get(tablePath) ?? []) {
            const call = reference.deref()
            const [first] = call?.values.keys() ?? []
            if (!call || first === undefined) this.forget(tablePath, reference)
            else if (first <= lastId)
                found.unshift({ [Symbol.iterator]: () => rowsBy(call, lastId) })
        }
        return found
    }

    add({ call, metadata: { tablePath } }: NewRow): void {
        if (!call) return
        const calls = this.calls.get(tablePath)
        if (calls) calls.add(call.reference)
        else this.calls.set(tablePath, new Set([call.reference]))
    }

    /** Called when a row is none of its call any more. */
    delete({ call, metadata: { tablePath } }: NewRow): void {
        if (call?.values.size === 0) this.forget(tablePath, call.reference)
    }

    /** What is left in the end are references to calls of whose entities nobody has one any more. */
    clear(): void {
        if (this.calls.size > 0) this.calls.clear()
    }

    private forget(tablePath: string, reference: WeakRef<Call>): void {
        const calls = this.calls.get(tablePath)
        calls?.delete(reference)
        if (calls?.size === 0) this.calls.delete(tablePath)
    }
}

function* rowsBy({ values }: Call, lastId: number): Generator<NewRow, undefined> {
    for (const [id, row] of values) {
        if (id > lastId) return
        yield row as NewRow
    }
}
