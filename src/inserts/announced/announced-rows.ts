import type { EntityMetadata } from "typeorm"
import type { Insert } from "../insert"
import { NewRow } from "./new-row"
import { type Call, OfEntities } from "./of-entities"

/**
 * The rows that were announced to one query runner, and whose INSERT has not been sent.
 * @internal
 */
export class AnnouncedRows extends OfEntities<NewRow> {
    /** The ids of those of each table, by their calls: a call may send a statement for each of thousands of rows. */
    private readonly ofTables = new Map<string, Map<WeakRef<Call>, Set<number>>>()

    constructor() {
        super(NewRow.ofEntities)
    }

    /** Those of a table that were announced by then, by their calls, the last one first. */
    callsOf({ tablePath }: EntityMetadata, lastId: number): Iterable<NewRow>[] {
        const calls: Iterable<NewRow>[] = []
        for (const [reference, ids] of this.ofTables.get(tablePath) ?? []) {
            if (reference.deref()) {
                const [first = Infinity] = ids
                if (first <= lastId)
                    calls.unshift({ [Symbol.iterator]: () => this.rowsOf(ids, lastId) })
            } else for (const id of ids) this.forget(id, tablePath, reference)
        }
        return calls
    }

    private *rowsOf(ids: Iterable<number>, lastId: number): Generator<NewRow, undefined> {
        for (const id of ids) {
            if (id > lastId) return
            const row = this.get(id)
            if (row) yield row
        }
    }

    override add(row: NewRow, former?: NewRow): void {
        super.add(row)
        if (former?.call === row.call) row.inserts = (former?.inserts ?? 0) + 1
        if (!row.call) return
        const { tablePath } = row.metadata
        const calls = this.ofTables.get(tablePath) ?? new Map<WeakRef<Call>, Set<number>>()
        const { reference } = row.call
        this.ofTables.set(
            tablePath,
            calls.set(reference, (calls.get(reference) ?? new Set()).add(row.id)),
        )
    }

    override delete(row: NewRow): void {
        super.delete(row)
        if (row.call) this.forget(row.id, row.metadata.tablePath, row.call.reference)
    }

    private forget(id: number, tablePath: string, call: WeakRef<Call>): void {
        this.calls.delete(id)
        const calls = this.ofTables.get(tablePath)
        const ids = calls?.get(call)
        ids?.delete(id)
        if (ids?.size === 0) calls?.delete(call)
        if (calls?.size === 0) this.ofTables.delete(tablePath)
    }

    override transactionEnded(options: { readonly isShared: boolean }): void {
        super.transactionEnded(options)
        // What is left are ids of those whose entities nobody has any more.
        if (this.size === 0) this.ofTables.clear()
    }

    /** Called when their INSERT was sent, or has failed. */
    endAll({ rows }: Insert): void {
        for (const { announced } of rows)
            if (announced && (announced.inserts -= 1) <= 0) this.delete(announced)
    }
}
