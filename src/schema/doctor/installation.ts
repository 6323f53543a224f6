import { COUNTER_ENTITY } from "../../declared/own-tables"
import { findOwnEntity } from "../../series/own-table"
import { isPeriodic } from "../../series/periods/period-sql"
import { hasCounters } from "../../series/series"
import { autoSequenceEntities } from "../../tables/entities"
import { tableName } from "../../typeorm/names"
import { findProblems, ownTablesOf, type Problem, type ProblemArea } from "../verify/find-problems"
import { count, type Examined } from "./examined"
import { type DiagnosisLine, ok, problem, warning } from "./types"

/** @internal Stands for what `-d` was given. */
export const DATA_SOURCE = "<data source>"

/** @internal */
export const MIGRATE = `npx typeorm-autosequence migrate -d ${DATA_SOURCE}`
const GENERATE = `npx typeorm-autosequence migration:generate -d ${DATA_SOURCE} <path>`

/** @internal What `verifyAutoSequence` checks, and what else of tables and triggers the catalogue tells. */
export async function installationLines(
    examined: Examined,
    reported: readonly DiagnosisLine[],
): Promise<DiagnosisLine[]> {
    const { runner, dataSource, dialect, served } = examined
    const found = await findProblems(runner, dataSource)
    const lines = new Map<ProblemArea, DiagnosisLine[]>()
    const add = (area: ProblemArea, line: DiagnosisLine) =>
        lines.set(area, [...(lines.get(area) ?? []), line])
    // One that has not run may bring it already: another one would do the same again.
    const isPending = reported.some(({ remedy }) => remedy === MIGRATE)
    const migration = isPending ? MIGRATE : GENERATE
    for (const { area, text, remedy, sql } of found)
        add(area, problem(area, text, remedy === undefined ? sql : migration))
    for (const metadata of served)
        for (const name of await dialect.server.invalidIndexes(runner, tableName(metadata)))
            add(
                "indexes",
                problem(
                    "indexes",
                    `The unique index ${name} is invalid: its creation was interrupted, so it doesn't prevent duplicates.`,
                    `REINDEX INDEX ${name}`,
                ),
            )
    for (const line of await triggerLines(examined, found)) add("triggers", line)
    for (const line of undeclared(examined)) add("data source", line)
    const isFine = (area: ProblemArea) => !lines.has("tables") || !OF_TABLES.includes(area)
    return areasOf(examined).flatMap(
        ([area, text]) => lines.get(area) ?? (text && isFine(area) ? ok(area, text) : []),
    )
}

/** What nobody knows of where a table is not as it should be. */
const OF_TABLES: readonly ProblemArea[] = ["indexes", "keys", "triggers"]

/** Entities that were not loaded look like entities without numbers: nothing else would tell. */
function undeclared({ dataSource, series, keys }: Examined): DiagnosisLine[] {
    if (series.length + keys > 0) return []
    const own = autoSequenceEntities.filter(({ options }) =>
        findOwnEntity(dataSource, options.name),
    )
    const others = dataSource.entityMetadatas.length - own.length
    if (others === 0)
        return [
            warning(
                "data source",
                "The data source has no entities of yours. If it names them by files, check the paths.",
            ),
        ]
    // Whoever uses a Sequence alone has no columns, but its counter table.
    return own.length > 0
        ? []
        : [warning("data source", "No column of the entities has a number or a key.")]
}

/** What there is to be looked at, and what is said where nothing is wrong with it. */
function areasOf({
    dataSource,
    series,
    keys,
    served,
}: Examined): [ProblemArea, string | undefined][] {
    const { needed, journal } = ownTablesOf(dataSource)
    const own = needed.map(([{ tablePath }]) => tablePath)
    const triggered = series.filter(({ strategy }) => strategy === "trigger")
    return [
        [
            "data source",
            `${count(series.length, "column")} with numbers, ${keys} with keys` +
                (series.length + keys > 0 ? ", and the subscriber" : ""),
        ],
        [
            "tables",
            served.length > 0
                ? [...served.map(({ tablePath }) => tablePath), ...own].join(", ")
                : undefined,
        ],
        ["indexes", served.length > 0 ? "unique indexes of numbers and keys" : undefined],
        ["keys", keys > 0 ? "compared exactly, with the prefix of their column" : undefined],
        [
            "time zones",
            triggered.some(isPeriodic) ? "those of periods, in the database" : undefined,
        ],
        [
            "triggers",
            triggered.length > 0
                ? `those of ${count(triggered.length, "column")}`
                : journal && "those that make the journal append-only",
        ],
        ["names", undefined],
    ]
}

/** Triggers run with the rights of others; who makes them needs rights that nobody else does. */
async function triggerLines(
    { runner, dataSource, dialect, series }: Examined,
    found: readonly Problem[],
): Promise<DiagnosisLine[]> {
    const counter = findOwnEntity(dataSource, COUNTER_ENTITY)
    const lines: DiagnosisLine[] = []
    const isToBeMade = found.some(({ area }) => area === "triggers")
    const tables = series
        .filter((one) => hasCounters(one) && one.strategy === "trigger")
        .map(({ metadata }) => tableName(metadata))
    for (const table of new Set(tables)) {
        const findings = [
            ...(counter
                ? await dialect.server.triggerOwners(runner, table, tableName(counter))
                : []),
            ...(isToBeMade ? await dialect.server.triggerRights(runner, table) : []),
        ]
        for (const finding of findings)
            if (lines.every(({ text }) => text !== finding.text))
                lines.push({ check: "triggers", ...finding })
    }
    return lines
}
