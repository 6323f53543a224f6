import type { Scope } from "../dialects/columns"
import { driverErrorOf } from "../dialects/driver-error"
import { abortedError } from "../inserts/connection/aborted"
import type { Assigner, NumberedRow } from "../inserts/assigner"
import { type Insert, InsertNote, type InsertRow } from "../inserts/insert"
import type { NewRow } from "../inserts/announced/new-row"
import { RowScopes } from "../inserts/row-scope"
import type { Session } from "../inserts/session"
import { isAnyWaiting, takeWaiting, waitForCommit } from "../numbers/commit/waiting-rows"
import { KeyAssigner } from "../keys/insert/key-assigner"
import { askForPrimaryKeys } from "../keys/insert/stored-rows"
import { leaveDrafts } from "../numbers/when/drafts"
import type { NumberSource } from "../numbers/number-source"
import { showValues } from "../numbers/shown/shown-values"
import { joinTransaction, refuseWithoutTransaction } from "../numbers/transaction"
import { committedSeriesOf } from "../series/own-series"
import type { Series } from "../series/series"
import { insertedIds } from "./inserted-ids"
import { giveLateKeys } from "./late-keys"
import { noteKnown } from "./known-counters"
import { type LateRow, rowsOf, storedOf } from "./late-row"
import { type Numbered, numberWaiting } from "./number-waiting"
import type { Send } from "./number-with-commit"
import { showKeys, showLate } from "./show-late"

interface Waiting {
    readonly row: InsertRow
    readonly series: readonly Series[]
    /** Of its series, as far as they are known. */
    readonly scopes: ReadonlyMap<Series, Scope | undefined>
}

const open = new InsertNote<readonly Waiting[]>()

/**
 * Gives rows the numbers that are made as the last thing before COMMIT: they are inserted without.
 * @internal
 */
export class CommitAssigner implements Assigner {
    /** What entities show when COMMIT has succeeded. */
    private shows: (() => void)[] = []

    constructor(
        private readonly session: Session,
        private readonly source: NumberSource,
    ) {}

    notice({ entity, metadata }: NewRow): boolean {
        const all = committedSeriesOf(metadata)
        for (const series of all) {
            const isSet = (series.column.getEntityValue(entity, true) ?? null) !== null
            // A draft needs no number yet.
            if (!isSet && !series.when) refuseWithoutTransaction(this.session, series)
        }
        return all.length > 0
    }

    assign(insert: Insert): Promise<void> | undefined {
        if (insert.rowsWith(committedSeriesOf).length === 0) return
        const scopes = new RowScopes()
        const waiting = insert.rows.flatMap((row): Waiting[] => {
            const series = committedSeriesOf(row.metadata).filter((one) => isWithout(row, one))
            return series.length > 0 ? [{ row, series, scopes: scopesOf(scopes, row, series) }] : []
        })
        if (waiting.length === 0) return undefined
        const { session } = this
        if (!session.isInTransaction) return refuseDue(this.source, waiting)
        joinTransaction(this.session, waiting[0]?.series[0])
        for (const { row, series } of waiting)
            for (const { column } of series) row.assign(column, null)
        askForPrimaryKeys(
            insert,
            waiting.map(({ row }) => row),
        )
        open.set(insert, waiting)
        return undefined
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const waiting = open.get(insert)
        return waiting && this.wait(insert, waiting, result)
    }

    private async wait(
        insert: Insert,
        waiting: readonly Waiting[],
        result: unknown,
    ): Promise<void> {
        const { session } = this
        try {
            const ids = await insertedIds(session, insert, waiting, result)
            const mayBeSkipped = insert.upsert?.skips
            for (const { row, series: all, scopes } of waiting) {
                const id = ids.get(row)
                const { metadata, entity } = row
                for (const series of id ? all : []) {
                    const scope = scopes.get(series)
                    const known = { metadata, series, scope, entity, mayBeSkipped }
                    if (id) waitForCommit(session, { ...known, id })
                }
            }
        } catch (error) {
            // The rows are in the table, and would never get a number.
            session.transaction?.refuseCommit(error as Error)
            throw error
        }
    }

    async numbered(rows: readonly NumberedRow[]): Promise<void> {
        const { session } = this
        try {
            showKeys(session, await giveLateKeys(session, rows))
        } catch (error) {
            // The rows have their numbers, and would be without keys.
            session.transaction?.refuseCommit(error as Error)
            throw error
        } finally {
            if (!session.isInTransaction) await KeyAssigner.of(session)?.transactionEnded()
        }
    }

    commit(send: Send): Promise<unknown> | undefined {
        const isIdle = !isAnyWaiting(this.session) && this.shows.length === 0
        return isIdle ? undefined : this.numberAnd(send)
    }

    private async numberAnd(send: Send): Promise<unknown> {
        const { session } = this
        // Where COMMIT fails, it may be sent again.
        session.onRollback(() => (this.shows = []))
        const rows = rowsOf(takeWaiting(session))
        const { requests, keys, isCommitted } = await this.number(rows, send)
        this.shows.push(() => {
            showLate(session, requests, keys)
            showValues(session, rows.flatMap(storedOf))
            noteKnown(requests)
        })
        const result = isCommitted ? undefined : await send()
        for (const show of this.shows.splice(0)) show()
        return result
    }

    private async number(rows: readonly LateRow[], send: Send): Promise<Numbered> {
        const { session } = this
        try {
            return await numberWaiting(this.source, rows, send)
        } catch (error) {
            const cause = driverErrorOf(error)
            if (cause && session.dialect?.isAborted(cause)) throw abortedError()
            // Counters have moved, and rows are without their numbers.
            session.transaction?.refuseCommit(error as Error)
            throw error
        }
    }
}

/** Where there is no transaction, for rows that are no drafts. */
async function refuseDue(source: NumberSource, waiting: readonly Waiting[]): Promise<void> {
    const all = waiting.flatMap(({ row, series }) => series.map((one) => ({ row, series: one })))
    await leaveDrafts(
        source.session,
        all.flatMap(({ row, series }) => (series.when ? [{ row, series, when: series.when }] : [])),
    )
    for (const { row, series } of all)
        if (row.cell(series.column).kind !== "value")
            refuseWithoutTransaction(source.session, series)
}

function isWithout(row: InsertRow, { column }: Series): boolean {
    const cell = row.cell(column)
    return cell.kind === "default" || (cell.kind === "value" && cell.value === null)
}

/** Those that can be told now: whether they stay so is seen at COMMIT. */
function scopesOf(
    scopes: RowScopes,
    row: InsertRow,
    all: readonly Series[],
): Map<Series, Scope | undefined> {
    return new Map(
        row.insert.upsert
            ? []
            : all
                  .filter(({ period, when }) => !period && !when)
                  .map((series) => [series, scopes.find(series, row)]),
    )
}
