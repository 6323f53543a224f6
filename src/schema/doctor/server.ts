import { pendingMigrations } from "../../typeorm/schema/pending-migrations"
import { count, type Examined } from "./examined"
import { MIGRATE } from "./installation"
import { type DiagnosisLine, ok, problem, warning } from "./types"

/** @internal Settings of the server that forbid numbering or break it. */
export async function serverLines(examined: Examined): Promise<DiagnosisLine[]> {
    const { dialect, runner } = examined
    const settings = await dialect.server.settings(runner, examined)
    const cluster = await dialect.server.cluster(runner, examined)
    return [
        ...(settings.length > 0
            ? settings.map((one): DiagnosisLine => ({ check: "server", ...one }))
            : [ok("server", "accepts writes, and has the usual settings")]),
        ...(cluster?.length === 0
            ? [ok("cluster", "the node is connected, and assigns no number twice")]
            : (cluster ?? []).map((one): DiagnosisLine => ({ check: "cluster", ...one }))),
    ]
}

/** @internal How many connections a process opens, and what those do that take numbers ahead. */
export async function connectionLines(examined: Examined): Promise<DiagnosisLine[]> {
    const { dialect, runner, dataSource, series } = examined
    const limits = await dialect.server.connections(runner, dataSource)
    if (!limits) return []
    const { pool, allowed } = limits
    const leased = series.filter(({ gapless }) => !gapless)
    const all = pool + (leased.length > 0 ? 1 : 0)
    const opened =
        leased.length > 0
            ? `${count(pool, "connection")} in the pool, and 1 that takes numbers ahead`
            : `${count(pool, "connection")} in the pool`
    const lines: DiagnosisLine[] = []
    if (all > allowed)
        lines.push(
            warning(
                "connections",
                `A process may open ${opened}, but the server allows the user ${allowed}. Make the pool smaller ` +
                    "(poolSize), or raise the limit of the server.",
            ),
        )
    for (const { name, cache } of leased)
        if (cache > 1n && cache < BigInt(pool))
            lines.push(
                warning(
                    "connections",
                    `${name} takes ${String(cache)} numbers ahead (cache), but the pool has ` +
                        `${count(pool, "connection")}: when all of them insert at once, they wait for more numbers. Set ` +
                        `cache to ${pool} or more.`,
                ),
            )
    return lines.length > 0 ? lines : [ok("connections", `${opened}; the server allows ${allowed}`)]
}

/** @internal */
export async function migrationLines({ runner, dataSource }: Examined): Promise<DiagnosisLine[]> {
    const { migrations } = dataSource
    if (migrations.length === 0) return []
    const pending = await pendingMigrations(runner, dataSource)
    if (pending.length === 0) return [ok("migrations", `${migrations.length} run, none pending`)]
    const names = pending.slice(0, 3).join(", ") + (pending.length > 3 ? " …" : "")
    const verb = pending.length === 1 ? "has" : "have"
    return [
        problem(
            "migrations",
            `${count(pending.length, "migration")} ${verb} not run: ${names}.`,
            MIGRATE,
        ),
    ]
}
