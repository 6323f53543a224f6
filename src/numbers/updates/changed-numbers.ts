import type { ObjectLiteral, UpdateEvent } from "typeorm"
import type { ReadOnlyNumberError } from "../../errors"
import { Session } from "../../inserts/session"
import { seriesOf } from "../../series/resolve-series"
import { type Document, isLate, madeColumns, numberColumns, type Series } from "../../series/series"
import { changedNumberError, changedTextError } from "./changed-rows"
import { parseNumber } from "../number-values"
import { showLoaded } from "../shown/loaded-values"

/**
 * Finds a number that save() has loaded and is to change, before it writes anything else. What it has
 * not loaded, and what others have changed since, the UPDATE itself finds out.
 * @internal
 */
export function findChangedNumber(
    event: UpdateEvent<ObjectLiteral>,
): ReadOnlyNumberError | undefined {
    const { entity, metadata } = event
    // Undefined for rows that `update()` changes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity || !stored) return undefined
    for (const series of seriesOf(metadata)) {
        leaveHidden(series, entity, stored)
        const text = changedText(series, entity, stored)
        if (text) return changedTextError(text)
        const number: unknown = series.column.getEntityValue(entity, true)
        const before: unknown = series.column.getEntityValue(stored, true)
        // A draft without a number may be given one.
        if (number === undefined || before === undefined || before === null) continue
        if (number === null && isLate(series)) {
            catchUp(Session.find(event.queryRunner), series, entity, stored)
            continue
        }
        if (parseNumber(number) !== parseNumber(before)) return changedNumberError(series)
    }
    return undefined
}

/** One that save() is to change: a stored row without a number has none, and gets it with that. */
function changedText(
    series: Series,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Document | undefined {
    return series.documents.find(({ column }) => {
        const text: unknown = column.getEntityValue(entity, true)
        const before: unknown = column.getEntityValue(stored, true)
        if (text === undefined || before === undefined || text === before) return false
        return text !== null || !isLate(series)
    })
}

/**
 * After an UPDATE TypeORM sets what an entity lacks to null. Of a column that it does not load (`select: false`)
 * the next save() takes that for a change; and no row loses its number by null.
 */
function leaveHidden(series: Series, entity: ObjectLiteral, stored: ObjectLiteral): void {
    for (const one of numberColumns(series))
        if (one.getEntityValue(stored) === undefined && one.getEntityValue(entity) === null)
            one.setEntityValue(entity, undefined)
}

/**
 * The row was a draft when its entity was loaded, and has got its number since: by another transaction, or by an
 * UPDATE of this one, which may be rolled back.
 */
function catchUp(
    session: Session | undefined,
    series: Series,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): void {
    const missing = madeColumns(series).filter(
        (column) => (column.getEntityValue(entity) ?? null) === null,
    )
    showLoaded(session, entity, stored, missing)
}
