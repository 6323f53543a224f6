import { eventTableOf } from "../../series/own-table"
import type { Series } from "../../series/series"
import { keyOfRow } from "../../series/scopes/scope-key"
import { ofRow } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import type { Snapshot } from "../snapshot"
import type { AuditedColumn } from "../statements"
import { type ReadCheck, rows } from "./check"

/** Rows of so many scopes are told by the keys of these; of more, all rows are looked up in the journal. */
const FEW_SCOPES = 1000

/** @internal Adds what the journal says of the numbers that rows have. */
export async function withJournalChecks(
    snapshot: Snapshot,
    column: AuditedColumn,
): Promise<AuditedColumn> {
    const { bySql, byReading } = column.checks
    const ofJournal = await journalChecks(snapshot, column.series)
    return { ...column, checks: { bySql, byReading: [...byReading, ...ofJournal] } }
}

/**
 * Whether the journal says of the number of a row that it is none that a row has: of a kind that it has no entries of,
 * nothing is checked.
 */
async function journalChecks(
    { dataSource, dialect, runner }: Snapshot,
    series: Series,
): Promise<ReadCheck[]> {
    const { table, ...event } = eventTableOf(dataSource)
    const name = dialect.expressions.literal(series.name)
    const entries = (alias: string, kinds: string) =>
        `FROM ${table} ${alias} WHERE ${alias}.${event.series} = ${name} AND ${alias}.${event.kind} IN (${kinds})`
    const setAgain =
        `EXISTS (SELECT 1 ${entries("n", "'explicit'")} AND n.${event.scope} = e.${event.scope} ` +
        `AND n.${event.first} = e.${event.first} AND n.${event.reason} IS NULL ` +
        // Nodes of a cluster count their ids apart.
        `AND (n.${event.id} > e.${event.id} OR n.${event.at} > e.${event.at}))`
    const kinds = [
        {
            kind: "skipped",
            found: entries("e", "'skip'"),
            what: "declared unused (skip).",
        },
        {
            kind: "reused",
            found: `${entries("e", "'delete', 'move'")} AND ${setAgain}`,
            what: "set again after a row with it was deleted or moved, and no reason was given.",
        },
    ] as const

    const checks: ReadCheck[] = []
    for (const { kind, found, what } of kinds) {
        const scopes = await select<{ scope: string }>(runner, {
            sql:
                `SELECT DISTINCT e.${event.scope} AS ${dataSource.driver.escape("scope")} ` +
                `${found} LIMIT ${FEW_SCOPES + 1}`,
        })
        if (scopes.length === 0) continue
        const key = keyOfRow(series, "t")
        const keys = scopes.map(({ scope }) => dialect.expressions.literal(scope))
        const isFound =
            `EXISTS (SELECT 1 ${found} AND e.${event.scope} = ${key} ` +
            `AND ${ofRow(series.column)} BETWEEN e.${event.first} AND e.${event.last})`
        checks.push({
            kind,
            severity: "problem",
            columns: [],
            // A look for each row is what takes the time.
            where:
                scopes.length > FEW_SCOPES
                    ? isFound
                    : `${key} IN (${keys.join(", ")}) AND ${isFound}`,
            isWrong: () => true,
            text: (count) =>
                `${rows(count, "has a number that was", "have numbers that were")} ${what}`,
        })
    }
    return checks
}
