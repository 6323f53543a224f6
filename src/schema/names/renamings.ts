import type { DataSource, QueryRunner } from "typeorm"
import { objectOf, type Form } from "../../declared/options"
import { InvalidOptionError } from "../../errors"
import type { Scoped } from "../../series/series"
import { otherSeriesNames, seriesName, tableNameBeside } from "../../series/series-name"
import { columnName, tableName } from "../../typeorm/names"
import { hasRows } from "../../typeorm/statement"
import type { ServedTable } from "../plan/inventory"
import { findDropped } from "./dropped-columns"
import { findLedgers, type Ledger, namesIn } from "./ledgers"
import { replacedScopes } from "./replaced-scopes"
import type { RenamedColumns } from "./stored-names"

/**
 * Former names of series or key histories, and their current names: `<table>.<column>`, or the
 * option `series`. `null` for a name that has become none of the others.
 */
export type Renames = Readonly<Record<string, string | null>>

/** @internal */
export const RENAMES: Form = objectOf([
    (name) => name === null || typeof name === "string",
    "names, or null",
])

/** @internal Counters or keys that are stored under the former name of a column, and have to move to its new name. */
export interface Renaming {
    readonly ledger: Ledger
    readonly from: string
    readonly to: string
}

/** @internal The renamings that were found, and the problems where only the caller can decide. */
export interface FoundRenamings {
    readonly renamings: readonly Renaming[]
    /** Names that are no column's, beside columns of which nothing is kept. */
    readonly problems: readonly string[]
    /** The names whose counters are of former scopes. */
    readonly replaced: ReadonlySet<string>
}

/** @internal */
export async function findRenamings(
    runner: QueryRunner,
    dataSource: DataSource,
    tables: readonly ServedTable[],
    {
        rename: given = {},
        renamedColumns = new Map(),
    }: { readonly rename?: Renames; readonly renamedColumns?: RenamedColumns } = {},
): Promise<FoundRenamings> {
    const renamings: Renaming[] = []
    const problems: string[] = []
    const unknown = new Set(Object.keys(given))
    for (const ledger of await findLedgers(runner, dataSource)) {
        const stored = await namesIn(runner, ledger)
        const strays = new Set(stored.filter((name) => !ledger.columns.has(name)))
        const bare = new Set([...ledger.columns.keys()].filter((name) => !stored.includes(name)))
        const add = (from: string, to: string) => {
            strays.delete(from)
            bare.delete(to)
            renamings.push({ ledger, from, to })
        }
        for (const [from, to] of Object.entries(given)) {
            if (!strays.has(from) || (to !== null && !ledger.columns.has(to))) continue
            unknown.delete(from)
            if (to === null) strays.delete(from)
            else {
                add(from, to)
                if (!ledger.isOptional)
                    problems.push(...(await comesTooEarly(runner, ledger, to, renamedColumns)))
            }
        }
        for (const [to, scoped] of ledger.columns)
            for (const from of formerNames(ledger, scoped, renamedColumns))
                if (
                    strays.has(from.name) &&
                    (from.isOwn || (await isGone(runner, ledger, from.name)))
                )
                    add(from.name, to)
        for (const name of strays.size > 0 && !ledger.isOptional ? bare : [])
            problems.push(...(await problemsOf(runner, ledger, name, strays)))
    }
    for (const { name, problem } of tables.flatMap((one) => findDropped(one, renamedColumns))) {
        unknown.delete(name)
        // What has counters or keys of its own has been asked about.
        const isAsked =
            renamings.some(({ from }) => from === name) ||
            problems.some((other) => other.includes(name))
        if (given[name] !== null && !isAsked) problems.push(problem)
    }
    const [name] = unknown
    if (name !== undefined)
        throw new InvalidOptionError(
            `rename is "${name}" = "${given[name] ?? ""}". Give the former name of a renamed column, which still ` +
                "has counters or keys, and the column's name of today.",
        )
    const replaced = new Set(tables.flatMap((table) => replacedScopes(table, renamedColumns)))
    return { renamings, problems, replaced }
}

/** @internal The tables whose rows are changed by renamings, in spite of the triggers that protect them. */
export function rewrittenBy({ renamings }: FoundRenamings): Pick<Ledger, "metadata">[] {
    return renamings.map(({ ledger }) => ledger)
}

/** @internal Throws if only the caller can know what a former name is called now. */
export function refuseStrays({ problems }: FoundRenamings): void {
    if (problems.length > 0) throw new InvalidOptionError(problems.join("\n"))
}

/** TypeORM would drop the column that has another name, with all that is in it. */
async function comesTooEarly(
    runner: QueryRunner,
    { columns }: Ledger,
    name: string,
    renamedColumns: RenamedColumns,
): Promise<string[]> {
    const { metadata, column } = columns.get(name) as Scoped
    const isThere =
        renamedColumns.has(column) ||
        (await runner.hasColumn(metadata.tablePath, column.databaseName))
    return isThere
        ? []
        : [
              `There is no column ${metadata.tablePath}.${column.databaseName} yet. First rename the ` +
                  "column in the database (ALTER TABLE), then generate the migration.",
          ]
}

/** What the same column may have been called under other settings, or by version 0.1.0. */
function formerNames(
    ledger: Ledger,
    { name, column }: Scoped,
    renamedColumns: RenamedColumns,
): { name: string; isOwn: boolean }[] {
    if (name !== seriesName(column, ledger.metadata.name)) return []
    const names = otherSeriesNames(column, ledger.metadata.name).map((other) => ({
        name: other,
        // That of a table without its schema may be another table's.
        isOwn: other.split(".").length > 2,
    }))
    const before = renamedColumns.get(column)
    const table = tableNameBeside(column.entityMetadata, ledger.metadata)
    return before === undefined ? names : [...names, { name: `${table}.${before}`, isOwn: true }]
}

/** Columns that rows have values in, or that are not there yet, and what these may have been kept under. */
async function problemsOf(
    runner: QueryRunner,
    ledger: Ledger,
    name: string,
    strays: ReadonlySet<string>,
): Promise<string[]> {
    const { metadata, column } = ledger.columns.get(name) as Scoped
    if (!(await runner.hasTable(metadata.tablePath))) return []
    const isThere = await runner.hasColumn(metadata.tablePath, column.databaseName)
    const where = isThere ? ` WHERE ${columnName(column)} IS NOT NULL` : ""
    if (!(await hasRows(runner, `${tableName(metadata)}${where}`))) return []
    const problems: string[] = []
    for (const stray of strays)
        if (isThere ? await isGone(runner, ledger, stray) : tableOf(stray) === tableOf(name))
            problems.push(problem(ledger, { name, stray, isThere }))
    return problems
}

function problem(
    { metadata: { tablePath }, content }: Ledger,
    { name, stray, isThere }: Record<"name" | "stray", string> & { isThere: boolean },
): string {
    const remedy = isThere
        ? "generate"
        : "first rename the column in the database (ALTER TABLE), then generate"
    return (
        `${tablePath} has ${content} of ${stray}, which is no longer a column, and none of ${name}, whose ` +
        `table has rows. If ${stray} was renamed, ${remedy} and run a migration with --rename ` +
        `${stray}=${name} (rename: { "${stray}": "${name}" }). If not, with --rename ${stray}= (null), which ` +
        `leaves its ${content} as they are.`
    )
}

function tableOf(name: string): string {
    return name.slice(0, name.lastIndexOf("."))
}

/** @internal Whether a name is the name of a column that no longer exists. */
export async function isGone(
    runner: QueryRunner,
    { metadata }: Ledger,
    name: string,
): Promise<boolean> {
    const table = tableOf(name)
    if (table === "") return false
    const place = metadata.tablePath.slice(0, -metadata.tableName.length)
    const path = table.includes(".") ? table : `${place}${table}`
    return !(await runner.hasColumn(path, name.slice(table.length + 1)))
}
