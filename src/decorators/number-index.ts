import type { NumberedColumn } from "../declared/registry"
import { resolveSeries } from "../series/resolve-series"
import { uniqueIndex } from "../series/unique-index"

/** @internal For TypeORM's `@Index`: the unique indexes of a numbered column. */
export function uniqueNumberIndex(numbered: NumberedColumn): () => string[] {
    return uniqueIndex((metadata, embeddedPath) => resolveSeries(metadata, numbered, embeddedPath))
}
