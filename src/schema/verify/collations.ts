import type { EntityMetadata, QueryRunner } from "typeorm"
import { select } from "../../typeorm/statement"
import type { Dialect } from "../../dialects/dialect"
import type { StoredCollation } from "../../dialects/schema-statements"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { seriesOf } from "../../series/resolve-series"
import { hasCounters } from "../../series/series"
import { type ColumnMetadata, columnType } from "../../typeorm/names"

/** @internal The text columns of scopes whose counters tell values apart that the column doesn't. */
export async function inexactScopes(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
): Promise<string[]> {
    const columns = seriesOf(metadata)
        .filter(hasCounters)
        .flatMap(({ scopeColumns }) => scopeColumns)
        // The values of an enum differ by more than that.
        .filter((column, at, all) => all.indexOf(column) === at && columnType(column) !== "enum")
    const { collations } = dialect?.schema ?? {}
    const inexact = await inexactColumns(runner, dialect, metadata, columns)
    return inexact.flatMap(({ column, collation, ignoresCase, ignoresBlanks }) => {
        const isPadded = columns.some((c) => c.databaseName === column && columnType(c) === "char")
        const pairs = [
            ...(ignoresCase ? ["'a' and 'A'"] : []),
            // A CHAR has no trailing blanks to be told apart by.
            ...(ignoresBlanks && !isPadded ? ["'a' and 'a '"] : []),
        ]
        if (pairs.length === 0) return []
        return [
            `${metadata.tablePath}.${column} makes a scope, and its collation ${collation} takes ` +
                `${pairs.join(", ")} for equal, which have different counters: the unique index ` +
                `refuses the second one's numbers. Declare the column with collation ` +
                `${collations?.remedy ?? "one that is exact"}.`,
        ]
    })
}

/** @internal The columns of pseudo keys that take different keys for equal. */
export async function inexactPseudoKeys(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
): Promise<string[]> {
    return exactColumnsProblems(
        runner,
        dialect,
        metadata,
        pseudoKeysOf(metadata).stored.map(({ column }) => column),
    )
}

/** @internal The key columns of a table of this library that take different keys for equal. */
export async function inexactKeys(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
): Promise<string[]> {
    return exactColumnsProblems(runner, dialect, metadata, metadata.primaryColumns)
}

async function exactColumnsProblems(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
    columns: readonly ColumnMetadata[],
): Promise<string[]> {
    const exact = dialect?.keyCollation?.collation ?? "one that is exact"
    const inexact = await inexactColumns(runner, dialect, metadata, columns)
    return inexact.flatMap(({ column, collation, ignoresCase }) =>
        // No key ends in blanks.
        ignoresCase
            ? [
                  `${metadata.tablePath}.${column} has the collation ${collation}, which takes keys ` +
                      `that differ for equal. Give it the collation ${exact}.`,
              ]
            : [],
    )
}

type Inexact = StoredCollation & { readonly ignoresCase: boolean; readonly ignoresBlanks: boolean }

async function inexactColumns(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
    columns: readonly ColumnMetadata[],
): Promise<Inexact[]> {
    const { database, tableName } = metadata
    const { collations } = dialect?.schema ?? {}
    if (!collations || columns.length === 0) return []
    const stored = await select<StoredCollation>(runner, collations.select(database, tableName))
    const inexact: Inexact[] = []
    for (const found of stored) {
        if (!columns.some(({ databaseName }) => databaseName === found.column)) continue
        const [compared] = await select<Record<"ignoresCase" | "ignoresBlanks", unknown>>(
            runner,
            collations.compare(found),
        )
        inexact.push({
            ...found,
            ignoresCase: Number(compared?.ignoresCase) === 1,
            ignoresBlanks: Number(compared?.ignoresBlanks) === 1,
        })
    }
    return inexact
}
