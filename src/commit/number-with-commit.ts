import { driverErrorOf } from "../dialects/driver-error"
import type { Session } from "../inserts/session"
import { isMadeOfNumber } from "../keys/insert/keyed-row"
import { storedKeysOf } from "../keys/resolve-keys"
import { preparedValue } from "../inserts/primary-key"
import { counterSeriesOf } from "../numbers/counters/counter-series"
import { refusedByDatabase } from "../numbers/counters/counter-errors"
import { duplicateNumberError } from "../numbers/duplicate-numbers"
import { overflowError, parseNumber } from "../numbers/number-values"
import { counterTableOf } from "../series/own-table"
import { keysOf, keySql } from "../series/scopes/scope-key"
import { type Document, placeOf, type Series } from "../series/series"
import type { DocumentFrame } from "../series/documents/document"
import { frameSql } from "../series/documents/document-sql"
import { fitsWhatever } from "../numbers/documents/row-frame"
import { noteOf } from "../signals/note"
import { ofRow } from "../typeorm/names"
import { forgetKnown, isKnown } from "./known-counters"
import { giveLateTexts, lateFrames } from "./late-texts"
import type { LateRequest } from "./late-requests"

const MOST = 100
const SAVEPOINT = "autosequence_numbers"

/** @internal Sends COMMIT, maybe with statements before it; resolves to the driver's results. */
export type Send = (before?: readonly string[]) => Promise<unknown>

/**
 * Lets one statement move the counter and number the rows of one scope, and sends COMMIT along with it, which saves
 * most of the time for which others wait for the counter. Resolves to false where it is not to be, or has found the
 * counter or the rows to be others: then nothing is done, and nothing committed.
 * @internal
 */
export async function numberWithCommit(
    session: Session,
    requests: readonly LateRequest[],
    send: Send,
    /** Whether the rows were looked at, and are in these scopes. */
    { isRead }: { readonly isRead: boolean },
): Promise<boolean> {
    const [first] = requests
    const statement = first && (await statementOf(session, requests, first, isRead))
    if (!statement) return false
    const { series } = first
    try {
        const [, found] = (await send([
            `SAVEPOINT ${SAVEPOINT}`,
            statement.sql + noteOf(series.name),
        ])) as Result[]
        for (const [at, request] of requests.entries()) {
            const number = parseNumber(found?.rows[0]?.numbers[at])
            request.number = number
            // The statement has made them itself.
            if (number !== undefined) giveLateTexts(request.row, statement.frames[at] ?? [], number)
        }
        return true
    } catch (error) {
        const cause = driverErrorOf(error)
        if (!cause || !series.dialect.isFailure(cause)) throw nameOf(series, error)
        forgetKnown(series.dataSource)
        await session.query(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`)
        return false
    }
}

interface Result {
    readonly rows: readonly { readonly numbers: readonly unknown[] }[]
}

interface CommitStatement {
    readonly sql: string
    /** What it makes the texts of each row of. */
    readonly frames: readonly (readonly [Document, DocumentFrame][])[]
}

/** Undefined for rows of several scopes or classes, and where a key is made of the number. */
async function statementOf(
    session: Session,
    requests: readonly LateRequest[],
    first: LateRequest,
    isRead: boolean,
): Promise<CommitStatement | undefined> {
    const { series, row, scope } = first
    const { dialect, scopeColumns, dataSource } = series
    const isSimple = !series.ascends && !series.startOf
    if (!dialect.counter.numberRows || !isSimple || requests.length > MOST) return undefined
    if (requests.some((one) => !isLike(first, one))) return undefined
    if (storedKeysOf(row.metadata).some(isMadeOfNumber)) return undefined
    const [key = ""] = await keysOf(session, series, [scope])
    if (!isKnown(first, key)) return undefined
    const frames = requests.map((request) => [...lateFrames(request)])
    if (frames.flat().some(([document, frame]) => !fitsWhatever({ document, frame })))
        return undefined
    const { name, base, columns } = counterSeriesOf(series)
    const by = series.incrementBy * BigInt(requests.length)
    const stored = keySql(scopeColumns, dialect, ofRow)
    const sql = dialect.counter.numberRows(
        counterTableOf(dataSource),
        { series: name, base, moves: [{ key, by }], columns },
        {
            series,
            columns: [...row.values.keys()],
            rows: requests.map(({ row: { metadata, id, values } }) => ({
                id: metadata.primaryColumns.map((column) => preparedValue(column, id)),
                values: [...values.values()],
            })),
            texts: series.documents.map((document, at) => ({
                column: document.column,
                texts: frames.map(
                    (own) => (number: string) =>
                        frameSql(dialect, own[at]?.[1] as DocumentFrame, number),
                ),
            })),
            where: isRead ? undefined : `${stored} = ${dialect.expressions.literal(key)}`,
        },
    )
    return sql === undefined ? undefined : { sql, frames }
}

function isLike({ series, row, scope }: LateRequest, other: LateRequest): boolean {
    const columns = [...other.row.values.keys()]
    return (
        other.series === series &&
        other.row.metadata === row.metadata &&
        other.scope.key === scope.key &&
        columns.length === row.values.size &&
        columns.every((column) => row.values.has(column))
    )
}

function nameOf(series: Series, error: unknown): unknown {
    const { dialect, dataSource } = series
    const cause = driverErrorOf(error)
    if (!cause) return error
    if (dialect.isOutOfRange(cause)) return overflowError(series, "the next number", cause)
    const duplicate = duplicateNumberError([series], cause, () => true)
    return duplicate ?? refusedByDatabase(dataSource, placeOf(series), error)
}
