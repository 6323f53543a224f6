import { EntitySchema } from "typeorm"
import { COUNTER_ENTITY, KEY_LENGTH } from "../declared/own-tables"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { compareExactly, placeOfTable } from "./table-name"

/** A row of the counter table: the last number of one series in one scope. */
export interface AutoSequenceCounter {
    /** The name of the series. */
    series: string
    /** The key of the scope. */
    scope: string
    /** The last number that was given. A bigint, as text. */
    last: string | null
    /**
     * How far the last move of the counter went: number of rows × step. A trigger on PostgreSQL adds
     * up those of a transaction. Negative where the scope is closed: no number is given in it any more.
     */
    movedBy: string
    /** When the counter moved last. */
    movedAt: Date
}

/** Where the counter table is. */
export interface CounterTableOptions {
    /**
     * The name of the table.
     *
     * Default is `"autosequence_counter"`.
     */
    name?: string

    /**
     * The schema of the table, where the database has schemas; on MySQL use the database of the
     * data source.
     *
     * Default is the schema of the data source.
     */
    schema?: string
}

/**
 * The entity of the counter table under another name or in another schema than usual.
 * {@link withAutoSequence} calls it; call it yourself where you name the entities of a data source
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
    return new EntitySchema<AutoSequenceCounter>({
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
