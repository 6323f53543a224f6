import type { EntityMetadata } from "typeorm"
import { dialectOf } from "../dialects"
import { UnsupportedError } from "../errors"
import type { ColumnMetadata } from "../typeorm/names"
import { dataSourceOf } from "../typeorm/compat"

type IndexMetadata = EntityMetadata["indices"][number]
type IndexMetadataClass = new (options: {
    entityMetadata: EntityMetadata
    columns: ColumnMetadata[]
    args: { target: EntityMetadata["target"]; where?: string; unique: true; synchronize: true }
}) => IndexMetadata

/** @internal A column whose values are unique within those of others. */
export interface UniqueColumn {
    readonly metadata: EntityMetadata
    readonly column: ColumnMetadata
    readonly scopeColumns: readonly ColumnMetadata[]
}

/**
 * For TypeORM's `@Index(columns, { unique: true })`: puts the indexes in its place that keep a
 * value from being there twice, whoever writes the row. One is over the columns of the scope and
 * then the column itself, so that the last number is one step down the index. NULLs differ from each
 * other in that one, so each set of columns that can be NULL together has a partial index as well.
 *
 * Which columns those are is known only when TypeORM builds its metadata. It lets an index name
 * its columns by a function, and calls that as a method of its IndexMetadata: the one private
 * thing this library leans on. It is also the earliest moment to look at the whole entity, so
 * wrong options are refused there, while the data source is initialised.
 * @internal
 */
export function uniqueIndex(
    resolve: (metadata: EntityMetadata, embeddedPath?: string) => UniqueColumn,
): () => string[] {
    return function (this: unknown) {
        const index = indexOf(this)
        const metadata = index.entityMetadata
        const unique = resolve(metadata, index.embeddedMetadata?.propertyPath)
        const Index = index.constructor as IndexMetadataClass
        const [main, ...partial] = uniqueIndexesOf(unique).map((one) =>
            buildIndex(Index, metadata, one),
        )
        // Children of a single-table inheritance may each declare the column that they share.
        const isDeclared = metadata.indices.some((other) => other.name === main?.name)
        if (main && isDeclared) main.synchronize = false
        for (const list of listsOf(metadata)) {
            const place = list.indexOf(index)
            if (place < 0) continue
            list[place] = main as IndexMetadata
            if (!isDeclared) list.push(...partial)
        }
        return [unique.column.propertyPath]
    }
}

/**
 * The same moment for entities that get no index by it.
 * @internal
 */
export function onMetadata(
    look: (metadata: EntityMetadata, embeddedPath?: string) => void,
): () => string[] {
    return function (this: unknown) {
        const index = indexOf(this)
        look(index.entityMetadata, index.embeddedMetadata?.propertyPath)
        index.synchronize = false
        return index.entityMetadata.primaryColumns.slice(0, 1).map((c) => c.propertyPath)
    }
}

function indexOf(caller: unknown): IndexMetadata {
    const index = caller as Partial<IndexMetadata> | undefined
    if (!index?.entityMetadata?.indices)
        throw new UnsupportedError(
            "This version of TypeORM builds indexes in another way than 0.3 and 1.x do. Use one of those.",
        )
    return index as IndexMetadata
}

/** @internal A unique index over these columns, where the others are NULL. */
export interface UniqueIndex {
    readonly columns: ColumnMetadata[]
    readonly nulls: ColumnMetadata[]
}

/** @internal The main index of a column, and the partial ones behind it. */
export function uniqueIndexesOf({ metadata, column, scopeColumns }: UniqueColumn): UniqueIndex[] {
    const { hasPartialIndices } = dialectOf(dataSourceOf(metadata)) ?? {}
    return scopeColumns
        .filter((c) => hasPartialIndices && c.isNullable)
        .reduce<ColumnMetadata[][]>((sets, c) => [...sets, ...sets.map((set) => [...set, c])], [[]])
        .map((nulls) => ({
            columns: [...scopeColumns.filter((c) => !nulls.includes(c)), column],
            nulls,
        }))
}

function buildIndex(
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
