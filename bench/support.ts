import { cpus } from "node:os"
import { performance } from "node:perf_hooks"
import Table from "cli-table3"
import { DataSource, type DataSourceOptions } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { installAutoSequence, withAutoSequence } from "../src"

/** The schema that holds all tables of a script. */
export const SCHEMA = "autosequence_bench"
export const DATABASE_URL =
    process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"

/** One way of doing the same work. */
export interface Way {
    readonly name: string
    /** Resolves to a number of milliseconds where it has timed the work itself. */
    run(): Promise<unknown>
}

/** How the ways of doing one piece of work compare. */
export interface Comparison {
    readonly work: string
    readonly ways: readonly {
        readonly name: string
        /** Median milliseconds of a round. */
        readonly ms: number
        /** How much of it is done in the time of the first way: the median of the rounds' ratios. */
        readonly ratio: number
    }[]
}

/**
 * Runs the work on a data source with these entities, in a schema of its own that is dropped before
 * and at the end. DATABASE_URL names the server.
 */
export async function withDatabase(
    entities: DataSourceOptions["entities"],
    connections: number,
    work: (dataSource: DataSource) => Promise<void>,
    url = DATABASE_URL,
): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({
            type: "postgres",
            url,
            schema: SCHEMA,
            entities,
            extra: { max: connections },
        }),
    )
    await dataSource.initialize()
    try {
        // A run that was interrupted has left its own.
        await dataSource.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`)
        await dataSource.query(`CREATE SCHEMA ${SCHEMA}`)
        await dataSource.synchronize()
        await installAutoSequence(dataSource)
        await work(dataSource)
    } finally {
        await dataSource.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`)
        await dataSource.destroy()
    }
}

/**
 * Times the ways in turn, so that all of them meet the same machine, and beginning with another one
 * in each round. The first round is not counted.
 */
export async function compare(
    work: string,
    rounds: number,
    ways: readonly Way[],
): Promise<Comparison> {
    const times = ways.map((): number[] => [])
    for (let round = 0; round <= rounds; round += 1)
        for (let turn = 0; turn < ways.length; turn += 1) {
            const at = (round + turn) % ways.length
            const ms = await time(() => ways[at]?.run() ?? Promise.resolve())
            if (round > 0) times[at]?.push(ms)
        }
    const [first = []] = times
    return {
        work,
        ways: ways.map(({ name }, at) => {
            const own = times[at] ?? []
            const ratios = own.map((ms, round) => (first[round] ?? NaN) / ms)
            return { name, ms: median(own), ratio: median(ratios) }
        }),
    }
}

async function time(work: () => Promise<unknown>): Promise<number> {
    const start = performance.now()
    const own = await work()
    return typeof own === "number" ? own : performance.now() - start
}

function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Runs the work `times` times, by this many at once. */
export async function inParallel(
    workers: number,
    times: number,
    work: (turn: number) => Promise<unknown>,
): Promise<void> {
    let next = 0
    const worker = async (): Promise<void> => {
        for (let turn = next++; turn < times; turn = next++) await work(turn)
    }
    await Promise.all(Array.from({ length: workers }, worker))
}

/** Prints a table, or JSON for `--json`. */
export async function print(
    dataSource: DataSource,
    comparisons: readonly Comparison[],
    checked: string,
): Promise<void> {
    const [{ version, fsync }] = await dataSource.query<[{ version: string; fsync: string }]>(
        "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync",
    )
    const machine = `PostgreSQL ${version} (fsync ${fsync}), Node ${process.version}, ${cpus().length} CPUs`
    if (process.argv.includes("--json")) {
        console.log(JSON.stringify({ machine, comparisons }, undefined, 4))
        return
    }
    const table = new Table({
        head: ["Work", "Way", "Time", "Ratio"],
        colAligns: ["left", "left", "right", "right"],
        style: { head: [], border: [] },
    })
    for (const { work, ways } of comparisons)
        ways.forEach(({ name, ms, ratio }, at) =>
            table.push([at === 0 ? work : "", name, `${ms.toFixed(0)} ms`, ratio.toFixed(2)]),
        )
    console.log(table.toString())
    console.log(
        `${machine}. Ratio: work done in the time that the first way takes for it. ${checked}`,
    )
}
