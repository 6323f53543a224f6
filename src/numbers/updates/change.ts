import { list, type Piece, piece, plain, type Update, valueOfPiece } from "../../inserts/sql/update"
import { kindsOf } from "../../series/kinds"
import { triggeredSeriesOf } from "../../series/own-series"
import { seriesOf } from "../../series/resolve-series"
import { scopeText } from "../../series/scopes/scope"
import { datingColumns, type Series } from "../../series/series"
import { conditionSql } from "../../series/when/row-condition"
import { type ColumnMetadata, columnName } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import { refuseSet } from "../number-values"
import { holds } from "../when/holds"
import { type AskedNumbers, isAsked } from "./asked/asked-numbers"

/** @internal An UPDATE that sets what numbers depend on. */
export interface Change {
    readonly series: Series
    readonly update: Update
    /** The number that it sets; undefined where it leaves numbers alone. */
    readonly number?: Piece
    /** Whether a row has no number, or keeps number and scope; undefined where all do. */
    readonly keeps?: Piece
    /** Whether it sets what tells the periods of rows. */
    readonly isDated: boolean
    /** Whether a row that has no number is to be given one; undefined where none is. */
    readonly isDue?: Piece
}

/** @internal Refuses numbers of the caller's where triggers would take them for those of another program. */
export function refuseSetTriggered(update: Update): void {
    for (const series of triggeredSeriesOf(update.metadata)) {
        const number = series.takesExplicit ? undefined : update.valueOf(series.column)
        if (number && valueOfPiece(number) !== null && !isAsked(number)) refuseSet(series)
    }
}

/** @internal The series that an UPDATE has to do with, in the order in which counters are locked. */
export function changedSeries(update: Update): Series[] {
    return seriesOf(update.metadata)
        .filter((series) => {
            // Triggers look after their numbers themselves.
            if (series.strategy === "trigger") return isAsked(update.valueOf(series.column))
            const { column, scopeColumns, when = [] } = series
            const asked = when.map((test) => test.column)
            const texts = series.documents.map((document) => document.column)
            const all = [column, ...scopeColumns, ...datingColumns(series), ...asked, ...texts]
            return all.some((one) => update.valueOf(one))
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** @internal Undefined where neither numbers nor what they depend on would change. */
export async function findChange(
    runner: Sender,
    series: Series,
    update: Update,
    /** What code has asked for: nothing has to change for that. */
    asked?: AskedNumbers,
): Promise<Change | undefined> {
    const { column, scopeColumns, dialect } = series
    const changed = [column, ...scopeColumns].flatMap((one) => {
        const value = update.valueOf(one)
        return value ? [filled(dialect.expressions.same(columnName(one), HOLE), [value])] : []
    })
    const isUnset = `${columnName(column)} IS NULL`
    const areKept =
        changed.length > 0 ? [piece([`(${isUnset} OR (`, "))"], list(changed, " AND "))] : []
    // Rows without a number have none either.
    const texts = series.documents.flatMap(({ column: shown }) => {
        const value = update.valueOf(shown)
        return value ? [filled(dialect.expressions.same(columnName(shown), HOLE), [value])] : []
    })
    const kept = [...areKept, ...texts]
    const keeps = kept.length > 0 ? list(kept, " AND ") : undefined
    const number = update.valueOf(column)
    const isDated = datingColumns(series).some((one) => update.valueOf(one))
    const isDue = await dueOf(runner, series, update, asked?.kind === "assign")
    if (!asked && !keeps && !isDated && !isDue) return undefined
    return { series, update, number, keeps, isDated, isDue }
}

const HOLE = "\0"

/** @internal SQL with pieces in the places of holes. */
export function filled(sql: string, pieces: readonly Piece[]): Piece {
    return piece(sql.split(HOLE), ...pieces)
}

/** @internal SQL over columns of a row, with what an UPDATE sets in their places. */
export function afterUpdate(
    update: Update,
    sqlOf: (nameOf: (column: ColumnMetadata) => string) => string,
): Piece {
    const set: Piece[] = []
    const sql = sqlOf((column) => {
        const value = update.valueOf(column)
        if (!value) return columnName(column)
        set.push(value)
        return HOLE
    })
    return filled(sql, set)
}

/** What is set to values is looked at here: as parameters they would have no type. */
async function dueOf(
    runner: Sender,
    series: Series,
    update: Update,
    isAskedFor: boolean,
): Promise<Piece | undefined> {
    const { when = [], column, dialect } = series
    const number = update.valueOf(column)
    const isGiven = number && valueOfPiece(number) !== null
    const isConcerned = isAskedFor || when.some((test) => update.valueOf(test.column))
    if (!isConcerned || isGiven) return undefined
    const known = when.flatMap((test) => {
        const set = update.valueOf(test.column)
        const value = set && valueOfPiece(set)
        return value === undefined ? [] : [{ test, text: scopeText(test.column, value) }]
    })
    const answers = await holds(runner, series, known)
    if (answers.some((answer) => answer !== true)) return undefined
    const open = when.filter((test) => !known.some((one) => one.test === test))
    const isUnset = plain(`${columnName(column)} IS NULL`)
    const isMet = afterUpdate(update, (nameOf) => conditionSql(open, dialect, nameOf))
    return list([isUnset, ...isOfClass(series), ...(open.length > 0 ? [isMet] : [])], " AND ")
}

/** Rows of other classes of the table, which the same UPDATE may be about, have no such number. */
function isOfClass(series: Series): Piece[] {
    const kinds = kindsOf(series)
    const values = kinds?.values.map((value) => series.dialect.expressions.literal(value))
    return kinds && values ? [plain(`${columnName(kinds.column)} IN (${values.join(", ")})`)] : []
}
