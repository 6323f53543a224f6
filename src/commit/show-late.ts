import type { NumberedRow } from "../inserts/assigner"
import type { Session } from "../inserts/session"
import { storedValue } from "../numbers/number-values"
import { showValues, shownValue } from "../numbers/shown/shown-values"
import type { LateKey } from "./late-keys"
import type { LateRequest } from "./late-requests"
import { entitiesOf, type LateRow } from "./late-row"

/**
 * Shows on entities what their rows were given.
 * @internal
 */
export function showLate(
    session: Session,
    requests: readonly LateRequest[],
    keys: readonly LateKey<LateRow>[],
): void {
    for (const request of requests) {
        const { series, row, number = 0n } = request
        const values = new Map(row.values).set(series.column, storedValue(series, number))
        for (const entity of entitiesOf(row))
            showValues(
                session,
                [...values].map(([column, value]) => shownValue(entity, column, value)),
            )
    }
    for (const { key, row, text } of keys)
        for (const entity of entitiesOf(row)) key.column.setEntityValue(entity, text)
}

/** @internal Shows the keys that rows have got behind their UPDATE, until it is rolled back. */
export function showKeys(session: Session, keys: readonly LateKey<NumberedRow>[]): void {
    showValues(
        session,
        keys.flatMap(({ key: { column }, row: { entities }, text }) =>
            entities.map((entity) => ({ entity, column, value: text })),
        ),
    )
}
