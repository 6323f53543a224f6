import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { KeyedRow } from "./keyed-row"

/**
 * Rows that are not known to be in the table. TypeORM tells that they are in the order in which it has
 * announced them, so they stand in a queue: a map of them would take more time than making their keys.
 * @internal
 */
export class PendingRows {
    private readonly queues = new Map<EntityMetadata, { rows: KeyedRow[]; next: number }>()

    get isEmpty(): boolean {
        return this.queues.size === 0
    }

    add(row: KeyedRow): void {
        const queue = this.queues.get(row.metadata)
        if (queue) queue.rows.push(row)
        else this.queues.set(row.metadata, { rows: [row], next: 0 })
    }

    /** Takes out the row of an entity. */
    take(entity: ObjectLiteral, metadata: EntityMetadata): KeyedRow | undefined {
        const queue = this.queues.get(metadata)
        if (!queue) return undefined
        const { rows, next } = queue
        let at = next
        while (at < rows.length && rows[at]?.entity !== entity) at += 1
        const row = rows[at]
        const first = rows[next]
        if (!row || !first) return undefined
        // Those that are before it, but are never inserted, stay.
        rows[at] = first
        rows[next] = row
        queue.next += 1
        if (queue.next === rows.length) this.queues.delete(metadata)
        return row
    }

    /** Takes out those that meet a condition. */
    takeAll(isMeant: (row: KeyedRow) => boolean): KeyedRow[] {
        const all = [...this]
        const meant = new Set(all.filter(isMeant))
        this.clear()
        for (const row of all) if (!meant.has(row)) this.add(row)
        return [...meant]
    }

    *[Symbol.iterator](): Iterator<KeyedRow> {
        for (const { rows, next } of this.queues.values()) yield* rows.slice(next)
    }

    clear(): void {
        this.queues.clear()
    }
}
