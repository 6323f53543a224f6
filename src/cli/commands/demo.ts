import { fork } from "node:child_process"
import { rmSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SeriesAudit } from "../../audit/types"
import { auditSeries } from "../../maintenance/audit/audit-series"
import { CODE } from "../demo/code"
import { loadDriver, openPglite, type Said, type Taken } from "../demo/invoices"
import type { Command } from "../frame/command"

const KILLS = 2

/** @internal */
export const demo: Command = {
    name: "demo",
    synopsis: "[options]",
    help: `Inserts invoices into a PostgreSQL in a temporary directory (PGlite), rolls back a quarter of the transactions, kills
the writing process inside a transaction, twice, and then audits the numbers. It needs no server, but the packages
@electric-sql/pglite and typeorm-pglite.`,
    options: {},
    positionals: [0, 0],
    async runAlone({ print, signal }) {
        // Says what is missing before anything is started.
        loadDriver()
        const directory = await mkdtemp(join(tmpdir(), "autosequence-demo-"))
        const database = join(directory, "database")
        const written: Written[] = []
        // All at once, as the later ones load their modules while the first one writes.
        const writers = Array.from({ length: KILLS }, () => new Writer())
        const end = () => {
            for (const writer of writers) writer.kill()
            // There may be no time left for more than that.
            rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
        }
        signal.addEventListener("abort", end)
        try {
            print.line(`${CODE}\n`)
            for (const [at, writer] of writers.entries()) {
                const one = await writer.writeUntilKilled(database)
                written.push(one)
                const { committed, rolledBack, killed } = one
                print.line(
                    `Writer ${at + 1}: ${committed} transactions committed, ${rolledBack} rolled back; killed inside the ` +
                        `next one, which had taken ${killed.customer} ${killed.numbers.join(" and ")}.`,
                )
            }
            const audits = await audit(database)
            print.json({ format: 1, writers: written, series: audits })
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
            print.line(isWhole ? "No gaps." : "There are gaps. This is a bug: please report it.")
            return isWhole ? 0 : 1
        } finally {
            signal.removeEventListener("abort", end)
            end()
        }
    },
}

interface Written {
    readonly committed: number
    readonly rolledBack: number
    /** What the transaction had taken in which the writer was killed. */
    readonly killed: Taken
}

class Writer {
    private readonly child = fork(join(__dirname, "..", "demo", "writer.js"), [], {
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        execArgv: [],
    })
    private readonly ended: Promise<NodeJS.Signals | null>
    private stderr = ""

    constructor() {
        this.child.stderr?.on("data", (chunk: Buffer) => (this.stderr += String(chunk)))
        this.ended = new Promise((resolve) => {
            this.child.once("close", (_, by) => {
                resolve(by)
            })
        })
    }

    /** Resolves when it was killed right after it had taken numbers, before COMMIT. */
    async writeUntilKilled(database: string): Promise<Written> {
        const counts = { committed: 0, rolledBack: 0 }
        let killed: Taken | undefined
        this.child.on("message", (said: Said) => {
            if (typeof said === "string") counts[said] += 1
            else {
                killed = said
                this.kill()
            }
        })
        // That it is gone already is said below.
        this.child.send(database, () => {})
        const by = await this.ended
        if (!killed || by !== "SIGKILL")
            throw new Error(`A writer ended unexpectedly: ${this.stderr.trim()}`)
        return { ...counts, killed }
    }

    kill(): void {
        this.child.kill("SIGKILL")
    }
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
