import { NumberGapError } from "../../errors"
import { groupBy } from "../../group-by"
import type { Insert } from "../../inserts/insert"
import { returnedRows } from "../../inserts/returned-rows"
import type { Session } from "../../inserts/session"
import { numberColumns, placeOf } from "../../series/series"
import { tellRefusedGap } from "../../signals/channels"
import { columnName, ofRow } from "../../typeorm/names"
import { readExpressions, type RowCondition } from "../../typeorm/rows/read-rows"
import { type MovedCounter, setCountersBack } from "../counters/set-back"
import type { NumberRequest } from "../number-request"
import { max, parseNumber, storedValue } from "../number-values"
import { refuseEarlierDates } from "../periods/date-order"
import { datedRows } from "../periods/dated-rows"
import type { GivenValue } from "../periods/give-periods"
import { showGiven, showNumbers, shownValue, showValues } from "../shown/shown-values"
import { findStored } from "../stored-numbers"

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
        /** What the rows were given beside their numbers. */
        readonly beside: readonly GivenValue[]
    },
    result: unknown,
): Promise<void> {
    const { requests, moved, beside } = given
    const stored = await findStored(session, requests)
    try {
        refuseGaps(requests, stored)
        await refuseEarlierDates(session, datedRows(requests.filter((one) => stored.has(one))))
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
    showGiven(
        session,
        beside.filter(({ row }) => rows.has(row)),
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
            throw tellRefusedGap(
                missing.series,
                new NumberGapError(
                    `${placeOf(missing.series)}: a row was given ${missing.number} and not inserted, but ` +
                        `${highest} was. upsert() found that row stored already. Upsert one row at a time.`,
                ),
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
            const condition = conditionOf(insert, request, returned?.[request.row.at])
            return condition ? [{ request, condition }] : []
        })
        if (found.length === 0) continue
        const { metadata, dialect } = series
        const [column, ...beside] = numberColumns(series)
        const rows = await readExpressions(
            session,
            metadata,
            [dialect.expressions.text(ofRow(column)), ...beside.map(ofRow)],
            found.map(({ condition }) => condition),
        )
        const shown = found.flatMap(({ request }, at) => {
            const { entity } = request.row
            if (!entity) return []
            const [text, ...values] = rows[at] ?? []
            const number = parseNumber(text)
            return [
                ...(number === undefined
                    ? []
                    : [shownValue(entity, column, storedValue(series, number))]),
                ...beside.map((one, i) => shownValue(entity, one, values[i])),
            ]
        })
        showValues(session, shown)
    }
}

/** What the stored row is recognised by: what the statement itself does, or its primary key. */
function conditionOf(
    { upsert }: Insert,
    { row, series: { metadata } }: NumberRequest,
    returned: Readonly<Record<string, unknown>> | undefined,
): RowCondition | undefined {
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
