import { groupBy } from "../../group-by"
import type { Insert, InsertRow } from "../../inserts/insert"
import { returnedRows } from "../../inserts/returned-rows"
import { isSet } from "../../inserts/row-value"
import type { Session } from "../../inserts/session"
import { triggeredSeriesOf } from "../../series/own-series"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"
import { readRows } from "../../typeorm/rows/read-rows"
import { ownDocuments, refuseSetText } from "../documents/framed-texts"
import { explicitNumber } from "../number-values"
import type { GivenValue } from "../periods/give-periods"
import { primaryKeyOf } from "../../inserts/inserted-row"

/** @internal A value that the database makes: a period, or today. */
export interface AwaitedValue extends Omit<GivenValue, "value"> {
    /** Whether it is made as the transaction is committed. */
    readonly isLate: boolean
}

/** @internal Leaves periods, and dates that are not set, to the database, and lets the INSERT bring them back. */
export function awaitPeriods(insert: Insert): AwaitedValue[] {
    const awaited: AwaitedValue[] = []
    const hasMore = ({ period, documents }: Series) => period ?? documents[0]
    for (const { row, one: series } of insert.rowsWith((metadata) =>
        triggeredSeriesOf(metadata).filter(hasMore),
    )) {
        const { dialect } = series
        refuseTexts(series, row)
        // What comes with a number of the caller's is there after the INSERT.
        const isLate =
            series.assignsAtCommit && (explicitNumber(series, row) ?? undefined) === undefined
        for (const column of besideNumber(series, row)) {
            if (isSet(row, column)) continue
            awaited.push({ row, column, isLate })
            const isLeftOut = row.cell(column).kind === "default" && !hasDefault(column)
            if (isLeftOut && dialect.trigger?.leavesOutAsNull) row.assignSql(column, "NULL")
            if (returns(row) && !isLate) insert.returnColumn(column)
        }
    }
    return awaited
}

function besideNumber(series: Series, row: InsertRow): ColumnMetadata[] {
    const { period } = series
    return [
        ...(period ? [period.column, period.date] : []),
        ...ownDocuments(series, row).map(({ column }) => column),
    ]
}

/** Refuses texts that come without their number. */
function refuseTexts(series: Series, row: InsertRow): void {
    for (const document of series.documents)
        if (isSet(row, document.column))
            refuseSetText(document, row, explicitNumber(series, row) ?? undefined)
}

/** @internal What the database has made of them, as the driver sends it. */
export async function madeValues(
    session: Session,
    insert: Insert,
    result: unknown,
    awaited: readonly AwaitedValue[],
): Promise<GivenValue[]> {
    const due = awaited.filter((one) => !one.isLate || !session.isInTransaction)
    const [first] = due
    if (!first) return []
    const values =
        returns(first.row) && !due.some(({ isLate }) => isLate)
            ? returnedValues(insert, result, due)
            : await load(session, insert, result, due)
    return due.flatMap((one, at) => {
        const value = values[at]
        return value === undefined || value === null ? [] : [{ ...one, value }]
    })
}

/** Rows that were left out are not returned, and nobody can tell which these are. */
function returnedValues(
    insert: Insert,
    result: unknown,
    awaited: readonly AwaitedValue[],
): unknown[] {
    const returned = returnedRows(insert, result)
    return awaited.map(({ row, column }) => returned?.[row.at]?.[column.databaseName])
}

/** For drivers whose INSERT returns nothing but the number of its first row. */
async function load(
    session: Session,
    insert: Insert,
    result: unknown,
    awaited: readonly AwaitedValue[],
): Promise<unknown[]> {
    const values: unknown[] = []
    for (const [column, ofColumn] of groupBy([...awaited.entries()], ([, one]) => one.column)) {
        const found = ofColumn.flatMap(([at, { row }]) => {
            const condition = primaryKeyOf(insert, row, result)
            return condition ? [{ at, condition }] : []
        })
        const loaded = await readRows(
            session,
            insert.metadata,
            [column],
            found.map(({ condition }) => condition),
        )
        for (const [i, { at }] of found.entries()) values[at] = loaded[i]?.[0]
    }
    return values
}

function hasDefault({ default: value, isCreateDate }: ColumnMetadata): boolean {
    return isCreateDate || (value !== undefined && value !== null)
}

function returns({ metadata }: InsertRow): boolean {
    return dataSourceOf(metadata).driver.isReturningSqlSupported("insert")
}
