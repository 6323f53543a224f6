import { UnknownScopeError } from "../../errors"
import { groupBy } from "../../group-by"
import { UpdatedEntity } from "../../inserts/announced/updated-entity"
import type { Insert, InsertRow } from "../../inserts/insert"
import type { Session } from "../../inserts/session"
import { rowValue } from "../../inserts/row-value"
import { conditionalSeriesOf } from "../../series/own-series"
import { scopeText } from "../../series/scopes/scope"
import { placeOf, type Series } from "../../series/series"
import type { ColumnTest, RowCondition } from "../../series/when/row-condition"
import { entityOf } from "../../typeorm/rows/read-rows"
import type { Sender } from "../../typeorm/statement"
import { explicitNumber } from "../number-values"
import { primaryKeyOf } from "../../inserts/inserted-row"
import { holds } from "./holds"

interface ConditionalRow {
    readonly series: Series
    readonly when: RowCondition
    readonly row: InsertRow
}

/** @internal The rows of an INSERT that have a number under a condition, and don't bring one along. */
export function conditionalRows(insert: Insert): ConditionalRow[] {
    return insert.rowsWith(conditionalSeriesOf).flatMap(({ row, one: series }) => {
        const { when, assignsAtCommit } = series
        // Before COMMIT the database itself is asked.
        if (!when || assignsAtCommit) return []
        return (explicitNumber(series, row) ?? null) === null ? [{ series, when, row }] : []
    })
}

/**
 * Leaves rows without a number for which the condition does not hold; the others are to be given one.
 * @internal
 */
export async function leaveDrafts(runner: Sender, rows: readonly ConditionalRow[]): Promise<void> {
    for (const [series, ofSeries] of groupBy(rows, (one) => one.series)) {
        const asked = ofSeries.flatMap(({ when, row }) =>
            when.map((test) => ({ test, text: textOf(series, test, row) })),
        )
        const answers = await holds(runner, series, asked)
        for (const [at, { row, when }] of ofSeries.entries()) {
            const own = answers.slice(at * when.length, (at + 1) * when.length)
            if (own.every((answer) => answer === true)) row.assignSql(series.column, "DEFAULT")
            else row.assign(series.column, null)
        }
    }
}

/**
 * Drafts that an UPDATE of the same save() may finalise: TypeORM sets some foreign keys afterwards, and
 * announces nothing.
 * @internal
 */
export function awaitFinalisation(session: Session, insert: Insert, result: unknown): void {
    const drafts = insert
        .rowsWith(conditionalSeriesOf)
        .filter(({ row, one: { column } }) => row.cell(column).kind === "value")
    for (const row of new Set(drafts.map((draft) => draft.row))) {
        const { entity, metadata } = row
        if (!entity) continue
        const key = primaryKeyOf(insert, row, result)?.map(([, value]) => value)
        const id = key && entityOf(metadata.primaryColumns, key)
        session.updates.add(new UpdatedEntity(entity, metadata, id))
    }
}

function textOf(series: Series, { column, path }: ColumnTest, row: InsertRow): string | null {
    const found = rowValue(row, column)
    if ("value" in found) return scopeText(column, found.value)
    throw new UnknownScopeError(
        `Whether a row has ${placeOf(series)} can't be known before the insert: ${path} ${found.problem}`,
    )
}
