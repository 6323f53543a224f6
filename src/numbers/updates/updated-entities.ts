import type { ObjectLiteral } from "typeorm"
import type { UpdatedEntity } from "../../inserts/announced/announced-updates"
import type { Session } from "../../inserts/session"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { tableName } from "../../typeorm/names"
import type { StoredRow } from "./changed-rows"

/** @internal The entities of a table that save() updates. */
export function updatedOf(session: Session, { metadata }: Series): UpdatedEntity[] {
    const table = tableName(metadata)
    return session.updates.all.filter((one) => tableName(one.metadata) === table)
}

/** @internal Those of these that a row is: a call may save copies of it. */
export function entitiesOf(
    updated: readonly UpdatedEntity[],
    row: StoredRow,
    { metadata }: Series,
): ObjectLiteral[] {
    return updated.flatMap((one) => (isEntityOf(row, one, metadata) ? [one.entity] : []))
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
