import type { ObjectLiteral } from "typeorm"
import type { UpdatedEntity } from "../../inserts/announced-updates"
import type { Session } from "../../inserts/session"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { tableName } from "../../typeorm/names"
import { storedValue, parseNumber } from "../number-values"
import { type ShownValue, showValues, shownValue } from "../shown/shown-values"
import type { StoredRow } from "./changed-rows"
import type { PlannedChange } from "./send-changes"

/**
 * Shows the numbers of rows on the entities that save() updates: those that they were given, or that
 * another transaction has given them before.
 * @internal
 */
export function showUpdated(session: Session, change: PlannedChange): void {
    const { series, rows, periods, requests } = change
    const updated = updatedOf(session, series)
    if (updated.length === 0) return
    const numbers = new Map(requests.map(({ row, number, explicit }) => [row, number ?? explicit]))
    const values = rows.flatMap((row): ShownValue[] => {
        const entity = entityOf(updated, row, series)
        const number = numbers.get(row) ?? parseNumber(row.number)
        if (!entity || number === undefined) return []
        const { column, period } = series
        const own = periods.get(row)
        const shown = [shownValue(entity, column, storedValue(series, number))]
        if (period) shown.push(shownValue(entity, period.column, own?.name ?? row.period))
        if (period && own?.date !== undefined) shown.push(shownValue(entity, period.date, own.date))
        return shown
    })
    showValues(session, values)
}

/** @internal The entities of a table that save() updates. */
export function updatedOf(session: Session, { metadata }: Series): UpdatedEntity[] {
    const table = tableName(metadata)
    return session.updates.all.filter((one) => tableName(one.metadata) === table)
}

/** @internal The one of these that a row is. */
export function entityOf(
    updated: readonly UpdatedEntity[],
    row: StoredRow,
    { metadata }: Series,
): ObjectLiteral | undefined {
    return updated.find(({ entity }) => isEntityOf(row, entity, metadata))?.entity
}

function isEntityOf(
    row: StoredRow,
    entity: ObjectLiteral,
    { primaryColumns }: PlannedChange["series"]["metadata"],
): boolean {
    return primaryColumns.every((column, at) => {
        const { driver } = dataSourceOf(column.entityMetadata)
        const value: unknown = driver.preparePersistentValue(column.getEntityValue(entity), column)
        return String(value) === String(row[`k${at}`])
    })
}
