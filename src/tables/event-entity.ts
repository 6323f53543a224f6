import type { DataSource, EntityMetadata, EntitySchema } from "typeorm"
import { EVENT_ENTITY, KEY_LENGTH } from "../declared/own-tables"
import { dialectOf } from "../dialects"
import { hasJournal } from "../series/journal"
import { hideTableUnless } from "../typeorm/metadata/altered-metadata"
import { dataSourceOf } from "../typeorm/compat"
import { ownEntity } from "./own-entity"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { compareColumnsExactly, placeOfTable } from "./table-name"

/**
 * A row of the journal: an unusual event of a series. {@link SeriesEvent} is the type returned to
 * you.
 */
export interface AutoSequenceEvent {
    /** Ascends in the order in which the rows were written. A bigint as a string. */
    id: string
    /** The name of the series. */
    series: string
    /** The key of the scope, as in the counter table. */
    scope: string
    /** The kind of event: `"void"`, `"skip"`, `"delete"` and others. */
    kind: string
    /** The first number concerned, a bigint. NULL if the event concerns no number. */
    first: string | null
    /** The last number concerned; the same as `first` for a single number. */
    last: string | null
    /** Why it happened. */
    reason: string | null
    /** Who did it. */
    by: string | null
    /** When it happened. In UTC if the database has no type for points in time. */
    at: Date
    /** Further details. */
    details: Record<string, unknown> | null
}

/** Where the journal is. */
export interface EventTableOptions {
    /**
     * The name of the table.
     *
     * Default: `"autosequence_event"`.
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
 * The entity of the journal, under another name or in another schema. {@link withAutoSequence}
 * calls it. Call it yourself if you list the entities of a data source without that function. The
 * table exists only if a number keeps a journal. Rows are only added: the database refuses to
 * change or delete them.
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
    return ownEntity<AutoSequenceEvent>({
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
