import { COUNTER_ENTITY } from "../../declared/own-tables"
import { INSTALL_REMEDY, MIGRATION_REMEDY } from "../../errors"
import { findOwnEntity } from "../../series/own-table"
import { isPeriodic } from "../../series/periods/period-sql"
import { hasCounters } from "../../series/series"
import { tableName } from "../../typeorm/names"
import { findProblems, ownTablesOf, type Problem, type ProblemArea } from "../verify/find-problems"
import { count, type Examined } from "./examined"
import { type DiagnosisLine, ok, problem } from "./types"

/** @internal Stands for what `-d` was given. */
export const DATA_SOURCE = "<data source>"

const MIGRATE = `npx typeorm-autosequence migration:generate -d ${DATA_SOURCE} <path>`

/** @internal What `verifyAutoSequence` checks, and what else of tables and triggers the catalogue tells. */
export async function installationLines(examined: Examined): Promise<DiagnosisLine[]> {
    const { runner, dataSource, dialect, served } = examined
    const found = await findProblems(runner, dataSource)
    const lines = new Map<ProblemArea, DiagnosisLine[]>()
    const add = (area: ProblemArea, line: DiagnosisLine) =>
        lines.set(area, [...(lines.get(area) ?? []), line])
    for (const one of found) add(one.area, lineOf(one))
    for (const metadata of served)
        for (const name of await dialect.server.invalidIndexes(runner, tableName(metadata)))
            add(
                "indexes",
                problem(
                    "indexes",
                    `The unique index ${name} is not valid: it was not made to its end, and refuses nothing.`,
                    `REINDEX INDEX ${name}`,
                ),
            )
    for (const line of await triggerLines(examined, found)) add("triggers", line)
    return areasOf(examined).flatMap(
        ([area, text]) => lines.get(area) ?? (text ? ok(area, text) : []),
    )
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
            `${count(series.length, "column")} with numbers, ${keys} with keys, and the subscriber`,
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
                : journal && "those by which rows of the journal are only ever added",
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

function lineOf({ area, text }: Problem): DiagnosisLine {
    for (const remedy of [INSTALL_REMEDY, MIGRATION_REMEDY])
        if (text.endsWith(remedy))
            return problem(area, text.slice(0, -remedy.length).trimEnd(), MIGRATE)
    const [, flush] = /Send (FLUSH TABLES .+), with the privilege RELOAD\.$/.exec(text) ?? []
    return problem(area, text, flush)
}
