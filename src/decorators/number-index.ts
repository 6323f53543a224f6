import type { NumberedColumn } from "../declared/registry"
import { resolveSeries } from "../series/resolve-series"
import { uniqueIndex } from "../series/unique-index"
import { lookAfter } from "./look-after"

/** @internal For TypeORM's `@Index`: the unique indexes of a numbered column. */
export function uniqueNumberIndex(numbered: NumberedColumn): () => string[] {
    return uniqueIndex((metadata, embeddedPath) => {
        const series = resolveSeries(metadata, numbered, embeddedPath)
        lookAfter(metadata)
        return series
    })
}
