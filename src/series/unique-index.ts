import type { EntityMetadata } from "typeorm"
import { InvalidOptionError } from "../errors"
import { replacedIndex, type UniqueIndex } from "../typeorm/index-metadata"
import type { ColumnMetadata } from "../typeorm/names"
import type { Scoped } from "./series"

/**
 * For TypeORM's `@Index`: the indexes that keep a value from being there twice, whoever writes the row.
 * One is over the columns of the scope and then the column itself, so that the last number is one step
 * down the index. NULLs differ from each other in that one, so each set of columns that can be NULL
 * together has a partial index as well.
 * @internal
 */
export function uniqueIndex(
    resolve: (metadata: EntityMetadata, embeddedPath?: string) => Scoped,
): () => string[] {
    return replacedIndex((...look) => uniqueIndexesOf(resolve(...look)))
}

/** Each one more doubles the number of indexes that every INSERT looks at. */
const MAX_NULLABLE = 4

/** @internal The main index of a column, and the partial ones behind it. */
export function uniqueIndexesOf({
    metadata,
    column,
    scopeColumns,
    dialect,
}: Scoped): [UniqueIndex, ...UniqueIndex[]] {
    // There is none where the database is not supported, which is refused later.
    const hasPartialIndices = dialect?.hasPartialIndices
    const indexWhere = (nulls: ColumnMetadata[]): UniqueIndex => ({
        columns: [...scopeColumns.filter((c) => !nulls.includes(c)), column],
        nulls,
    })
    const nullable = scopeColumns.filter((c) => hasPartialIndices && c.isNullable)
    if (nullable.length > MAX_NULLABLE)
        throw new InvalidOptionError(
            `uniqueWith of ${metadata.name}.${column.propertyPath} has ${nullable.length} columns that ` +
                `can be NULL (${nullable.map((c) => c.propertyPath).join(", ")}). Each set of them needs ` +
                `a unique index of its own, so ${MAX_NULLABLE} are the most. Make others NOT NULL, with ` +
                "a default that stands for none.",
        )
    const sets = nullable.reduce<ColumnMetadata[][]>(
        (sets, c) => [...sets, ...sets.map((set) => [...set, c])],
        [[]],
    )
    return [indexWhere([]), ...sets.slice(1).map(indexWhere)]
}
