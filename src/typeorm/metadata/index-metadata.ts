import type { EntityMetadata } from "typeorm"
import { dataSourceOf } from "../compat"
import type { ColumnMetadata } from "../names"
import { checkedIndex, type IndexMetadata } from "../version/version"

type IndexMetadataClass = new (options: {
    entityMetadata: EntityMetadata
    columns: ColumnMetadata[]
    args: { target: EntityMetadata["target"]; where?: string; unique: true; synchronize: true }
}) => IndexMetadata

/** @internal A unique index over these columns, where the others are NULL. */
export interface UniqueIndex {
    readonly columns: ColumnMetadata[]
    readonly nulls: ColumnMetadata[]
}

/** @internal Whether the primary key is that index already. */
export function isPrimaryKey({ primaryColumns }: EntityMetadata, { columns, nulls }: UniqueIndex) {
    return (
        nulls.length === 0 &&
        columns.length === primaryColumns.length &&
        columns.every((column, at) => column === primaryColumns[at])
    )
}

type Look = (metadata: EntityMetadata, embeddedPath?: string) => void

/**
 * For TypeORM's `@Index`: calls back when TypeORM builds the metadata of the entity, which gets no index.
 *
 * An index may name its columns by a function, which TypeORM calls as a method of its IndexMetadata. That
 * is the earliest moment to look at a whole entity, so wrong options are refused there, while the
 * data source is initialised.
 * @internal
 */
export function onMetadata(look: Look): () => string[] {
    return function (this: unknown) {
        const index = checkedIndex(this)
        look(index.entityMetadata, index.embeddedMetadata?.propertyPath)
        index.synchronize = false
        return index.entityMetadata.primaryColumns.slice(0, 1).map((c) => c.propertyPath)
    }
}

/**
 * For TypeORM's `@Index(columns, { unique: true })`: puts other indexes in its place, which are known only
 * at the moment of {@link onMetadata}. The first one stands for it; returns the column that it ends with.
 * @internal
 */
export function replacedIndex(
    indexesOf: (...look: Parameters<Look>) => readonly [UniqueIndex, ...UniqueIndex[]],
): () => string[] {
    return function (this: unknown) {
        const index = checkedIndex(this)
        const metadata = index.entityMetadata
        const unique = indexesOf(metadata, index.embeddedMetadata?.propertyPath)
        const Index = index.constructor as IndexMetadataClass
        const [main, ...partial] = unique.map((one) => build(Index, metadata, one))
        // Children of a single-table inheritance may each declare the column that they share.
        const isDeclared = metadata.indices.some((other) => other.name === main?.name)
        if (main && isDeclared) main.synchronize = false
        // MySQL would make it all the same, of an index that is called unique.
        if (main && isPrimaryKey(metadata, unique[0]))
            Object.assign(main, { isUnique: false, synchronize: false })
        for (const list of listsOf(metadata)) {
            const place = list.indexOf(index)
            if (place < 0) continue
            list[place] = main as IndexMetadata
            if (!isDeclared) list.push(...partial)
        }
        return unique[0].columns.slice(-1).map(({ propertyPath }) => propertyPath)
    }
}

function build(
    Index: IndexMetadataClass,
    metadata: EntityMetadata,
    { columns, nulls }: UniqueIndex,
): IndexMetadata {
    const { driver, namingStrategy } = dataSourceOf(metadata)
    const where = nulls.map((c) => `${driver.escape(c.databaseName)} IS NULL`).join(" AND ")
    return new Index({
        entityMetadata: metadata,
        columns,
        args: {
            target: metadata.target,
            where: where || undefined,
            unique: true,
            synchronize: true,
        },
    }).build(namingStrategy)
}

/** TypeORM puts `indices` together anew, from the others, for an entity with a generated column. */
function listsOf(metadata: EntityMetadata): Set<IndexMetadata[]> {
    return new Set([
        metadata.indices,
        metadata.ownIndices,
        ...metadata.allEmbeddeds.flatMap((embedded) => [
            embedded.indices,
            embedded.indicesFromTree,
        ]),
    ])
}
