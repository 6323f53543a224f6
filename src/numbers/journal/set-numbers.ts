import { groupBy } from "../../group-by"
import type { Insert, InsertRow } from "../../inserts/insert"
import { primaryKeyOf } from "../../inserts/inserted-row"
import { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import type { Scope } from "../../dialects/columns"
import { recordedSeriesOf } from "../../series/own-series"
import { keysOf } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import { explicitNumber } from "../number-values"
import { findStored } from "../stored-numbers"
import { writeEvents } from "./write-events"

/** @internal A number that the caller has set on a row of an INSERT, in a series that keeps a journal. */
export interface SetNumber {
    readonly series: Series
    readonly row: InsertRow
    readonly scope: Scope
    readonly number: bigint
}

/** @internal Those of an INSERT. */
export function setNumbers(insert: Insert): SetNumber[] {
    const scopes = new RowScopes()
    return insert.rowsWith(recordedSeriesOf).flatMap(({ row, one: series }): SetNumber[] => {
        const number = explicitNumber(series, row) ?? undefined
        if (number === undefined) return []
        return [{ series, row, number, scope: scopes.of(series, row) }]
    })
}

/** @internal Those that no row has yet: an upsert may find rows that have them. */
export async function unstored(session: Session, all: readonly SetNumber[]): Promise<SetNumber[]> {
    const stored = await findStored(session, all)
    return all.filter((one) => !stored.has(one))
}

/** @internal Writes of rows that are in the table now that their numbers were set. */
export async function writeSetNumbers(
    session: Session,
    insert: Insert,
    all: readonly SetNumber[],
    result: unknown,
): Promise<void> {
    const stored = insert.upsert ? await findStored(session, all) : undefined
    const written = stored ? all.filter((one) => stored.has(one)) : all
    for (const [series, ofSeries] of groupBy(written, (one) => one.series)) {
        const keys = await keysOf(
            session,
            series,
            ofSeries.map(({ scope }) => scope),
        )
        const events = ofSeries.map(({ row, number }, at) => ({
            kind: "explicit" as const,
            key: keys[at] ?? "",
            first: number,
            details: rowDetails(primaryKeyOf(insert, row, result)),
        }))
        await writeEvents(session, series.name, events)
    }
}

function rowDetails(key: ReturnType<typeof primaryKeyOf>): object | undefined {
    return (
        key && {
            row: Object.fromEntries(
                key.map(([column, value]) => [column.propertyPath, String(value)]),
            ),
        }
    )
}
