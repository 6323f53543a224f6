import type { Upsert } from "../../dialects/dialect"
import type { DriverError } from "../../dialects/driver-error"
import { ReadOnlyNumberError } from "../../errors"
import type { Insert } from "../../inserts/insert"
import { seriesOf } from "../../series/resolve-series"
import { datingColumns, placeOf, type Series } from "../../series/series"
import { columnsOfPath } from "../../series/path"
import { conditionSql } from "../../series/when/row-condition"
import { type ColumnMetadata, columnName } from "../../typeorm/names"
import { changedTextError, movedScopeError } from "../updates/changed-rows"

/** @internal Refuses an upsert that would give stored rows other numbers. */
export function refuseOverwrittenNumbers({ rows: [row] }: Insert, upsert: Upsert): void {
    for (const series of row ? seriesOf(row.metadata) : []) {
        const document = series.documents.find(({ column }) =>
            upsert.overwrites(columnName(column)),
        )
        if (document) throw changedTextError(document)
        if (upsert.overwrites(columnName(series.column)) && !isOfTarget(series, upsert))
            throw new ReadOnlyNumberError(
                `This upsert would overwrite ${placeOf(series)} of a stored row. Leave the number out of the ` +
                    "rows, or out of orUpdate().",
            )
    }
}

/** Where any unique index recognises stored rows, TypeORM sets the columns that are to do so as well. */
function isOfTarget({ column }: Series, { target }: Upsert): boolean {
    return column.isPrimary && target === undefined
}

interface ConcernedSeries {
    readonly series: Series
    /** The columns of its scope that stored rows would get. */
    readonly moved: readonly ColumnMetadata[]
    /** Whether stored drafts may get their numbers. */
    readonly numbers: boolean
}

/** Those of whose rows it could change the scope, or what a number depends on. */
function concernedSeries({ rows: [row], upsert }: Insert): ConcernedSeries[] {
    if (!row || !upsert) return []
    const isSet = (column: ColumnMetadata) => upsert.overwrites(columnName(column))
    return seriesOf(row.metadata).flatMap((series) => {
        const { period, when = [], strategy } = series
        const moved = series.scopeColumns.filter(isSet)
        const dated = datingColumns(series)
        // That of the new date.
        if (period && dated.some(isSet) && !moved.includes(period.column)) moved.push(period.column)
        if (period && series.ascends && isSet(period.date)) moved.push(period.date)
        if (isSet(series.column)) moved.push(series.column)
        const numbers = when.some(({ column }) => isSet(column))
        const isConcerned = (moved.length > 0 || numbers) && strategy !== "trigger"
        return isConcerned ? [{ series, moved, numbers }] : []
    })
}

type NameOf = (column: ColumnMetadata) => string

/** Whether a stored draft gets its number, by the names of its columns and of those of the new row. */
type IsDue = (stored: NameOf, given: NameOf) => string

/**
 * Lets the statement itself give stored drafts the numbers of the new rows, and fail where a stored row with
 * a number would get another scope.
 * @internal
 */
export function keepStored(insert: Insert): void {
    const periods = new Map<ColumnMetadata, IsDue[]>()
    const dates = new Map<ColumnMetadata, IsDue[]>()
    for (const { series, moved, numbers } of concernedSeries(insert)) {
        const { column, dialect, period } = series
        const { same, fail } = dialect.expressions
        const isDue: IsDue = (stored, given) =>
            `${stored(column)} IS NULL AND ${given(column)} IS NOT NULL AND ` +
            conditionSql(series.when ?? [], dialect, (one) =>
                insert.upsert?.overwrites(columnName(one)) ? given(one) : stored(one),
            )
        insert.setStored(column, (stored, given) => {
            const number = stored(column)
            const failure = fail(`COALESCE(${number}, 0)`)
            const dated = datingColumns(series)
                .filter((one) => insert.upsert?.overwrites(columnName(one)))
                .map((one) => same(stored(one), given(one)))
            const keeps = moved.map((one) => {
                const isSame = same(stored(one), given(one))
                if (one !== period?.column || dated.length === 0) return isSame
                // A new draft has none, and would be of the same with the same date.
                return `(${isSame} OR (${given(one)} IS NULL AND ${dated.join(" AND ")}))`
            })
            const areKept = keeps.length > 0 ? `(${keeps.join(" AND ")})` : "1 = 1"
            const due = isDue(stored, given)
            const ways = numbers
                ? [
                      `WHEN ${due} AND ${isOfScope(insert, series, stored, given)} THEN ${given(column)}`,
                      `WHEN ${due} THEN ${failure}`,
                  ]
                : []
            ways.push(`WHEN ${number} IS NULL OR ${areKept} THEN ${number}`)
            return `CASE ${ways.join(" ")} ELSE ${failure} END`
        })
        if (!numbers) continue
        for (const document of series.documents)
            insert.setStored(
                document.column,
                (stored, given) =>
                    `CASE WHEN ${isDue(stored, given)} THEN ${given(document.column)} ELSE ${stored(document.column)} END`,
            )
        if (!period) continue
        addTo(periods, period.column, isDue)
        addTo(dates, period.date, isDue)
    }
    // These come first, and some databases take what is new of them: a date that is there stays.
    setDue(insert, periods, () => "")
    setDue(insert, dates, (date) => `${date} IS NULL AND `)
}

function addTo(all: Map<ColumnMetadata, IsDue[]>, column: ColumnMetadata, isDue: IsDue): void {
    all.set(column, [...(all.get(column) ?? []), isDue])
}

/** Sets each column once, with whichever of its numbers the draft gets: several may count by the same date. */
function setDue(
    insert: Insert,
    columns: ReadonlyMap<ColumnMetadata, readonly IsDue[]>,
    unless: (stored: string) => string,
): void {
    for (const [column, all] of columns) {
        if (insert.upsert?.overwrites(columnName(column))) continue
        insert.setStored(column, (stored, given) => {
            const due = all.map((isDue) => `(${isDue(stored, given)})`).join(" OR ")
            return `CASE WHEN ${unless(stored(column))}(${due}) THEN ${given(column)} ELSE ${stored(column)} END`
        })
    }
}

/** Whether a stored row will have the scope of the new one, whose number it gets. */
function isOfScope(
    { upsert }: Insert,
    { scopeColumns, period, dialect, documents }: Series,
    stored: (column: ColumnMetadata) => string,
    given: (column: ColumnMetadata) => string,
): string {
    const { same } = dialect.expressions
    const isKept = (column: ColumnMetadata) => !upsert?.overwrites(columnName(column))
    const dated = datingColumns({ period })
    const shown = documents.flatMap(({ paths }) => [...paths.values()].flatMap(columnsOfPath))
    const conditions = [
        ...scopeColumns.filter((one) => one !== period?.column && isKept(one)),
        ...dated.filter((one) => one !== period?.date && isKept(one)),
        ...shown.filter((one) => !scopeColumns.includes(one) && isKept(one)),
    ].map((one) => same(stored(one), given(one)))
    if (period && isKept(period.date))
        conditions.push(
            `(${stored(period.date)} IS NULL OR ${stored(period.date)} = ${given(period.date)})`,
        )
    return conditions.length > 0 ? conditions.join(" AND ") : "1 = 1"
}

/** @internal What that failure is called. */
export function movedError(insert: Insert, cause: DriverError): ReadOnlyNumberError | undefined {
    const [found] = concernedSeries(insert)
    if (!found?.series.dialect.isFailure(cause)) return undefined
    if (!found.numbers) return movedScopeError(found.series, cause)
    return new ReadOnlyNumberError(
        `This upsert would move a stored row with ${placeOf(found.series)} to another scope, or give one without ` +
            "its number in a scope that is not that of the row. Let it set all that makes the scope: the " +
            "properties of uniqueWith and the date, as the stored row has them.",
        { cause },
    )
}
