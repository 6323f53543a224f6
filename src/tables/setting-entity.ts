import type { EntityMetadata, EntitySchema } from "typeorm"
import { KEY_LENGTH, SETTING_ENTITY } from "../declared/own-tables"
import { dialectOf } from "../dialects"
import { hasSettings } from "../series/journal"
import { hideTableUnless } from "../typeorm/metadata/altered-metadata"
import { dataSourceOf } from "../typeorm/compat"
import { ownEntity } from "./own-entity"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { compareExactly, placeOfTable } from "./table-name"

/**
 * A row of the settings of series: one setting of a scope, which can be changed while the
 * application runs.
 */
export interface AutoSequenceSeries {
    /** The name of the series. */
    series: string
    /** The key of the scope, without its period. */
    scope: string
    /** What is set: `"format"` or `"code"`. */
    name: string
    /** The date from which a format applies, or the period of a code. Empty for all. */
    since: string
    /** The value of the setting. */
    value: string
    /** When it was set. */
    setAt: Date
}

/** Where the settings of series are. */
export interface SettingTableOptions {
    /**
     * The name of the table.
     *
     * Default: `"autosequence_series"`.
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
 * The entity of the settings of series, under another name or in another schema.
 * {@link withAutoSequence} calls it. Call it yourself if you list the entities of a data source
 * without that function. The table exists only if a number has such settings.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { AutoSequenceSubscriber, seriesEntity } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource({
 *     type: "postgres",
 *     subscribers: [AutoSequenceSubscriber],
 *     entities: [seriesEntity({ name: "number_settings", schema: "billing" })],
 * })
 * ```
 */
export function seriesEntity(options: SettingTableOptions = {}): EntitySchema<AutoSequenceSeries> {
    return ownEntity<AutoSequenceSeries>({
        name: SETTING_ENTITY,
        ...placeOfTable("table of settings", options, "autosequence_series"),
        // Its rows would be taken for the last ones that were inserted, by sql.js and TypeORM.
        withoutRowid: true,
        columns: {
            series: { type: "varchar", length: KEY_LENGTH, primary: true },
            scope: { type: "varchar", length: KEY_LENGTH, primary: true },
            name: { type: "varchar", length: 20, primary: true },
            since: { type: "varchar", length: 20, primary: true },
            value: { type: "text" },
            setAt: { name: "set_at", type: Date },
        },
        indices: [{ columns: onMetadata(prepare) }],
    })
}

function prepare(metadata: EntityMetadata): void {
    compareExactly(metadata)
    const dataSource = dataSourceOf(metadata)
    const { at } = dialectOf(dataSource)?.journal.columns ?? {}
    for (const column of metadata.columns)
        if (column.propertyName === "setAt") Object.assign(column, at)
    hideTableUnless(metadata, () => hasSettings(dataSource))
}
