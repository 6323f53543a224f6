import type { EntityMetadata } from "typeorm"
import type { Assigner, Refused } from "../inserts/assigner"
import type { Insert } from "../inserts/insert"
import type { NewRow } from "../inserts/announced/new-row"
import { RowScopes } from "../inserts/row-scope"
import type { Update } from "../inserts/sql/update"
import type { Session } from "../inserts/session"
import { allocatedSeriesOf } from "../series/own-series"
import { isRelated } from "../series/periods/zone"
import { seriesOf } from "../series/resolve-series"
import { madeColumns, type Series } from "../series/series"
import type { ColumnMetadata } from "../typeorm/names"
import type { MovedCounter } from "./counters/take-from-counters"
import { moveWithinInsert, readMovedWithin } from "./counters/move-within-insert"
import { tellLost, tellTaken } from "../signals/channels"
import { ComingRows } from "./coming-rows"
import { deleteUnnumbered } from "./deletions/kept-rows"
import { duplicateNumberError } from "./duplicate-numbers"
import { isParentOfScopes, refuseDeferredScopes } from "./deferred-scopes"
import { NumberSource } from "./number-source"
import { type NumberRequest, numberRequests } from "./number-request"
import { refuseNoNumber, refuseSet, storedValue } from "./number-values"
import { readsOthers, type TextRequest, textRequests } from "./documents/framed-texts"
import { InsertedTexts } from "./documents/inserted-texts"
import { refuseEarlierDates } from "./periods/date-order"
import { datedRows } from "./periods/dated-rows"
import {
    givePeriods,
    type GivenValue,
    type PeriodRequest,
    periodRequests,
} from "./periods/give-periods"
import { isImporting } from "./journal/importing"
import { NotedNumbers } from "./journal/noted-numbers"
import { type SetNumber, setNumbers } from "./journal/set-numbers"
import { markNumbers } from "./mark-numbers"
import { refuseUnsupported } from "./refuse-unsupported"
import { settleUpsert } from "./upserts/settle-upsert"
import { keepStored, movedError, refuseOverwrittenNumbers } from "./upserts/stored-rows"
import { hideGiven, showGiven, showNumbers } from "./shown/shown-values"
import { sendNumbered } from "./updates/send-numbered"
import { changedSeries, refuseSetTriggered } from "./updates/change"
import { awaitFinalisation, conditionalRows, leaveDrafts } from "./when/drafts"
import { lockTables } from "./table-lock/table-lock"

interface Given {
    readonly requests: readonly NumberRequest[]
    /** The counters that were moved for it. */
    readonly moved: MovedCounter[]
    /** When they were asked for. */
    readonly since: number
}

/**
 * Gives rows their numbers in the turn of their INSERT: the rows before them are in the table by
 * then, and nothing but the statement itself can fail.
 * @internal
 */
export class NumberAssigner implements Assigner {
    private readonly given = new Map<Insert, Given>()
    private readonly periods = new Map<Insert, readonly GivenValue[]>()
    private readonly texts = new InsertedTexts()
    private readonly set: NotedNumbers
    private readonly source: NumberSource
    private readonly coming: ComingRows

    constructor(private readonly session: Session) {
        this.source = new NumberSource(session)
        this.coming = new ComingRows(session)
        this.set = new NotedNumbers(session)
    }

    notice({ entity, metadata }: NewRow): boolean {
        const all = allocatedSeriesOf(metadata)
        for (const series of all) {
            refuseUnsupported(series)
            hideGiven(entity, madeColumns(series))
            const value: unknown = series.column.getEntityValue(entity, true)
            if (value === undefined) {
                // A draft needs no number yet.
                if (series.gapless && !series.when) this.source.refuseWithoutTransaction(series)
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
        const conditional = conditionalRows(insert)
        return conditional.length > 0
            ? leaveDrafts(this.session, conditional).then(() => this.giveInPeriods(insert))
            : this.giveInPeriods(insert)
    }

    private giveInPeriods(insert: Insert): Promise<void> | undefined {
        const periods = periodRequests(insert)
        return periods.length > 0
            ? this.givePeriods(insert, periods)
            : this.giveWithTexts(insert, periods)
    }

    private async givePeriods(insert: Insert, requests: readonly PeriodRequest[]): Promise<void> {
        const { session } = this
        await this.lockBefore(requests.filter(({ period }) => isRelated(period.zone)))
        this.periods.set(insert, await givePeriods(session, requests))
        await this.giveWithTexts(insert, requests)
    }

    /** Another row that is read would take the snapshot before the lock. */
    private async lockBefore(reading: readonly { readonly series: Series }[]): Promise<void> {
        const first = reading.find(({ series }) => series.strategy === "table-lock")
        if (!first) return
        this.source.refuseWithoutTransaction(first.series)
        await lockTables(this.session, [first.series.metadata])
    }

    private giveWithTexts(
        insert: Insert,
        periods: readonly PeriodRequest[],
    ): Promise<void> | undefined {
        const requests = textRequests(insert)
        return requests.length > 0
            ? this.giveTexts(insert, requests, periods)
            : this.giveAny(insert)
    }

    private async giveTexts(
        insert: Insert,
        requests: readonly TextRequest[],
        periods: readonly PeriodRequest[],
    ): Promise<void> {
        await this.lockBefore(requests.filter(({ document }) => readsOthers(document)))
        await this.texts.frame(this.session, insert, { requests, periods })
        await this.giveAny(insert)
        this.texts.write(insert, this.requestsOf(insert))
    }

    private requestsOf(insert: Insert): readonly NumberRequest[] {
        return this.given.get(insert)?.requests ?? []
    }

    private giveAny(insert: Insert): Promise<void> | undefined {
        const set = isImporting(this.session) ? [] : setNumbers(insert)
        if (set.length === 0) return this.giveUnset(insert)
        return this.noteSet(insert, set).then(() => this.giveUnset(insert))
    }

    private async noteSet(insert: Insert, all: readonly SetNumber[]): Promise<void> {
        for (const { series } of all) this.source.refuseWithoutTransaction(series)
        this.source.joinTransaction(undefined)
        await this.set.note(insert, all)
    }

    private giveUnset(insert: Insert): Promise<void> | undefined {
        const groups = numberRequests(insert, new RowScopes())
        if (groups.length > 0) return this.give(insert, groups)
        // Rows that bring their numbers along may have the highest ones.
        this.source.highest.forget()
        return undefined
    }

    private async give(insert: Insert, groups: readonly NumberRequest[][]): Promise<void> {
        const { session } = this
        refuseDeferredScopes(session, groups.flat())
        const given: Given = { requests: groups.flat(), moved: [], since: performance.now() }
        const gapless = groups.flatMap(([request]) => request ?? []).find((r) => r.series.gapless)
        this.source.joinTransaction(gapless?.series)
        this.given.set(insert, given)
        if (await moveWithinInsert(session, insert, given.requests, this.texts.of(insert))) return
        await this.giveAll(insert, groups, given)
    }

    /** The counter that the INSERT was to move does not exist. */
    async assignAgain(insert: Insert): Promise<void> {
        const given = this.given.get(insert)
        if (!given) return
        insert.selectNothing()
        await this.giveAll(insert, [[...given.requests]], given)
        this.texts.write(insert, given.requests)
    }

    private async giveAll(
        insert: Insert,
        groups: readonly NumberRequest[][],
        given: Given,
    ): Promise<void> {
        const { session } = this
        const locked = given.requests.filter(({ series }) => series.strategy === "table-lock")
        if (locked.length > 0)
            await lockTables(session, [...new Set(locked.map(({ series }) => series.metadata))])
        for (const group of groups) await this.giveNumbers(insert, group, given.moved)
        if (!insert.upsert)
            await refuseEarlierDates(session, datedRows(given.requests, this.periods.get(insert)))
        for (const { series, row, number, explicit } of given.requests)
            if (number !== undefined && explicit === undefined)
                row.assign(series.column, storedValue(series, number))
        tellTaken(given.since, given.requests, session.runner)
    }

    private async giveNumbers(
        insert: Insert,
        group: readonly NumberRequest[],
        moved: MovedCounter[],
    ): Promise<void> {
        const { session } = this
        const [request, ...others] = group
        if (!request) return
        const { series } = request
        if (series.strategy === "table-lock")
            return this.source.highest.take(session, group, {
                call: request.row.announced?.call,
                coming: () => this.coming.rows(series, insert).map(({ scope }) => scope),
                isKept: this.coming.isAwaited(series, insert),
            })
        if (!series.gapless) return this.source.takeNumbers(group)
        const drawn = others.length === 0 ? await this.source.drawAhead(request) : undefined
        if (drawn) {
            moved.push(drawn)
            return
        }
        await this.source.ahead.giveBack(session, series)
        const later = this.coming
            .rows(series, insert)
            .map((coming): NumberRequest => ({ series, row: request.row, ...coming }))
        await this.source.takeNumbers([...group, ...later], moved)
        this.source.ahead.add(series, later)
    }

    update(update: Update, send: (update: Update) => Promise<unknown>): Promise<unknown> {
        if (update.isDeletion) return deleteUnnumbered(this.source, update, send)
        refuseSetTriggered(update)
        const changed = changedSeries(update)
        return changed.length > 0 ? sendNumbered(this.source, update, changed, send) : send(update)
    }

    settle(): Promise<void> | undefined {
        this.source.highest.forget()
        return this.source.ahead.isEmpty ? undefined : this.source.ahead.giveBack(this.session)
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const write = this.set.writer(insert)
        if (!write) return this.showInserted(insert, result)
        return Promise.resolve(this.showInserted(insert, result)).then(() => write(result))
    }

    private showInserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const given = this.given.get(insert)
        if (given && insert.isSelected) {
            readMovedWithin(insert, given.requests, result)
            tellTaken(given.since, given.requests, this.session.runner)
        }
        const texts = this.texts.given(insert, this.requestsOf(insert))
        const beside = [...(this.periods.get(insert) ?? []), ...texts]
        this.periods.delete(insert)
        if (given && insert.upsert) {
            this.given.delete(insert)
            return settleUpsert(this.session, insert, { ...given, beside }, result)
        }
        if (!insert.upsert) showGiven(this.session, beside)
        awaitFinalisation(this.session, insert, result)
        if (!given) return undefined
        this.given.delete(insert)
        const leased = this.source.leasedOf(given.requests)
        if (leased.length > 0)
            this.session.onRollback(() => {
                for (const series of leased) tellLost(series, 1, "rolledBack")
            })
        showNumbers(this.session, given.requests)
        return undefined
    }

    /** In a transaction that goes on, the next row gets the numbers that this one did not use. */
    async failed(insert: Insert): Promise<void> {
        const given = this.given.get(insert)
        this.given.delete(insert)
        this.periods.delete(insert)
        this.texts.forget(insert)
        this.set.forget(insert)
        this.source.highest.forget()
        if (!given) return
        for (const series of this.source.leasedOf(given.requests)) tellLost(series, 1, "failed")
        await this.source.setBack(given.moved)
    }

    columnsOf(metadata: EntityMetadata): readonly ColumnMetadata[] {
        return seriesOf(metadata).flatMap(({ column, period, documents }) => [
            column,
            ...(period ? [period.column] : []),
            ...documents.map((document) => document.column),
        ])
    }

    nameOf({ cause, insert }: Refused): Error | undefined {
        if (!insert) return undefined
        const own = allocatedSeriesOf(insert.metadata)
        const made = this.given.get(insert)?.requests.filter((r) => r.explicit === undefined) ?? []
        const isMade = (series: Series) =>
            made.filter((request) => request.series.name === series.name).length ===
            insert.rows.length
        return movedError(insert, cause) ?? duplicateNumberError(own, cause, isMade)
    }
}
