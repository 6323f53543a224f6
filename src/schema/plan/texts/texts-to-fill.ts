import type { EntityMetadata, Table } from "typeorm"
import { seriesOf } from "../../../series/resolve-series"
import type { Document } from "../../../series/series"
import type { ColumnMetadata } from "../../../typeorm/names"

/** @internal The texts of a table whose rows may be without them. */
export interface TextsToFill {
    /** Those that rows with numbers are given. */
    readonly filled: readonly Document[]
    /** Those that are there, and tell the numbers, which are not. */
    readonly read: readonly Document[]
    /** Those whose columns are to be NOT NULL, and are not. */
    readonly tightened: readonly Document[]
}

/** @internal */
export function textsToFill(
    metadata: EntityMetadata,
    table: Table,
    missingChecks: readonly { readonly name: string }[],
): TextsToFill {
    const stored = (column: ColumnMetadata) => table.findColumnByName(column.databaseName)
    const all = seriesOf(metadata).flatMap(({ documents }) => documents)
    const isOpen = (document: Document) =>
        (stored(document.column)?.isNullable ?? true) &&
        (!document.column.isNullable || missingChecks.length > 0 || !stored(document.column))
    return {
        filled: all.filter(isOpen),
        read: all.filter(({ column, series }) => stored(column) && !stored(series.column)),
        tightened: all.filter(
            ({ column }) => !column.isNullable && (stored(column)?.isNullable ?? true),
        ),
    }
}
