import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { UnsupportedError } from "../../errors"

/** @internal */
export type IndexMetadata = EntityMetadata["indices"][number]

/**
 * Refuses a version of TypeORM without what is leaned on in this folder, while a data source is
 * initialised: an index that asks for its columns is the first that is seen of it.
 * @internal
 */
export function checkedIndex(caller: unknown): IndexMetadata {
    const index = Object(caller) as Partial<IndexMetadata>
    const metadata = index.entityMetadata as Partial<EntityMetadata> | undefined
    if (!metadata?.indices || !metadata.ownIndices || typeof index.build !== "function")
        throw otherVersion("builds indexes")
    if (!("synchronize" in metadata)) throw otherVersion("leaves out tables")
    if (metadata.columns?.some(({ getEntityValue }) => typeof getEntityValue !== "function"))
        throw otherVersion("reads the values of entities")
    const { columns, ownListeners, beforeInsertListeners } = metadata
    if (columns && !(ownListeners && beforeInsertListeners)) throw otherVersion("calls listeners")
    return index as IndexMetadata
}

/** @internal The method of an EntityMetadata that creates entities. */
export function checkedCreate(metadata: EntityMetadata): EntityMetadata["create"] {
    const create = metadata.create as unknown
    if (typeof create !== "function" || create.length !== 2) throw otherVersion("makes entities")
    return metadata.create.bind(metadata)
}

/** @internal TypeORM's schema builder, which makes the changes of `synchronize()`. */
export interface SchemaBuilder extends ReturnType<DataSource["driver"]["createSchemaBuilder"]> {
    /** Set when it builds. */
    readonly queryRunner: QueryRunner
    executeSchemaSyncOperationsInProperOrder(): Promise<void>
}

/** @internal Refuses one that works in another way, at the same time. */
export function checkedBuilder(builder: object): SchemaBuilder {
    const { build, executeSchemaSyncOperationsInProperOrder: execute } =
        builder as Partial<SchemaBuilder>
    if (![build, execute].every((one) => typeof one === "function"))
        throw otherVersion("builds schemas")
    return builder as SchemaBuilder
}

/** @internal Refuses a query runner that counts transactions in another way, when it is seen first. */
export function checkedCounting(runner: object): { transactionDepth: number } {
    const { transactionDepth } = runner as { transactionDepth?: unknown }
    if (typeof transactionDepth !== "number") throw otherVersion("counts transactions")
    return runner as { transactionDepth: number }
}

function otherVersion(does: string): UnsupportedError {
    return new UnsupportedError(
        `TypeORM ${versionOfTypeORM()} ${does} differently from the supported versions. Use 1.x, or 0.3 from ` +
            "0.3.20 on.",
    )
}

/** @internal */
export function versionOfTypeORM(): string {
    try {
        // Its package.json is not among what it exports.
        const manifest = join(dirname(require.resolve("typeorm")), "package.json")
        return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version
    } catch {
        return "of an unknown version"
    }
}
