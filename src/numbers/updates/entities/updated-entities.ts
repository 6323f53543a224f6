import type { ObjectLiteral } from "typeorm"
import { UpdatedEntity } from "../../../inserts/announced/updated-entity"
import { primaryKeyText } from "../../../inserts/primary-key"
import type { Session } from "../../../inserts/session"
import type { Series } from "../../../series/series"
import { entityOf as entityOfRead } from "../../../typeorm/rows/read-rows"
import type { StoredRow } from "../changed-rows"

/** @internal The entities that save() updates and that a row is. */
export function updatedOfRow(
    { updates }: Session,
    series: Series,
    row: StoredRow,
): UpdatedEntity[] {
    if (updates.size === 0) return []
    return updates.ofRow(UpdatedEntity.rowOf(series.metadata, idOf(series, row)))
}

/** @internal The first of these. */
export function entityOf(
    session: Session,
    series: Series,
    row: StoredRow,
): ObjectLiteral | undefined {
    return updatedOfRow(session, series, row)[0]?.entity
}

/** @internal The primary key of a row, as an entity has it. */
export function idOf({ metadata: { primaryColumns } }: Series, row: StoredRow): ObjectLiteral {
    return entityOfRead(
        primaryColumns,
        primaryColumns.map((_, at) => row[`k${at}`]),
    )
}

/** @internal The same as one text, by which a row that is read for each of its numbers is the same one. */
export function keyOf(series: Series, row: StoredRow): string {
    return primaryKeyText(series.metadata, idOf(series, row))
}
