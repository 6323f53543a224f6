import type { NumberedColumn } from "../../declared/registry"
import { resolveSeries } from "../../series/resolve-series"
import { uniqueIndex } from "../../series/unique-index"
import { numberedCheck } from "../../series/when/numbered-check"
import { lineageOf } from "../../series/own-columns"
import { addCheck } from "../../typeorm/metadata/check-metadata"
import { lookAfter } from "../look-after"

/** @internal For TypeORM's `@Index`: the unique indexes of a numbered column. */
export function uniqueNumberIndex(numbered: NumberedColumn): () => string[] {
    return uniqueIndex((metadata, embeddedPath) => {
        const series = resolveSeries(metadata, numbered, embeddedPath)
        const check = numberedCheck(series)
        // Rows of other classes of the table have no such number.
        if (check && lineageOf(metadata.target).includes(numbered.target)) addCheck(metadata, check)
        lookAfter(metadata)
        return series
    })
}
