import type { EntityMetadata } from "typeorm"
import type { DriverError } from "../dialects/driver-error"
import { InvalidOptionError } from "../errors"
import { isPrimaryKey, replacedIndex, type UniqueIndex } from "../typeorm/metadata/index-metadata"
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
            `uniqueWith of ${metadata.name}.${column.propertyPath} has ${nullable.length} columns that can be ` +
                `NULL (${nullable.map((c) => c.propertyPath).join(", ")}). Each combination of them needs its own ` +
                `unique index, so at most ${MAX_NULLABLE} are supported. Make some NOT NULL, with a default that ` +
                'means "none".',
        )
    const sets = nullable.reduce<ColumnMetadata[][]>(
        (sets, c) => [...sets, ...sets.map((set) => [...set, c])],
        [[]],
    )
    return [indexWhere([]), ...sets.slice(1).map(indexWhere)]
}

/** @internal Whether an error says that a value is there already, by an index of this column or by its columns. */
export function isViolated(
    { dialect, ...scoped }: Scoped,
    { message, ...error }: DriverError,
): boolean {
    if (!dialect.keys.isDuplicate({ message, ...error })) return false
    const { indices, tableName: table } = scoped.metadata
    const { constraint } = error as { constraint?: unknown }
    const text = String(message)
    const named = text.replace(/^UNIQUE constraint failed: /, "").split(", ")
    const isNamed = ({ name }: { readonly name?: string }) =>
        constraint === name || text.includes(`${name ?? ""}'`)
    const [main] = uniqueIndexesOf({ dialect, ...scoped })
    // Databases have names of their own for it, or none.
    if (isPrimaryKey(scoped.metadata, main)) {
        const names = main.columns.map(({ databaseName }) => `${table}.${databaseName}`)
        if (named.join() === text) return ![...indices, ...scoped.metadata.uniques].some(isNamed)
        return named.sort().join() === names.sort().join()
    }
    return indices.some(({ isUnique, name, columns }) => {
        // Partial ones are over fewer columns of the scope.
        const isOfColumn =
            isUnique &&
            columns.includes(scoped.column) &&
            columns.every((one) => one === scoped.column || scoped.scopeColumns.includes(one))
        const names = columns.map(({ databaseName }) => `${table}.${databaseName}`)
        return (
            isOfColumn &&
            (constraint === name ||
                text.includes(`${name}'`) ||
                named.sort().join() === names.sort().join())
        )
    })
}
