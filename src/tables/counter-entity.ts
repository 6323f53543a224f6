import type { EntitySchema } from "typeorm"
import { COUNTER_ENTITY, KEY_LENGTH } from "../declared/own-tables"
import { ownEntity } from "./own-entity"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { compareExactly, placeOfTable } from "./table-name"

/** A row of the counter table: the last number of one series in one scope. */
export interface AutoSequenceCounter {
    /** The name of the series. */
    series: string
    /** The key of the scope. */
    scope: string
    /** The last number that was assigned. A bigint as a string. */
    last: string | null
    /**
     * How far the counter was last incremented: number of rows × step. On PostgreSQL a trigger adds
     * up the increments of one transaction. Negative if the scope is closed: no more numbers are
     * assigned in it.
     */
    movedBy: string
    /** When the counter was last incremented. */
    movedAt: Date
}

/** Where the counter table is. */
export interface CounterTableOptions {
    /**
     * The name of the table.
     *
     * Default: `"autosequence_counter"`.
     */
    name?: string

    /**
     * The schema of the table, if the database has schemas. On MySQL, use the database of the data
     * source.
     *
     * Default: the schema of the data source.
     */
    schema?: string
}

/**
 * The entity of the counter table, under another name or in another schema.
 * {@link withAutoSequence} calls it. Call it yourself if you list the entities of a data source
 * without that function.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { AutoSequenceSubscriber, counterEntity } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource({
 *     type: "postgres",
 *     subscribers: [AutoSequenceSubscriber],
 *     entities: [counterEntity({ name: "number_series", schema: "billing" })],
 * })
 * ```
 */
export function counterEntity(
    options: CounterTableOptions = {},
): EntitySchema<AutoSequenceCounter> {
    return ownEntity<AutoSequenceCounter>({
        name: COUNTER_ENTITY,
        ...placeOfTable("counter table", options, "autosequence_counter"),
        columns: {
            series: { type: "varchar", length: KEY_LENGTH, primary: true },
            scope: { type: "varchar", length: KEY_LENGTH, primary: true },
            last: { type: "bigint", nullable: true },
            movedBy: { name: "moved_by", type: "bigint" },
            movedAt: { name: "moved_at", type: Date },
        },
        // There is no such index.
        indices: [{ columns: onMetadata(compareExactly) }],
    })
}
