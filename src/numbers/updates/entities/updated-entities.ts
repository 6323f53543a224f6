import type { ObjectLiteral } from "typeorm"
import { UpdatedEntity } from "../../../inserts/announced/updated-entity"
import type { Session } from "../../../inserts/session"
import type { Series } from "../../../series/series"
import { dataSourceOf } from "../../../typeorm/compat"
import type { StoredRow } from "../changed-rows"

/** @internal The entities that save() updates and that a row is. */
export function updatedOfRow(
    { updates }: Session,
    { metadata }: Series,
    row: StoredRow,
): UpdatedEntity[] {
    const key = metadata.primaryColumns.map((_, at) => row[`k${at}`])
    return updates.size > 0 ? updates.ofRow(UpdatedEntity.rowOf(metadata, key)) : []
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
export function idOf({ metadata }: Series, row: StoredRow): ObjectLiteral {
    const id: ObjectLiteral = {}
    for (const [at, column] of metadata.primaryColumns.entries()) {
        const { driver } = dataSourceOf(column.entityMetadata)
        column.setEntityValue(id, driver.prepareHydratedValue(row[`k${at}`], column))
    }
    return id
}
