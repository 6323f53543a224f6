import type { ObjectLiteral } from "typeorm"
import type { UpdatedEntity } from "../../../inserts/announced/updated-entity"
import type { Session } from "../../../inserts/session"
import type { Series } from "../../../series/series"
import { dataSourceOf } from "../../../typeorm/compat"
import type { StoredRow } from "../changed-rows"

/** @internal The entities of a table that save() updates. */
export function updatedOf(session: Session, { metadata }: Series): UpdatedEntity[] {
    return [...session.updates].filter((one) => one.metadata.tablePath === metadata.tablePath)
}

/** @internal Those of these that a row is: a call may save copies of it. */
export function entitiesOf(
    updated: readonly UpdatedEntity[],
    row: StoredRow,
    series: Series,
): ObjectLiteral[] {
    return updatedOfRow(updated, row, series).map(({ entity }) => entity)
}

/** @internal The same with their classes. */
export function updatedOfRow(
    updated: readonly UpdatedEntity[],
    row: StoredRow,
    { metadata }: Series,
): UpdatedEntity[] {
    return updated.filter((one) => isEntityOf(row, one, metadata))
}

/** @internal The first one of these that a row is. */
export function entityOf(
    updated: readonly UpdatedEntity[],
    row: StoredRow,
    series: Series,
): ObjectLiteral | undefined {
    return entitiesOf(updated, row, series)[0]
}

function isEntityOf(
    row: StoredRow,
    { entity, key }: UpdatedEntity,
    { primaryColumns }: Series["metadata"],
): boolean {
    return primaryColumns.every((column, at) => {
        const { driver } = dataSourceOf(column.entityMetadata)
        const value: unknown = key
            ? key[at]
            : driver.preparePersistentValue(column.getEntityValue(entity), column)
        return String(value) === String(row[`k${at}`])
    })
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
