import type { ColumnMetadata } from "../typeorm/names"
import { ownSeriesOf } from "./own-series"
import type { Series } from "./series"
import { isSameColumn } from "./sharers"

/** The values of a discriminator. */
interface Kinds {
    readonly column: ColumnMetadata
    readonly values: readonly string[]
}

/**
 * The discriminator values of the rows that have a number, if only some classes of a table have it; undefined for all rows.
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
