import type { NumberSource } from "../numbers/number-source"
import { tellTaken } from "../signals/channels"
import { giveLateKeys, type LateKey } from "./late-keys"
import { knownRequests, type LateRequest, lateRequests } from "./late-requests"
import type { LateRow } from "./late-row"
import { numberRows } from "./number-rows"
import { numberWithCommit, type Send } from "./number-with-commit"

/** @internal What the rows of a transaction were given as the last thing before COMMIT. */
export interface Numbered {
    readonly requests: readonly LateRequest[]
    readonly keys: readonly LateKey<LateRow>[]
    /** Whether COMMIT was sent as well. */
    readonly isCommitted: boolean
}

/** @internal Numbers the rows that wait, in as few statements as it takes. */
export async function numberWaiting(
    source: NumberSource,
    rows: readonly LateRow[],
    send: Send,
): Promise<Numbered> {
    const since = performance.now()
    const numbered = await number(source, rows, send)
    tellTaken(since, numbered.requests, source.session.runner)
    return numbered
}

async function number(
    source: NumberSource,
    rows: readonly LateRow[],
    send: Send,
): Promise<Numbered> {
    const { session } = source
    const known = knownRequests(rows)
    if (known && (await numberWithCommit(session, known, send, { isRead: false })))
        return { requests: known, keys: [], isCommitted: true }
    const requests = await lateRequests(session, rows)
    if (await numberWithCommit(session, requests, send, { isRead: true }))
        return { requests, keys: [], isCommitted: true }
    const numbered = await numberRows(source, requests)
    const keys = await giveLateKeys(session, numbered)
    return { requests, keys, isCommitted: false }
}
