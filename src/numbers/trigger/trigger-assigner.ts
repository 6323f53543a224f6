import { UnsupportedError } from "../../errors"
import { groupBy } from "../../group-by"
import type { Assigner, Refused } from "../../inserts/assigner"
import type { Insert, InsertRow } from "../../inserts/insert"
import { NewRow } from "../../inserts/new-row"
import { returnedRows } from "../../inserts/returned-rows"
import type { Session } from "../../inserts/session"
import { triggeredSeriesOf } from "../../series/own-series"
import { placeOf, type Series } from "../../series/series"
import { duplicateNumberError } from "../duplicate-numbers"
import { explicitNumber, parseNumber } from "../number-values"
import { refuseUnsupported } from "../refuse-unsupported"
import { hideGivenNumber, showNumbers } from "../shown-numbers"
import { type Condition, numbersWhere } from "../stored-numbers"
import { triggerErrorOf } from "./trigger-errors"

interface Request {
    readonly series: Series
    readonly row: InsertRow
    number?: bigint
}

/**
 * Leaves numbers to the database, and brings them back with what the INSERT returns.
 * @internal
 */
export class TriggerAssigner implements Assigner {
    private readonly requests = new Map<Insert, readonly Request[]>()

    constructor(private readonly session: Session) {}

    notice({ entity, metadata }: NewRow): boolean {
        const all = triggeredSeriesOf(metadata)
        for (const series of all) {
            refuseUnsupported(series)
            hideGivenNumber(series, entity)
        }
        if (all.length > 0) NewRow.mark(all.map(({ column }) => column))
        return all.length > 0
    }

    assign(insert: Insert): undefined {
        const requests = insert.rows.flatMap((row) =>
            triggeredSeriesOf(row.metadata)
                .filter((series) => explicitNumber(series, row) === undefined)
                .map((series) => ({ series, row })),
        )
        if (requests.length === 0) return
        const [{ series }] = requests as [Request, ...Request[]]
        const { trigger } = series.dialect
        if (insert.upsert?.skips && trigger?.givesBackSkipped === false) throw skipped(series)
        for (const {
            row,
            series: { column },
        } of requests)
            row.assignSql(column, trigger?.leavesOutAsNull ? "NULL" : "DEFAULT")
        if (returns(series))
            for (const column of new Set(requests.map((request) => request.series.column)))
                insert.returnColumn(column)
        if (this.session.transaction) this.session.transaction.hasNumbers = true
        this.requests.set(insert, requests)
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const requests = this.requests.get(insert)
        if (!requests) return undefined
        this.requests.delete(insert)
        const [{ series }] = requests as [Request, ...Request[]]
        if (!returns(series)) return this.load(insert, requests, result)
        // Rows that were left out are not returned, and nobody can tell which these are.
        const returned = returnedRows(insert, result)
        for (const request of requests) {
            const values = returned?.get(request.row)
            request.number = parseNumber(values?.[request.series.column.databaseName])
        }
        showNumbers(this.session, requests)
        return undefined
    }

    failed(insert: Insert): undefined {
        this.requests.delete(insert)
    }

    nameOf(refused: Refused): Error | undefined {
        const { cause, insert } = refused
        const own = insert ? triggeredSeriesOf(insert.metadata) : []
        const made = insert ? (this.requests.get(insert) ?? []) : []
        const isMade = (series: Series) =>
            made.filter((request) => request.series.name === series.name).length ===
            insert?.rows.length
        const found = duplicateNumberError(own, cause, isMade)
        return found ?? triggerErrorOf(this.session.dataSource, refused)
    }

    /** For drivers whose INSERT returns nothing but the number of its first row. */
    private async load(
        insert: Insert,
        requests: readonly Request[],
        result: unknown,
    ): Promise<void> {
        for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
            const found = ofSeries.flatMap((request) => {
                const condition = primaryKeyOf(insert, request, result)
                return condition ? [{ request, condition }] : []
            })
            const numbers = await numbersWhere(
                this.session,
                series,
                found.map(({ condition }) => condition),
            )
            for (const [at, { request }] of found.entries()) request.number = numbers[at]
        }
        showNumbers(this.session, requests)
    }
}

function returns({ dataSource }: Series): boolean {
    return dataSource.driver.isReturningSqlSupported("insert")
}

function primaryKeyOf(
    insert: Insert,
    { row, series: { metadata, dataSource } }: Request,
    result: unknown,
): Condition | undefined {
    const { raw } = Object(result) as { raw?: unknown }
    const at = insert.rows.indexOf(row)
    const generated = dataSource.driver.createGeneratedMap(metadata, raw, at, insert.rows.length)
    const condition = metadata.primaryColumns.map((column) => {
        const cell = row.cell(column)
        const value: unknown =
            cell.kind === "value" && cell.value !== null
                ? cell.value
                : generated && column.getEntityValue(generated)
        return value === undefined || value === null ? undefined : ([column, value] as const)
    })
    return condition.every((one) => one !== undefined) ? condition : undefined
}

function skipped(series: Series): UnsupportedError {
    return new UnsupportedError(
        `On "${series.dataSource.options.type}" a row that orIgnore() leaves out takes a number of ${placeOf(series)} ` +
            "along. Use orUpdate() or upsert(), or look the row up first.",
    )
}
