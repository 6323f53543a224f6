import type { ColumnMetadata } from "../typeorm/names"
import { ownSeriesOf } from "./own-series"
import type { Series } from "./series"
import { isSameColumn } from "./sharers"

/** @internal The values of a discriminator. */
export interface Kinds {
    readonly column: ColumnMetadata
    readonly values: readonly string[]
}

/**
 * The rows of a table that have a number: a table of several classes may have one for some of them alone. Undefined for
 * all rows.
 * @internal
 */
export function kindsOf(series: Series): Kinds | undefined {
    const column = series.metadata.discriminatorColumn
    if (!column) return undefined
    const classes = series.dataSource.entityMetadatas.filter(
        ({ tablePath }) => tablePath === series.metadata.tablePath,
    )
    const numbered = classes.filter((metadata) =>
        ownSeriesOf(metadata).some((other) => isSameColumn(other, series)),
    )
    if (numbered.length === classes.length) return undefined
    return {
        column,
        values: numbered.flatMap(({ discriminatorValue }) => discriminatorValue ?? []),
    }
}
