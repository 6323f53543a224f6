import { type DataSource, type EntityMetadata, EntitySchema } from "typeorm"
import { EVENT_ENTITY, KEY_LENGTH } from "../declared/own-tables"
import { dialectOf } from "../dialects"
import { hasJournal } from "../series/journal"
import { hideTableUnless } from "../typeorm/metadata/altered-metadata"
import { dataSourceOf } from "../typeorm/compat"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { compareColumnsExactly, placeOfTable } from "./table-name"

/** A row of the journal: something unusual that has become of numbers. {@link SeriesEvent} is how it is read. */
export interface AutoSequenceEvent {
    /** In the order in which they were written. A bigint, as text. */
    id: string
    /** The name of the series. */
    series: string
    /** The key of the scope, as in the counter table. */
    scope: string
    /** What it is: `"void"`, `"skip"`, `"delete"` and others. */
    kind: string
    /** The first number that it is about, a bigint; NULL for what is about none. */
    first: string | null
    /** The last one; the same for a single number. */
    last: string | null
    /** Why. */
    reason: string | null
    /** Who has done it. */
    by: string | null
    /** When; a time in UTC where the database has no type for moments. */
    at: Date
    /** What else there is to say. */
    details: Record<string, unknown> | null
}

/** Where the journal is. */
export interface EventTableOptions {
    /**
     * The name of the table.
     *
     * Default is `"autosequence_event"`.
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
 * The entity of the journal under another name or in another schema than usual. {@link withAutoSequence} calls it;
 * call it yourself where you name the entities of a data source without that function. The table exists only where a
 * number keeps a journal. Rows are only ever added: the database refuses to change or delete one.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { AutoSequenceSubscriber, eventEntity } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource({
 *     type: "postgres",
 *     subscribers: [AutoSequenceSubscriber],
 *     entities: [eventEntity({ name: "number_journal", schema: "billing" })],
 * })
 * ```
 */
export function eventEntity(options: EventTableOptions = {}): EntitySchema<AutoSequenceEvent> {
    return new EntitySchema<AutoSequenceEvent>({
        name: EVENT_ENTITY,
        ...placeOfTable("journal", options, "autosequence_event"),
        // Its rows would be taken for the last ones that were inserted, by sql.js and TypeORM.
        withoutRowid: true,
        columns: {
            id: { type: "bigint", primary: true },
            series: { type: "varchar", length: KEY_LENGTH },
            scope: { type: "varchar", length: KEY_LENGTH },
            kind: { type: "varchar", length: 20 },
            first: { type: "bigint", nullable: true },
            last: { type: "bigint", nullable: true },
            reason: { type: "text", nullable: true },
            by: { name: "made_by", type: "text", nullable: true },
            at: { name: "made_at", type: Date },
            details: { type: "simple-json", nullable: true },
        },
        indices: [{ columns: onMetadata(prepare) }, { columns: ["series", "scope", "first"] }],
    })
}

/** Which database it is can be told only when TypeORM builds its metadata. */
function prepare(metadata: EntityMetadata): void {
    const dataSource: DataSource = dataSourceOf(metadata)
    const named = (name: string) => metadata.columns.filter((one) => one.propertyName === name)
    compareColumnsExactly(metadata, ["series", "scope", "kind"].flatMap(named))
    const { columns } = dialectOf(dataSource)?.journal ?? {}
    for (const [name, options] of Object.entries(columns ?? {}))
        for (const column of named(name)) Object.assign(column, options)
    hideTableUnless(metadata, () => hasJournal(dataSource))
}
