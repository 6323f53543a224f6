import type { EntityMetadata } from "typeorm"
import type { Insert } from "../insert"
import { NewRow } from "./new-row"
import { type Call, OfEntities } from "./of-entities"

/**
 * The rows that were announced to one query runner, and whose INSERT has not been sent.
 * @internal
 */
export class AnnouncedRows extends OfEntities<NewRow> {
    /** By their tables, in their order: a call may send a statement for each of thousands of rows. */
    private readonly ofTables = new Map<string, Set<WeakRef<Call>>>()

    constructor() {
        super(NewRow.ofEntities)
    }

    /** Those of a table that were announced by then, by their calls, the last one first. */
    callsOf({ tablePath }: EntityMetadata, lastId: number): Iterable<NewRow>[] {
        const calls: Iterable<NewRow>[] = []
        for (const reference of this.ofTables.get(tablePath) ?? []) {
            const call = reference.deref()
            const [first] = call?.values.keys() ?? []
            if (!call || first === undefined) this.forget(tablePath, reference)
            else if (first <= lastId)
                calls.unshift({ [Symbol.iterator]: () => rowsBy(call, lastId) })
        }
        return calls
    }

    private forget(tablePath: string, reference: WeakRef<Call>): void {
        const calls = this.ofTables.get(tablePath)
        calls?.delete(reference)
        if (calls?.size === 0) this.ofTables.delete(tablePath)
    }

    override add(row: NewRow, former?: NewRow): void {
        super.add(row)
        if (former?.call === row.call) row.inserts = (former?.inserts ?? 0) + 1
        const { reference } = row.call as Call
        const calls = this.ofTables.get(row.metadata.tablePath)
        if (calls) calls.add(reference)
        else this.ofTables.set(row.metadata.tablePath, new Set([reference]))
    }

    override delete(row: NewRow): void {
        super.delete(row)
        if (row.call?.values.size === 0) this.forget(row.metadata.tablePath, row.call.reference)
    }

    override transactionEnded(options: { readonly isShared: boolean }): void {
        super.transactionEnded(options)
        // What is left are references to calls of whose entities nobody has one any more.
        if (this.size === 0 && this.ofTables.size > 0) this.ofTables.clear()
    }

    /** Called when their INSERT was sent, or has failed. */
    endAll({ rows }: Insert): void {
        for (const { announced } of rows)
            if (announced && (announced.inserts -= 1) <= 0) this.delete(announced)
    }
}

function* rowsBy({ values }: Call, lastId: number): Generator<NewRow, undefined> {
    for (const [id, row] of values) {
        if (id > lastId) return
        yield row as NewRow
    }
}
