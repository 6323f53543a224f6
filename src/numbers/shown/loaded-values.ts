import type { ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import type { ColumnMetadata } from "../../typeorm/names"
import { showValues } from "./shown-values"

/** @internal Shows columns of a row on its entity, as they were loaded. */
export function showLoaded(
    session: Session | undefined,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
    columns: readonly ColumnMetadata[],
): void {
    const valueOf = (column: ColumnMetadata): unknown => column.getEntityValue(stored)
    showValues(
        session,
        columns.map((column) => ({ entity, column, value: valueOf(column) })),
    )
}
