import type { Upsert } from "../dialects/dialect"
import type { DriverError } from "../dialects/driver-error"
import { NumberGapError, ReadOnlyNumberError } from "../errors"
import { groupBy } from "../group-by"
import type { Insert } from "../inserts/insert"
import { returnedRows } from "../inserts/returned-rows"
import type { Session } from "../inserts/session"
import { zoneColumns } from "../series/periods/zone"
import { seriesOf } from "../series/resolve-series"
import { placeOf, type Series } from "../series/series"
import { type ColumnMetadata, columnName } from "../typeorm/names"
import { movedScopeError } from "./changed-rows"
import { type MovedCounter, setCountersBack } from "./counters/take-from-counters"
import type { NumberRequest } from "./number-request"
import { max, showNumber } from "./number-values"
import type { GivenValue } from "./periods/give-periods"
import { showNumbers } from "./shown/shown-numbers"
import { showValue, showValues } from "./shown/shown-values"
import { type Condition, findStored, numbersWhere, valuesWhere } from "./stored-numbers"

/** @internal Refuses an upsert that would give stored rows other numbers. */
export function refuseOverwrittenNumbers({ rows: [row] }: Insert, upsert: Upsert): void {
    for (const series of row ? seriesOf(row.metadata) : [])
        if (upsert.overwrites(columnName(series.column)))
            throw new ReadOnlyNumberError(
                `This upsert would overwrite ${placeOf(series)} of a stored row. Leave the number out of the ` +
                    "rows, or out of orUpdate().",
            )
}

/** Those whose rows it could move to another scope. */
function movedSeries({
    rows: [row],
    upsert,
}: Insert): { series: Series; moved: ColumnMetadata[] }[] {
    if (!row || !upsert) return []
    return seriesOf(row.metadata).flatMap((series) => {
        const moved = series.scopeColumns.filter((one) => upsert.overwrites(columnName(one)))
        const { period } = series
        const dated = period ? [period.date, ...zoneColumns(period.zone)] : []
        if (period && dated.some((one) => upsert.overwrites(columnName(one))))
            // That of the new date.
            moved.push(period.column)
        return moved.length > 0 && series.strategy !== "trigger" ? [{ series, moved }] : []
    })
}

/** @internal Lets the statement itself fail where a stored row with a number would get another scope. */
export function keepScopes(insert: Insert): void {
    for (const { series, moved } of movedSeries(insert)) {
        const { column, dialect } = series
        const { same, fail } = dialect.expressions
        insert.setStored(column, (stored, given) => {
            const keeps = moved.map((one) => same(stored(one), given(one))).join(" AND ")
            const number = stored(column)
            return (
                `CASE WHEN ${number} IS NULL OR (${keeps}) THEN ${number} ` +
                `ELSE ${fail(number)} END`
            )
        })
    }
}

/** @internal What that failure is called. */
export function movedError(insert: Insert, cause: DriverError): ReadOnlyNumberError | undefined {
    const [found] = movedSeries(insert)
    if (!found?.series.dialect.isFailure(cause)) return undefined
    return movedScopeError(found.series, cause)
}

/**
 * Finds out which rows of an upsert were inserted. The others keep the number that is stored, and
 * give back the one that was meant for them.
 * @internal
 */
export async function settleUpsert(
    session: Session,
    insert: Insert,
    given: {
        readonly requests: readonly NumberRequest[]
        readonly moved: readonly MovedCounter[]
        readonly periods: readonly GivenValue[]
    },
    result: unknown,
): Promise<void> {
    const { requests, moved, periods } = given
    const stored = await findStored(session, requests)
    try {
        refuseGaps(requests, stored)
    } catch (error) {
        session.transaction?.refuseCommit(error as Error)
        throw error
    }
    await setCountersBack(session, moved, ({ series, key, before }) =>
        [...stored].reduce(
            (last, { series: { name }, group, number }) =>
                name === series.name && group === key && number !== undefined
                    ? max(last, number)
                    : last,
            before,
        ),
    )
    const inserted = requests.filter((request) => stored.has(request))
    showNumbers(session, inserted)
    const rows = new Set(inserted.map(({ row }) => row))
    showValues(
        session,
        periods.filter(({ row }) => rows.has(row)),
    )
    const leftOut = requests.filter((r) => !stored.has(r) && r.explicit === undefined)
    await showStoredNumbers(session, insert, leftOut, result)
}

/** A row that was left out must not have a number below that of one that was inserted. */
function refuseGaps(requests: readonly NumberRequest[], stored: ReadonlySet<NumberRequest>): void {
    const gapless = requests.filter(({ series }) => series.gapless)
    for (const group of groupBy(gapless, (r) => `${r.series.name} ${r.group ?? ""}`).values()) {
        const inserted = group.filter((request) => stored.has(request))
        const highest = inserted.reduce((last, { number }) => max(last, number ?? last), 0n)
        const missing = group.find(
            (request) =>
                !stored.has(request) &&
                request.explicit === undefined &&
                request.number !== undefined &&
                request.number < highest,
        )
        if (missing?.number !== undefined)
            throw new NumberGapError(
                `${placeOf(missing.series)}: a row was given ${missing.number} and not inserted, but ` +
                    `${highest} was. upsert() found that row stored already. Upsert one row at a time.`,
            )
    }
}

async function showStoredNumbers(
    session: Session,
    insert: Insert,
    requests: readonly NumberRequest[],
    result: unknown,
): Promise<void> {
    const returned = returnedRows(insert, result)
    for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
        const found = ofSeries.flatMap((request) => {
            const condition = conditionOf(insert, request, returned?.get(request.row))
            return condition ? [{ request, condition }] : []
        })
        if (found.length === 0) continue
        const conditions = found.map(({ condition }) => condition)
        const numbers = await numbersWhere(session, series, conditions)
        const { period, metadata } = series
        const stored = period && `t.${columnName(period.column)}`
        const periods = stored ? await valuesWhere(session, metadata, stored, conditions) : []
        for (const [at, { request }] of found.entries()) {
            const number = numbers[at]
            if (number !== undefined && request.row.entity)
                showNumber(series, request.row.entity, number)
            if (period && request.row.entity)
                showValue(request.row.entity, period.column, periods[at])
        }
    }
}

/** What the stored row is recognised by: what the statement itself does, or its primary key. */
function conditionOf(
    { upsert }: Insert,
    { row, series: { metadata } }: NumberRequest,
    returned: Readonly<Record<string, unknown>> | undefined,
): Condition | undefined {
    const columns = upsert?.target
        ? upsert.target.map((name) => metadata.columns.find((c) => columnName(c) === name))
        : metadata.primaryColumns
    const condition = columns.map((column) => {
        if (!column) return undefined
        const cell = row.cell(column)
        const value = returned?.[column.databaseName] ?? (cell.kind === "value" ? cell.value : null)
        return value === null || value === undefined ? undefined : ([column, value] as const)
    })
    return condition.every((one) => one !== undefined) ? condition : undefined
}
