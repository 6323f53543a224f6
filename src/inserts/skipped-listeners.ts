import type { ObjectLiteral } from "typeorm"
import { UnknownScopeError } from "../errors"
import { seriesOf } from "../series/resolve-series"
import { placeOf } from "../series/series"
import { skippedListener } from "../typeorm/metadata/skipped-listeners"
import type { ColumnMetadata } from "../typeorm/names"
import type { Insert, InsertRow } from "./insert"
import { defaultOf } from "./row-value"

/**
 * Refuses plain objects that leave a scope open which a listener of their class may set: TypeORM calls no
 * listeners for them, and NULL, or the default of the column, would be another scope.
 * @internal
 */
export function refuseSkippedListeners({ rows }: Insert): void {
    for (const row of rows) {
        const { entity, metadata } = row
        if (!entity) continue
        const listener = skippedListener(metadata, entity)
        if (listener === undefined) continue
        for (const series of seriesOf(metadata))
            for (const { path, columns } of series.scope) {
                const isOpen = columns.some(
                    (column) => column !== series.period?.column && isLeftOpen(row, entity, column),
                )
                if (isOpen)
                    throw new UnknownScopeError(
                        `The scope of ${placeOf(series)} can't be known before the insert: ${path} is not set, and ` +
                            `TypeORM does not call ${listener} (@BeforeInsert), which may set it, for a plain object. ` +
                            `Make the row by repository.create(…), or set ${path}` +
                            (columns.every(({ isNullable }) => isNullable)
                                ? ", be it to null."
                                : "."),
                    )
            }
    }
}

/** NULL that was set says that there is none. */
function isLeftOpen(row: InsertRow, entity: ObjectLiteral, column: ColumnMetadata): boolean {
    const cell = row.cell(column)
    // SQLite has no word for the default: its value is there.
    const isDefault = (value: unknown) => String(value) === String(defaultOf(column)?.value)
    if (cell.kind === "value" && cell.value !== null && !isDefault(cell.value)) return false
    const { relationMetadata: relation } = column
    return column.getEntityValue(entity) === undefined && relation?.getEntityValue(entity) !== null
}
