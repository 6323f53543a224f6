import type { EntityMetadata, QueryRunner } from "typeorm"
import { select } from "../../typeorm/statement"
import type { Dialect } from "../../dialects/dialect"
import type { StoredCollation } from "../../dialects/statements/schema-statements"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import type { ColumnMetadata } from "../../typeorm/names"
import type { Finding } from "./finding"

/** @internal The columns of pseudo keys that take different keys for equal. */
export async function inexactPseudoKeys(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
): Promise<Finding[]> {
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
): Promise<Finding[]> {
    const exact = dialect?.keyCollation?.collation
    const keys = metadata.columns.filter((one) => exact !== undefined && one.collation === exact)
    return exactColumnsProblems(runner, dialect, metadata, keys)
}

async function exactColumnsProblems(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    { database, tableName, tablePath }: EntityMetadata,
    columns: readonly ColumnMetadata[],
): Promise<Finding[]> {
    const exact = dialect?.keyCollation?.collation ?? "one that is exact"
    const { collations } = dialect?.schema ?? {}
    if (!collations || columns.length === 0) return []
    const stored = await select<StoredCollation>(runner, collations.select(database, tableName))
    const problems: Finding[] = []
    for (const found of stored) {
        if (!columns.some(({ databaseName }) => databaseName === found.column)) continue
        const [compared] = await select<{ ignoresCase: unknown }>(runner, collations.compare(found))
        // No key ends in blanks.
        if (Number(compared?.ignoresCase) === 1)
            problems.push({
                text:
                    `${tablePath}.${found.column} has the collation ${found.collation}, which takes different keys for ` +
                    `equal. Give it the collation ${exact}.`,
            })
    }
    return problems
}
