import type { ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import type { Series } from "../../series/series"
import type { NumberRequest } from "../number-request"
import { hideNumber, parseNumber, showNumber } from "../number-values"

type NumberedRow = Pick<NumberRequest, "series" | "row" | "number" | "explicit">

// By the names of series.
const given = new WeakMap<object, Map<string, bigint>>()

/** @internal Takes a number off an entity that it was given, and not set, when it is inserted again. */
export function hideGivenNumber(series: Series, entity: ObjectLiteral): void {
    const number = given.get(entity)?.get(series.name)
    if (number !== undefined && parseNumber(series.column.getEntityValue(entity, true)) === number)
        hideNumber(series, entity)
}

/**
 * Shows the numbers of rows that are in the table on their entities, until the transaction is rolled
 * back.
 * @internal
 */
export function showNumbers(session: Session, requests: readonly NumberedRow[]): void {
    // A transaction can be long, and its entities need not be kept for it.
    const shown: { entity: WeakRef<object>; request: Pick<NumberRequest, "series" | "number"> }[] =
        []
    for (const { series, row, number, explicit } of requests) {
        if (!row.entity || number === undefined || explicit !== undefined) continue
        showNumber(series, row.entity, number)
        const numbers = given.get(row.entity) ?? new Map<string, bigint>()
        given.set(row.entity, numbers.set(series.name, number))
        shown.push({ entity: new WeakRef(row.entity), request: { series, number } })
    }
    session.onRollback(() => {
        for (const { entity, request } of shown) {
            const found = entity.deref()
            const { series, number } = request
            if (found && parseNumber(series.column.getEntityValue(found, true)) === number)
                hideNumber(series, found)
        }
    })
}
