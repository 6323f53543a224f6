import { fork } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SeriesAudit } from "../../audit/types"
import { auditSeries } from "../../maintenance/audit/audit-series"
import { CODE, findDriver, openPglite } from "../demo/invoices"
import type { Command } from "../frame/command"

const KILLS = 2

/** @internal */
export const demo: Command = {
    name: "demo",
    synopsis: "[options]",
    help: `Writes invoices into a PostgreSQL in a temporary directory (PGlite), rolls a quarter of the transactions back, kills
the process that writes in the middle of a transaction, twice, and then audits the numbers. Needs no server; the
packages @electric-sql/pglite and typeorm-pglite have to be there.`,
    options: {},
    positionals: [0, 0],
    async runAlone({ print, signal }) {
        const directory = await mkdtemp(join(tmpdir(), "autosequence-demo-"))
        const database = join(directory, "database")
        const sum: Written = { committed: 0, rolledBack: 0 }
        try {
            // Says what is missing before anything is started.
            findDriver()
            print.line(`${CODE}\n`)
            for (let kill = 1; kill <= KILLS; kill++) {
                const written = await writeUntilKilled(database, signal)
                sum.committed += written.committed
                sum.rolledBack += written.rolledBack
                print.line(
                    `Writer ${kill}: ${written.committed} transactions committed, ${written.rolledBack} rolled back, killed in ` +
                        "the middle of the next one.",
                )
            }
            const audits = await audit(database)
            print.json({ format: 1, ...sum, kills: KILLS, series: audits })
            const scopes = audits.flatMap(({ scopes: own }) => own)
            print.line()
            print.table(
                ["customer", "first", "last", "rows", "missing"],
                scopes.map(({ scope, first, last, rows, missing }) => [
                    ...[scope.customer ?? null, first, last, String(rows), missing],
                ]),
            )
            print.line()
            const isWhole = scopes.every(
                ({ missing, findings }) => missing === "0" && findings.length === 0,
            )
            print.line(
                isWhole ? "No gaps." : "There are gaps, which must not be. Please report this.",
            )
            return isWhole ? 0 : 1
        } finally {
            await rm(directory, { recursive: true, force: true })
        }
    },
}

interface Written {
    committed: number
    rolledBack: number
}

/** A process that is killed right after it has taken a number, before COMMIT. */
async function writeUntilKilled(database: string, signal: AbortSignal): Promise<Written> {
    const written: Written = { committed: 0, rolledBack: 0 }
    const child = fork(join(__dirname, "..", "demo", "writer.js"), [database], {
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        execArgv: [],
    })
    let said = ""
    child.stderr?.on("data", (chunk: Buffer) => (said += String(chunk)))
    const kill = () => child.kill("SIGKILL")
    signal.addEventListener("abort", kill)
    child.on("message", ({ kind }: { kind: keyof Written | "writing" }) => {
        if (kind !== "writing") written[kind] += 1
        else kill()
    })
    const killedBy = await new Promise<NodeJS.Signals | null>((resolve) => {
        child.once("close", (_, by) => {
            resolve(by)
        })
    })
    signal.removeEventListener("abort", kill)
    if (killedBy !== "SIGKILL") throw new Error(`The writer has ended: ${said.trim()}`)
    return written
}

async function audit(database: string): Promise<readonly SeriesAudit[]> {
    const dataSource = openPglite(database)
    await dataSource.initialize()
    try {
        const { series } = await auditSeries(dataSource)
        return series
    } finally {
        await dataSource.destroy()
    }
}
