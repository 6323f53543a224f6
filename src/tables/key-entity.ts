import type { DataSource, EntityMetadata, EntitySchema } from "typeorm"
import { KEY_ENTITY, KEY_LENGTH } from "../declared/own-tables"
import { pseudoKeysOf } from "../keys/resolve-keys"
import { hideTableUnless } from "../typeorm/metadata/altered-metadata"
import { dataSourceOf } from "../typeorm/compat"
import { ownEntity } from "./own-entity"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { compareExactly, placeOfTable } from "./table-name"

/** A row of the history of pseudo keys: one key that a row has or had. */
export interface AutoSequenceKey {
    /** The table and the column. */
    series: string
    /** The key of the scope. */
    scope: string
    /** The pseudo key. */
    key: string
    /** The primary key of the row, as a JSON array of strings. */
    owner: string
    /** When the row got another key; NULL while it has this one. */
    retiredAt: Date | null
}

/** Where the history of pseudo keys is. */
export interface KeyTableOptions {
    /**
     * The name of the table.
     *
     * Default: `"autosequence_key"`.
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
 * The entity of the history of pseudo keys, under another name or in another schema.
 * {@link withAutoSequence} calls it. Call it yourself if you list the entities of a data source
 * without that function. The table exists only if an entity has a key with `history`.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { AutoSequenceSubscriber, keyEntity } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource({
 *     type: "postgres",
 *     subscribers: [AutoSequenceSubscriber],
 *     entities: [keyEntity({ name: "public_keys", schema: "shop" })],
 * })
 * ```
 */
export function keyEntity(options: KeyTableOptions = {}): EntitySchema<AutoSequenceKey> {
    return ownEntity<AutoSequenceKey>({
        name: KEY_ENTITY,
        ...placeOfTable("key table", options, "autosequence_key"),
        // Its rows would be taken for the last ones that were inserted, by sql.js and TypeORM.
        withoutRowid: true,
        columns: {
            series: { type: "varchar", length: KEY_LENGTH, primary: true },
            scope: { type: "varchar", length: KEY_LENGTH, primary: true },
            key: { type: "varchar", length: KEY_LENGTH, primary: true },
            owner: { type: "varchar", length: KEY_LENGTH },
            retiredAt: { name: "retired_at", type: Date, nullable: true },
        },
        indices: [
            { columns: onMetadata(prepare) },
            // Not the series first: PostgreSQL takes such an index for keys as well, before it knows how many there are.
            { columns: ["owner", "series"] },
        ],
    })
}

function prepare(metadata: EntityMetadata): void {
    compareExactly(metadata)
    const dataSource = dataSourceOf(metadata)
    hideTableUnless(metadata, () => hasHistory(dataSource))
}

/** @internal Whether an entity of the data source has a key whose history is kept. */
export function hasHistory(dataSource: DataSource): boolean {
    return dataSource.entityMetadatas.some((metadata) =>
        pseudoKeysOf(metadata).stored.some(({ history }) => history !== false),
    )
}
