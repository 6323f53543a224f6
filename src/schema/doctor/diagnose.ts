import type { DataSource } from "typeorm"
import { asMissingRight } from "../../audit/snapshot"
import { checkedOptions, FLAG, FUNCTION, SIGNAL } from "../../declared/options"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { AutoSequenceError, MissingRightError, UnsupportedError } from "../../errors"
import { onMaster } from "../../typeorm/on-master"
import { givenDataSource } from "../../typeorm/given"
import { versions } from "../../typeorm/version/own-version"
import { select } from "../../typeorm/statement"
import { refuseUninitialized } from "../plan/inventory"
import { counterLines } from "./counters"
import { type Examined, examine } from "./examined"
import { installationLines } from "./installation"
import { nameLines } from "./names"
import { rightLines } from "./rights"
import { connectionLines, migrationLines, serverLines } from "./server"
import {
    type DiagnoseOptions,
    type Diagnosis,
    type DiagnosisCheck,
    type DiagnosisLine,
    problem,
    warning,
} from "./types"
import { versionLines } from "./versions"

const FORMS = { counters: FLAG, onProgress: FUNCTION, signal: SIGNAL }

/**
 * Checks a data source and its database, and says what is wrong and how to fix it, like the command
 * `doctor`. It checks everything that {@link verifyAutoSequence} checks, counters that are behind
 * their rows, pending migrations, versions, the rights that the strategies in use require, settings
 * of the server and of a cluster, the pool size, and what is stored under names that no column has.
 * It reads from the master, and writes nothing. Each line is `"ok"`, a `"warning"` or a
 * `"problem"`. A check that lacks a right is a warning.
 *
 * It also resolves if everything is wrong. It rejects if nothing could be checked: with the
 * driver's error, with {@link NotInstalledError} before `initialize()`, {@link UnsupportedError}
 * for a database that the library doesn't support, and {@link InvalidOptionError}.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { diagnose } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * const { lines, problems } = await diagnose(dataSource)
 * for (const { check, status, text, remedy } of lines)
 *     if (status !== "ok") console.log(status, check, text, remedy ?? "")
 * if (problems > 0) process.exitCode = 1
 * ```
 */
export async function diagnose(
    dataSource: DataSource,
    options: DiagnoseOptions = {},
): Promise<Diagnosis> {
    const checked = checkedOptions("diagnose", options, FORMS)
    const given = givenDataSource("diagnose", dataSource)
    refuseUninitialized(given)
    const dialect = dialectOf(given)
    if (!dialect)
        throw new UnsupportedError(`The library does not work on "${given.options.type}".`)
    return onMaster(given, async (runner) => {
        const [found] = await select<{ at: string; version: string; name: string }>(
            runner,
            dialect.audit.look,
        )
        const { at = "", version = "", name = "" } = found ?? {}
        const lines = await linesOf(given, { dialect, runner, version }, checked)
        const countOf = (wanted: string) => lines.filter(({ status }) => status === wanted).length
        return {
            format: 1,
            at: new Date(at).toISOString(),
            database: { type: given.options.type, version, name },
            versions: versions(),
            lines,
            problems: countOf("problem"),
            warnings: countOf("warning"),
        }
    })
}

async function linesOf(
    dataSource: DataSource,
    found: Parameters<typeof examine>[1],
    options: DiagnoseOptions,
): Promise<DiagnosisLine[]> {
    const lines: DiagnosisLine[] = []
    const check = async (what: DiagnosisCheck, work: () => Promise<DiagnosisLine[]>) => {
        options.signal?.throwIfAborted()
        lines.push(...(await guarded(found.dialect, what, work)))
    }
    let examined: Examined
    try {
        examined = examine(dataSource, found)
    } catch (error) {
        if (!(error instanceof AutoSequenceError)) throw error
        return [problem("data source", error.message)]
    }
    await check("versions", () => versionLines(examined))
    await check("migrations", () => migrationLines(examined))
    await check("data source", () => installationLines(examined, lines))
    await check("names", () => nameLines(examined, lines))
    // Only of a database that has what they are compared with.
    const isWhole = lines.every(
        (one) => one.status === "ok" || !["data source", "tables", "names"].includes(one.check),
    )
    if (options.counters !== false && isWhole)
        await check("counters", () => counterLines(examined, options))
    // A table that does not exist lacks no right.
    const hasTables = lines.every((one) => one.status === "ok" || one.check !== "tables")
    await check("rights", async () =>
        (await rightLines(examined)).filter(({ status }) => hasTables || status !== "ok"),
    )
    await check("server", () => serverLines(examined))
    await check("connections", () => connectionLines(examined))
    return lines
}

/** What options do not allow is a problem; what the user may not look at is none that anybody knows of. */
async function guarded(
    dialect: Dialect,
    what: DiagnosisCheck,
    work: () => Promise<DiagnosisLine[]>,
): Promise<DiagnosisLine[]> {
    try {
        return await work()
    } catch (error) {
        const named = asMissingRight(dialect, error)
        if (named instanceof MissingRightError)
            return [warning(what, `This can't be checked. ${named.message}`)]
        if (named instanceof AutoSequenceError) return [problem(what, named.message)]
        throw error
    }
}
