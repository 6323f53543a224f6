import type { ObjectLiteral, TransactionCommitEvent, UpdateEvent } from "typeorm"
import { UnsupportedError } from "../../errors"
import { groupBy } from "../../group-by"
import type { Assigner, Refused } from "../../inserts/assigner"
import { type Insert, InsertNote, type InsertRow } from "../../inserts/insert"
import type { NewRow } from "../../inserts/announced/new-row"
import { rawRows } from "../../inserts/returned-rows"
import type { Session } from "../../inserts/session"
import { triggeredSeriesOf } from "../../series/own-series"
import { isLate, madeColumns, placeOf, type Series } from "../../series/series"
import { tellTaken } from "../../signals/channels"
import { ofRow } from "../../typeorm/names"
import { readExpressions } from "../../typeorm/rows/read-rows"
import { duplicateNumberError } from "../duplicate-numbers"
import { explicitNumber, parseNumber, readReturned } from "../number-values"
import { markNumbers } from "../mark-numbers"
import { refuseUnsupported } from "../refuse-unsupported"
import { hideGiven } from "../shown/given-values"
import { showGiven, showNumbers } from "../shown/shown-values"
import { showFinalised } from "./finalised-rows"
import { primaryKeyOf } from "../../inserts/inserted-row"
import { LateNumbers } from "./late-numbers"
import { refuseWithoutTrigger } from "./commit-trigger"
import { triggerErrorOf } from "./trigger-errors"
import { type AwaitedValue, awaitPeriods, madeValues } from "./triggered-periods"

interface Request {
    readonly series: Series
    readonly row: InsertRow
    number?: bigint
}

/** What an INSERT leaves to the database. */
interface Open {
    readonly requests: readonly Request[]
    readonly periods: readonly AwaitedValue[]
    readonly since: number
}

const open = new InsertNote<Open>()

/**
 * Leaves numbers to the database, and brings them back with what the INSERT returns.
 * @internal
 */
export class TriggerAssigner implements Assigner {
    private readonly late: LateNumbers

    constructor(private readonly session: Session) {
        this.late = new LateNumbers(session)
    }

    static of({ assigners }: Session): TriggerAssigner | undefined {
        return assigners.find((one) => one instanceof TriggerAssigner)
    }

    notice({ entity, metadata }: NewRow): boolean {
        const all = triggeredSeriesOf(metadata)
        for (const series of all) {
            refuseUnsupported(series)
            hideGiven(entity, madeColumns(series))
        }
        markNumbers(all)
        return all.length > 0
    }

    assign(insert: Insert): Promise<void> | undefined {
        const requests: Request[] = []
        for (const { row, one: series } of insert.rowsWith(triggeredSeriesOf))
            // NULL that was set is no number either: the database asks the condition.
            if ((explicitNumber(series, row) ?? undefined) === undefined)
                requests.push({ series, row })
        const periods = awaitPeriods(insert)
        if (requests.length > 0 || periods.length > 0)
            open.set(insert, { requests, periods, since: performance.now() })
        const [{ series } = {}] = requests
        if (!series) return undefined
        const { trigger } = series.dialect
        if (insert.upsert?.skips && trigger?.givesBackSkipped === false) throw skipped(series)
        for (const {
            row,
            series: { column },
        } of requests)
            if (row.cell(column).kind === "default")
                row.assignSql(column, trigger?.leavesOutAsNull ? "NULL" : "DEFAULT")
        for (const one of new Set(requests.map((request) => request.series)))
            if (returns(one)) insert.returnColumn(one.column)
        if (this.session.transaction) this.session.transaction.hasNumbers = true
        const late = requests.find((request) => request.series.assignsAtCommit)
        return late && refuseWithoutTrigger(this.session, late.series)
    }

    readsAnswer(insert: Insert): boolean {
        return open.get(insert) !== undefined
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const own = open.get(insert)
        if (!own) return undefined
        return own.periods.length > 0
            ? this.insertedInPeriods(insert, result, own)
            : this.insertedNumbers(insert, result, own)
    }

    private async insertedInPeriods(insert: Insert, result: unknown, own: Open): Promise<void> {
        const made = await madeValues(this.session, insert, result, own.periods)
        // Keys that are made afterwards are scoped as their number is.
        for (const { row, column, value } of made)
            if (typeof value === "string") row.assign(column, value)
        showGiven(this.session, made)
        await this.insertedNumbers(insert, result, own)
    }

    private insertedNumbers(
        insert: Insert,
        result: unknown,
        { requests, since }: Open,
    ): Promise<void> | undefined {
        const { isInTransaction } = this.session
        const returned: Request[] = []
        const loaded: Request[] = []
        const waiting: Request[] = []
        for (const request of requests)
            if (request.series.assignsAtCommit && isInTransaction) waiting.push(request)
            else (returns(request.series) ? returned : loaded).push(request)
        for (const { row } of isAnyLeftOut(insert, result) ? [] : waiting)
            if (row.entity) this.late.wait({ metadata: row.metadata, entity: row.entity })
        this.showReturned(insert, returned, result, since)
        return loaded.length > 0 ? this.load(insert, loaded, result, since) : undefined
    }

    private showReturned(
        insert: Insert,
        requests: readonly Request[],
        result: unknown,
        since: number,
    ): void {
        if (requests.length === 0) return
        readReturned(insert, requests, result)
        this.show(requests, since)
    }

    private show(requests: readonly Request[], since: number): void {
        tellTaken(since, requests, this.session.runner)
        showNumbers(this.session, requests)
    }

    /** Called when save() has changed a row. */
    updated(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
        return showFinalised(this.session, this.late, event)
    }

    /** Called when the outermost transaction has been committed. */
    committed({ manager }: TransactionCommitEvent): Promise<void> | undefined {
        return this.late.committed(manager)
    }

    nameOf(refused: Refused): Error | undefined {
        const { cause, insert, sql } = refused
        const { dataSource } = this.session
        const all = insert
            ? triggeredSeriesOf(insert.metadata)
            : dataSource.entityMetadatas.flatMap(triggeredSeriesOf).filter(isLate)
        const made = insert ? (open.get(insert)?.requests ?? []) : []
        const isMade = (series: Series) =>
            insert
                ? made.filter((request) => request.series.name === series.name).length ===
                  insert.rows.length
                : !sql.includes(series.column.databaseName)
        const found = duplicateNumberError(all, cause, isMade)
        return found ?? triggerErrorOf(dataSource, refused)
    }

    /** For drivers whose INSERT returns nothing but the number of its first row. */
    private async load(
        insert: Insert,
        requests: readonly Request[],
        result: unknown,
        since: number,
    ): Promise<void> {
        for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
            const found = ofSeries.flatMap((request) => {
                const condition = primaryKeyOf(insert, request.row, result)
                return condition ? [{ request, condition }] : []
            })
            const { metadata, column, dialect } = series
            const numbers = await readExpressions(
                this.session,
                metadata,
                [dialect.expressions.text(ofRow(column))],
                found.map(({ condition }) => condition),
            )
            for (const [at, { request }] of found.entries())
                request.number = parseNumber(numbers[at]?.[0])
        }
        this.show(requests, since)
    }
}

/** Whether some rows were skipped and others not: TypeORM shows entities what was returned of other rows. */
function isAnyLeftOut({ upsert, rows }: Insert, result: unknown): boolean {
    const { length } = upsert?.skips ? rawRows(result) : []
    return length > 0 && length < rows.length
}

/** Whether the INSERT brings the number along. */
function returns({ dataSource, assignsAtCommit }: Series): boolean {
    return dataSource.driver.isReturningSqlSupported("insert") && !assignsAtCommit
}

function skipped(series: Series): UnsupportedError {
    return new UnsupportedError(
        `On "${series.dataSource.options.type}" a row that orIgnore() skips uses up a number of ${placeOf(series)}. ` +
            "Use orUpdate() or upsert(), or look the row up first.",
    )
}
