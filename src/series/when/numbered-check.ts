import { createHash } from "node:crypto"
import { type ColumnMetadata, columnName } from "../../typeorm/names"
import type { Series } from "../series"
import { conditionSql } from "./row-condition"

/** @internal The prefix of the names of CHECK constraints that this library creates. */
export const CHECK_PREFIX = "autosequence_numbered_"

/** @internal The constraint that a row for which the condition holds has its number, over columns of these names. */
export function numberedCheck(
    { when, assignsAtCommit, column, metadata, ...series }: Series,
    nameOf: (column: ColumnMetadata) => string = columnName,
): { readonly name: string; readonly expression: string } | undefined {
    const { dialect } = series as { dialect: Series["dialect"] | undefined }
    // A constraint is looked at with the statement, and at COMMIT it may be true.
    if (!when || assignsAtCommit || !dialect) return undefined
    const condition = conditionSql(when, dialect, nameOf)
    const expression = `NOT (${condition}) OR ${nameOf(column)} IS NOT NULL`
    const hash = createHash("sha256").update(`${metadata.tableName} ${expression}`).digest("hex")
    return { name: `${CHECK_PREFIX}${hash.slice(0, 16)}`, expression }
}
