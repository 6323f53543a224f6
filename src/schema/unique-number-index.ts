import type { EntityMetadata } from "typeorm"
import { readsBack } from "../allocation/read-back"
import { dialectOf } from "../dialects"
import { UnsupportedError } from "../errors"
import type { NumberedColumn } from "../registry"
import { resolveSeries } from "../series/resolve-series"
import type { ColumnMetadata, Series } from "../series/series"
import { dataSourceOf } from "../typeorm-compat"

type IndexMetadata = EntityMetadata["indices"][number]
type IndexMetadataClass = new (options: {
    entityMetadata: EntityMetadata
    columns: ColumnMetadata[]
    args: { target: EntityMetadata["target"]; where?: string; unique: true; synchronize: true }
}) => IndexMetadata

/**
 * For TypeORM's `@Index(columns, { unique: true })`: puts the indexes in its place that keep a
 * number from being there twice, whoever writes the row. One is over the columns of the scope and
 * then the number, so that the last number is one step down the index. NULLs differ from each
 * other in that one, so each set of columns that can be NULL together has a partial index as well.
 *
 * Which columns those are is known only when TypeORM builds its metadata. It lets an index name
 * its columns by a function, and calls that as a method of its IndexMetadata: the one private
 * thing this library leans on. It is also the earliest moment to look at the whole entity, so
 * wrong options are refused there, while the data source is initialised.
 * @internal
 */
export function uniqueNumberIndex(numbered: NumberedColumn): () => string[] {
    return function (this: unknown) {
        const index = this as Partial<IndexMetadata> | undefined
        const metadata = index?.entityMetadata
        if (!metadata?.indices)
            throw new UnsupportedError(
                "This version of TypeORM builds indexes in another way than 0.3 and 1.x do. Use one of those.",
            )
        const series = resolveSeries(metadata, numbered, index?.embeddedMetadata?.propertyPath)
        if (series.strategy === "trigger") readsBack(metadata)
        const Index = index?.constructor as IndexMetadataClass
        const [main, ...partial] = uniqueIndexesOf(series).map((unique) =>
            buildIndex(Index, series, unique),
        )
        // Children of a single-table inheritance may each declare the number that they share.
        const isDeclared = metadata.indices.some((other) => other.name === main?.name)
        if (main && isDeclared) main.synchronize = false
        for (const list of listsOf(metadata)) {
            const place = list.indexOf(index as IndexMetadata)
            if (place < 0) continue
            list[place] = main as IndexMetadata
            if (!isDeclared) list.push(...partial)
        }
        return [series.column.propertyPath]
    }
}

/** @internal A unique index of a series, over its columns, where the others are NULL. */
export interface UniqueIndex {
    readonly columns: ColumnMetadata[]
    readonly nulls: ColumnMetadata[]
}

/** @internal The main index of a series, and the partial ones behind it. */
export function uniqueIndexesOf(series: Series): UniqueIndex[] {
    const { hasPartialIndices } = dialectOf(dataSourceOf(series.metadata)) ?? {}
    return series.scopeColumns
        .filter((column) => hasPartialIndices && column.isNullable)
        .reduce<ColumnMetadata[][]>(
            (sets, column) => [...sets, ...sets.map((set) => [...set, column])],
            [[]],
        )
        .map((nulls) => ({
            columns: [...series.scopeColumns.filter((c) => !nulls.includes(c)), series.column],
            nulls,
        }))
}

function buildIndex(
    Index: IndexMetadataClass,
    { metadata }: Series,
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
