import type { EntityMetadata, ObjectLiteral, RemoveEvent } from "typeorm"
import { NotDeletableError } from "../../errors"
import type { Session } from "../../inserts/session"
import { plain, type Update } from "../../inserts/sql/update"
import { keepsJournal } from "../../series/journal"
import { seriesOf } from "../../series/resolve-series"
import { keySql } from "../../series/scopes/scope-key"
import { placeOf, type Series } from "../../series/series"
import { tellRefusedGap } from "../../signals/channels"
import { columnName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import { rowDetails } from "../journal/row-details"
import { saidIn } from "../journal/said"
import { writeEvents } from "../journal/write-events"
import type { NumberSource } from "../number-source"
import { refuseWithoutTransaction } from "../transaction"
import { parseNumber } from "../number-values"

/** Triggers look after theirs themselves. */
function lookedAfter(metadata: EntityMetadata): Series[] {
    return seriesOf(metadata).filter(({ strategy }) => strategy !== "trigger")
}

/** @internal Whether anything becomes of it that rows of an entity are deleted. */
export function asksAtDeletion(series: Series): boolean {
    return series.deletable !== true || keepsJournal(series)
}

/**
 * Finds a number of a row that remove() has loaded, before it deletes anything else. What it has not
 * loaded, and what others have changed since, the DELETE itself finds out.
 * @internal
 */
export function findKeptRow(event: RemoveEvent<ObjectLiteral>): NotDeletableError | undefined {
    // Undefined for rows that `delete()` deletes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    const numbered = lookedAfter(event.metadata).find(
        ({ column, deletable }) =>
            deletable === false && ((stored && column.getEntityValue(stored)) ?? null) !== null,
    )
    return numbered && keptRowError(numbered)
}

/**
 * Sends a DELETE, unless a row that it is about has a number that may not go. Those rows are locked first, and
 * the statement itself gets the same as a condition, for rows that nothing locks. The journal is told which go.
 * @internal
 */
export async function deleteUnnumbered(
    source: NumberSource,
    deletion: Update,
    send: (deletion: Update) => Promise<unknown>,
): Promise<unknown> {
    const { session } = source
    const asked = lookedAfter(deletion.metadata).filter(asksAtDeletion)
    if (asked.length === 0) return send(deletion)
    const { rows, kept } = await refuseNumbered(session, deletion, asked)
    const gone = asked.map((series, at) => ({
        series,
        rows: keepsJournal(series) ? rows.filter((row) => row[`n${at}`] !== null) : [],
        at,
    }))
    for (const { series, rows } of gone)
        if (rows.length > 0) refuseWithoutTransaction(session, series)
    for (const { column } of kept) deletion.and(plain(`${columnName(column)} IS NULL`))
    const result = await send(deletion)
    const affected = Number((result as { affected?: unknown }).affected)
    // Rows that another transaction has numbered since are still there.
    if (affected < rows.length) await refuseNumbered(session, deletion, asked)
    try {
        // Those that came since may have had numbers.
        if (affected > rows.length && kept.length < asked.length) throw deletedMore(asked)
        for (const { series, rows, at } of gone)
            await writeEvents(
                session,
                series.name,
                rows.map((row) => ({
                    kind: "delete",
                    key: String(row[`s${at}`]),
                    first: parseNumber(row[`n${at}`]),
                    details: rowDetails(series.metadata.primaryColumns, (_, nth) => row[`k${nth}`]),
                })),
            )
    } catch (error) {
        session.transaction?.refuseCommit(error as Error)
        throw error
    }
    return result
}

type AskedRow = Readonly<Record<`${"n" | "s" | "k"}${number}` | "reason", unknown>>

/** Resolves to the rows, and to the series whose rows with a number stay. */
async function refuseNumbered(
    session: Session,
    deletion: Update,
    asked: readonly Series[],
): Promise<{ rows: AskedRow[]; kept: Series[] }> {
    const { dialect, dataSource } = session
    const as = (sql: string, name: string) => `${sql} AS ${dataSource.driver.escape(name)}`
    const columns = asked.flatMap((series, at) => [
        as(series.dialect.expressions.text(columnName(series.column)), `n${at}`),
        ...(keepsJournal(series)
            ? [as(keySql(series.scopeColumns, series.dialect, columnName), `s${at}`)]
            : []),
    ])
    const keys = deletion.metadata.primaryColumns.map((column, at) =>
        as(columnName(column), `k${at}`),
    )
    const said = as(dialect?.journal.said?.("reason") ?? "NULL", "reason")
    const rows = await select<AskedRow>(
        session,
        deletion.select(plain([...columns, ...keys, said].join(", ")), dialect?.rowLock ?? ""),
    )
    const hasReason = saidIn(session).reason !== undefined || (rows[0]?.reason ?? null) !== null
    const kept = asked.filter(
        ({ deletable }) => deletable === false || (deletable === "withReason" && !hasReason),
    )
    const isNumbered = (series: Series) =>
        rows.some((row) => row[`n${asked.indexOf(series)}`] !== null)
    const numbered = kept.find(isNumbered)
    if (numbered) throw keptRowError(numbered)
    return { rows, kept }
}

function deletedMore([series]: readonly Series[]): NotDeletableError {
    return new NotDeletableError(
        `${series ? placeOf(series) : "A number"}: a DELETE has also deleted rows that were inserted meanwhile, whose numbers ` +
            "the journal can't be told. Repeat the transaction.",
    )
}

/** @internal */
export function keptRowError(series: Series, cause?: unknown): NotDeletableError {
    const { deletable } = series
    const option = deletable === false ? "deletable: false" : `deletable: "withReason"`
    const remedy =
        deletable === false
            ? "Keep it, and mark it as void: void() of seriesOf(), or a column of its own; a soft delete keeps it as well."
            : "Say why: withReason(manager, { reason }, () => …), or keep it, and void() it by seriesOf()."
    return tellRefusedGap(
        series,
        new NotDeletableError(
            `A row with a number of ${placeOf(series)} can't be deleted: that would leave a gap (${option}). ${remedy}`,
            { cause },
        ),
    )
}
