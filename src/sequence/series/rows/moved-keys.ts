import type { ObjectLiteral } from "typeorm"
import { UnsupportedError } from "../../../errors"
import type { Session } from "../../../inserts/session"
import { changedView } from "../../../keys/change/changed-view"
import { remakeKey } from "../../../keys/change/remade-key"
import { derive, viewOfLoaded } from "../../../keys/derive/derive"
import { addStored } from "../../../keys/derive/related-rows"
import { KeyAssigner } from "../../../keys/insert/key-assigner"
import type { StoredKey } from "../../../keys/pseudo-key"
import { storedKeysOf } from "../../../keys/resolve-keys"
import { primaryKeyText } from "../../../inserts/primary-key"
import { loadWholeRows } from "../../../keys/rows/whole-rows"
import { hasCounters, placeOf, type Series } from "../../../series/series"

/**
 * The keys of a row that are made of a number which it is about to lose. One that the caller has set is the caller's.
 * Refuses a history whose keys would have to move along.
 * @internal
 */
export async function keysOfNumber(
    session: Session,
    series: Series,
    id: ObjectLiteral,
    set: ObjectLiteral,
): Promise<StoredKey[]> {
    const { metadata, column, period, documents } = series
    const made = [column, ...documents.map((document) => document.column)]
    if (period) made.push(period.column)
    const isMoved = (key: StoredKey) =>
        key.scopeColumns.some(
            (one) =>
                one.getEntityValue(set) !== undefined ||
                (one === period?.column && period.date.getEntityValue(set) !== undefined),
        )
    const found: StoredKey[] = []
    for (const key of storedKeysOf(metadata)) {
        if (key.history !== false && isMoved(key)) throw historyError(series, key)
        const isMade = made.some((one) => key.reads(one))
        if (key.history !== false && isMade && !hasCounters(series)) throw reusedError(series, key)
        if (!key.derive || !isMade || key.column.getEntityValue(set) !== undefined) continue
        const row = (await loadWholeRows(session, key, [id])).get(primaryKeyText(metadata, id))
        if (!row) continue
        const view = viewOfLoaded(key, row)
        addStored(view, row, key.relations)
        const text: unknown = key.column.getEntityValue(row)
        if (derive(key, view)?.texts.some((one) => one === text)) found.push(key)
    }
    return found
}

/**
 * What is in the place of such a key until the row has its number, as there another row may have it; undefined where
 * it stays for its history.
 * @internal
 */
export function standInFor(key: StoredKey): (() => string) | null | undefined {
    if (key.history !== false) return undefined
    // As SQL, which needs not match the pattern. Keys are of characters that need no escapes.
    return key.column.isNullable ? null : () => `'${key.generate()}'`
}

/** @internal Makes such keys anew, of the number that the row has got. */
export function remakeKeys(
    session: Session,
    keys: readonly StoredKey[],
    id: ObjectLiteral,
): Promise<void> {
    return session.together(async () => {
        for (const key of keys) {
            const row = { ...id }
            const view = await changedView(session, key, row, id)
            if (view) await remakeKey(session, key, row, id, view)
        }
        KeyAssigner.of(session)?.locks.forgetGiven()
    })
}

function historyError(series: Series, { label }: StoredKey): UnsupportedError {
    return new UnsupportedError(
        `move() can't give a row another number of ${placeOf(series)}, because ${label} has a history, whose keys would ` +
            "stay behind in the scope that the row leaves. Insert a new row there. Nothing was written.",
    )
}

/** The former key stays the row's, and would be in the way of the row that gets the number next. */
function reusedError(series: Series, { label }: StoredKey): UnsupportedError {
    return new UnsupportedError(
        `move() can't give a row another number of ${placeOf(series)}, because ${label} is made of it and has a history: ` +
            'strategy "table-lock" may give the former number again, and its key stays reserved. Use strategy "counter", ' +
            "or insert a new row there. Nothing was written.",
    )
}
