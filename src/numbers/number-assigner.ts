import type { EntityMetadata } from "typeorm"
import { CounterBehindError } from "../errors"
import type { Assigner, Refused } from "../inserts/assigner"
import { type Insert, InsertNote } from "../inserts/insert"
import type { NewRow } from "../inserts/announced/new-row"
import { RowScopes } from "../inserts/row-scope"
import type { Update } from "../inserts/sql/update"
import type { Session } from "../inserts/session"
import { allocatedSeriesOf } from "../series/own-series"
import { seriesOf } from "../series/resolve-series"
import { madeColumns, numberColumns, type Series } from "../series/series"
import { tellLost, tellTaken } from "../signals/channels"
import type { ColumnMetadata } from "../typeorm/names"
import { givenBeside, periodsOf, prepareBeside } from "./beside-numbers"
import type { MovedCounter } from "./counters/set-back"
import { framedTextsOf, writeTexts } from "./documents/inserted-texts"
import { isParentOfScopes, refuseDeferredScopes } from "./deferred-scopes"
import { deleteUnnumbered } from "./deletions/kept-rows"
import { duplicateNumberError } from "./duplicate-numbers"
import { journalOf, noteNumbers } from "./journal/noted-numbers"
import { setNumbers } from "./journal/set-numbers"
import { markNumbers } from "./mark-numbers"
import { type NumberRequest, numberRequests } from "./number-request"
import type { NumberSource } from "./number-source"
import { readReturned, refuseNoNumber, refuseSet, storedValue } from "./number-values"
import { refuseEarlierDates } from "./periods/date-order"
import { datedRows } from "./periods/dated-rows"
import { refuseUnsupported } from "./refuse-unsupported"
import { hideGiven } from "./shown/given-values"
import { showGiven, showNumbers } from "./shown/shown-values"
import { joinTransaction, refuseWithoutTransaction } from "./transaction"
import { changedSeries, refuseSetTriggered } from "./updates/change"
import { sendNumbered } from "./updates/send-numbered"
import { settleUpsert } from "./upserts/settle-upsert"
import { keepStored, movedError, refuseOverwrittenNumbers } from "./upserts/stored-rows"
import { awaitFinalisation } from "./when/drafts"
import { takeWithin } from "./within-insert/take-within-insert"

interface Given {
    readonly requests: readonly NumberRequest[]
    /** The counters that were moved for it. */
    readonly moved: MovedCounter[]
    /** When they were asked for. */
    readonly since: number
}

const given = new InsertNote<Given>()

/**
 * Gives rows their numbers in the turn of their INSERT: the rows before them are in the table by
 * then, and nothing but the statement itself can fail.
 * @internal
 */
export class NumberAssigner implements Assigner {
    constructor(
        private readonly session: Session,
        private readonly source: NumberSource,
    ) {}

    notice({ entity, metadata }: NewRow): boolean {
        const all = allocatedSeriesOf(metadata)
        for (const series of all) {
            refuseUnsupported(series)
            hideGiven(entity, madeColumns(series))
            const value: unknown = series.column.getEntityValue(entity, true)
            if (value === undefined) {
                // A draft needs no number yet.
                if (series.gapless && !series.when) refuseWithoutTransaction(this.session, series)
            } else if (value !== null) {
                refuseSet(series)
                refuseNoNumber(series, value)
            }
        }
        markNumbers(all)
        return all.length > 0 || isParentOfScopes(metadata)
    }

    assign(insert: Insert): Promise<void> | undefined {
        if (insert.upsert) {
            refuseOverwrittenNumbers(insert, insert.upsert)
            keepStored(insert)
        }
        if (insert.rows.some(({ metadata }) => allocatedSeriesOf(metadata).length > 0))
            return this.give(insert)
        this.source.highest.forget()
        return undefined
    }

    private async give(insert: Insert): Promise<void> {
        const { session } = this
        const preparing = prepareBeside(session, insert)
        if (preparing) await preparing
        const requests = numberRequests(insert, new RowScopes())
        const { highest } = this.source
        // Rows that bring their numbers along may have the highest ones.
        if (!highest.isEmpty && requests.length < insert.rowsWith(allocatedSeriesOf).length)
            highest.forget()
        if (requests.length > 0) {
            const set = setNumbers(session, requests)
            refuseDeferredScopes(session, requests)
            const own: Given = { requests, moved: [], since: performance.now() }
            joinTransaction(session, requests.find(({ series }) => series.gapless)?.series)
            given.set(insert, own)
            if (!(await takeWithin(session, insert, requests, framedTextsOf(insert))))
                await this.take(insert, own)
            if (set.length > 0) await noteNumbers(session, insert, set)
        }
        writeTexts(insert, requests)
    }

    /** The counter that the INSERT was to move does not exist, or no number is left. */
    async assignAgain(insert: Insert): Promise<void> {
        const own = given.get(insert)
        if (!own) return
        insert.selectNothing()
        await this.take(insert, own)
        writeTexts(insert, own.requests)
    }

    private async take(insert: Insert, { requests, moved, since }: Given): Promise<void> {
        const { session } = this
        await this.source.takeForInsert(insert, requests, moved)
        const dated = insert.upsert ? [] : datedRows(requests, periodsOf(insert))
        if (dated.length > 0) await refuseEarlierDates(session, dated)
        for (const { series, row, number, explicit } of requests)
            if (number !== undefined && explicit === undefined)
                row.assign(series.column, storedValue(series, number))
        tellTaken(since, requests, session.runner)
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const journal = journalOf(this.session, insert)
        const shown = this.show(insert, result)
        return journal ? Promise.resolve(shown).then(() => journal(result)) : shown
    }

    private show(insert: Insert, result: unknown): Promise<void> | undefined {
        const { session } = this
        const own = given.get(insert)
        if (own && insert.isSelected) {
            readReturned(insert, own.requests, result)
            tellTaken(own.since, own.requests, session.runner)
        }
        const beside = givenBeside(insert, own?.requests ?? [])
        if (own && insert.upsert) return settleUpsert(session, insert, { ...own, beside }, result)
        if (!insert.upsert) showGiven(session, beside)
        awaitFinalisation(session, insert, result)
        if (!own) return undefined
        const leased = this.source.leasedOf(own.requests)
        if (leased.length > 0)
            session.onRollback(() => {
                for (const series of leased) tellLost(series, 1, "rolledBack")
            })
        showNumbers(session, own.requests)
        return undefined
    }

    /** In a transaction that goes on, the next row gets the numbers that this one did not use. */
    async failed(insert: Insert): Promise<void> {
        const own = given.get(insert)
        this.source.highest.forget()
        if (!own) return
        for (const series of this.source.leasedOf(own.requests)) tellLost(series, 1, "failed")
        await this.source.setBack(own.moved)
    }

    settle(): Promise<void> | undefined {
        this.source.highest.forget()
        return this.source.ahead.isEmpty ? undefined : this.source.ahead.giveBack(this.session)
    }

    update(update: Update, send: (update: Update) => Promise<unknown>): Promise<unknown> {
        if (update.isDeletion) return deleteUnnumbered(this.source, update, send)
        refuseSetTriggered(update)
        const changed = changedSeries(update)
        return changed.length > 0 ? sendNumbered(this.source, update, changed, send) : send(update)
    }

    columnsOf(metadata: EntityMetadata): readonly ColumnMetadata[] {
        return seriesOf(metadata).flatMap(numberColumns)
    }

    nameOf({ cause, insert }: Refused): Error | undefined {
        if (!insert) return undefined
        const all = allocatedSeriesOf(insert.metadata)
        const made = given.get(insert)?.requests.filter((r) => r.explicit === undefined) ?? []
        const isMade = (series: Series) =>
            made.filter((request) => request.series.name === series.name).length ===
            insert.rows.length
        const found = movedError(insert, cause) ?? duplicateNumberError(all, cause, isMade)
        if (found instanceof CounterBehindError) this.source.forgetLeased(made)
        return found
    }
}
