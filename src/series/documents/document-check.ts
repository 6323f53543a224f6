import { createHash } from "node:crypto"
import { columnName } from "../../typeorm/names"
import type { Document } from "../series"
import { CHECK_PREFIX } from "../when/numbered-check"

/**
 * @internal The constraint that a text is there where its number is, and shows that number. What else it shows may have
 * changed since, as the format may.
 */
export function documentCheck({
    series,
    column,
    metadata,
    ...document
}: Document): { readonly name: string; readonly expression: string } | undefined {
    const { dialect } = document as { dialect: Document["dialect"] | undefined }
    if (!dialect) return undefined
    const { concat, text } = dialect.expressions
    const [shown, number] = [columnName(column), columnName(series.column)]
    const expression =
        `(${shown} IS NULL AND ${number} IS NULL) OR (${shown} IS NOT NULL AND ${number} IS NOT NULL AND ` +
        `${shown} LIKE ${concat("'%'", text(number), "'%'")})`
    const hash = createHash("sha256").update(`${metadata.tableName} ${expression}`).digest("hex")
    return { name: `${CHECK_PREFIX}text_${hash.slice(0, 16)}`, expression }
}
