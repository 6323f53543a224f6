import { findOwnEntity } from "../../series/own-table"
import { autoSequenceEntities } from "../../tables/entities"
import { findLedgers, namesIn } from "../names/ledgers"
import { isGone } from "../names/renamings"
import type { Examined } from "./examined"
import { type DiagnosisLine, ok, warning } from "./types"

/** @internal What is kept in the database, and no entity declares. What was renamed is found by verify. */
export async function nameLines(
    { runner, dataSource }: Examined,
    reported: readonly DiagnosisLine[],
): Promise<DiagnosisLine[]> {
    const lines: DiagnosisLine[] = []
    const ledgers = await findLedgers(runner, dataSource)
    for (const ledger of ledgers) {
        const { columns, content, metadata } = ledger
        for (const name of await namesIn(runner, ledger)) {
            if (columns.has(name) || reported.some(({ text }) => text.includes(name))) continue
            if (await isGone(runner, ledger, name))
                lines.push(
                    warning(
                        "names",
                        `${metadata.tablePath} has ${content} of ${name}, which is not a column. They belong to a Sequence ` +
                            "of this name, or to a column that was dropped.",
                    ),
                )
        }
    }
    for (const { options } of autoSequenceEntities) {
        const own = findOwnEntity(dataSource, options.name)
        const { tableName: usual = "" } = options
        if (!own || own.tableName === usual) continue
        const place = own.tablePath.slice(0, -own.tableName.length)
        if (await runner.hasTable(`${place}${usual}`))
            lines.push(
                warning(
                    "names",
                    `There is a table ${place}${usual}, but the data source uses ${own.tablePath} instead: the former is ` +
                        "not read.",
                ),
            )
    }
    const isClear = [...reported, ...lines].every(({ check }) => check !== "names")
    return isClear && ledgers.length > 0
        ? [ok("names", "no counters or keys of columns that are gone")]
        : lines
}
