import { relative, resolve } from "node:path"
import type { DataSource, DataSourceOptions } from "typeorm"
import { loadDataSource } from "../load-data-source"
import { silentLogger } from "../silent-logger"

const SECONDS = 10

/** How a data source is opened. */
interface Opening {
    /** How long to wait for the database; undefined for the usual time. */
    readonly seconds: number | undefined
    /** The name of the connection on the server, unless the data source has one. */
    readonly program: string
}

/** @internal Loads a data source, `file` or `file#export`, and connects it without changing the database. */
export async function openDataSource(
    given: string,
    { seconds, program }: Opening,
): Promise<DataSource> {
    const [, file = "", name] = /^(.*?)(?:#([^#/\\]+))?$/s.exec(given) ?? []
    const dataSource = await loadDataSource(resolve(file), name)
    // Connecting must not change the database.
    dataSource.setOptions({
        synchronize: false,
        migrationsRun: false,
        dropSchema: false,
        logger: silentLogger,
        ...masterOnly(dataSource.options),
        ...namedAs(program, dataSource.options),
    })
    if (dataSource.isInitialized) return dataSource
    try {
        await withTimeout(dataSource.initialize(), seconds ?? usualSeconds(dataSource.options))
    } catch (error) {
        const { place, of } = placeOf(dataSource, resolve(file))
        const said = messageOf(error) || "no reason is given"
        throw new Error(`${place} can't be opened: ${said}${of}`, { cause: error })
    }
    return dataSource
}

/** PGlite starts a database in this process, which on a busy machine takes longer than a server's answer. */
function usualSeconds(options: DataSourceOptions): number | undefined {
    const { driver, url, host, replication } = options as object as Record<string, unknown>
    const isInProcess = driver !== undefined && !(url ?? host ?? replication)
    return isInProcess ? undefined : SECONDS
}

/** A replica may be behind, so everything is read from the master. */
function masterOnly(options: DataSourceOptions): object {
    const { replication } = options as object as { replication?: { slaves?: unknown } }
    return replication ? { replication: { ...replication, slaves: [], defaultMode: "master" } } : {}
}

function namedAs(program: string, options: DataSourceOptions): object {
    if (options.type === "postgres")
        return options.applicationName ? {} : { applicationName: program }
    if (options.type !== "mysql" && options.type !== "mariadb") return {}
    const { extra = {} } = options as { extra?: { connectAttributes?: object } }
    const connectAttributes = { program_name: program, ...extra.connectAttributes }
    return { extra: { ...extra, connectAttributes } }
}

/** Without the user's name and password, which the URL of a server may hold. */
function placeOf({ options }: DataSource, file: string): { place: string; of: string } {
    const { replication, ...own } = options as typeof options & {
        replication?: { master?: object }
    }
    const { url, ...given } = { ...own, ...replication?.master } as {
        url?: string
        host?: string
        port?: number
        database?: unknown
    }
    const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined
    const host = given.host ?? parsed?.hostname
    const port = given.port ?? parsed?.port
    const named = given.database ?? decodeURIComponent(parsed?.pathname.slice(1) ?? "")
    const database = typeof named === "string" && named !== "" ? `database "${named}"` : "database"
    const server = host ? ` on ${host}${port ? `:${port}` : ""}` : ""
    return {
        place: `The ${options.type} ${database}${server}`,
        of: ` (data source of ${relative(process.cwd(), file)})`,
    }
}

async function withTimeout<T>(work: Promise<T>, seconds: number | undefined): Promise<T> {
    if (seconds === undefined) return work
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
            reject(
                new Error(
                    `no answer within ${seconds} s. Is the server reachable? --timeout sets another time`,
                ),
            )
        }, seconds * 1000)
    })
    try {
        return await Promise.race([work, late])
    } finally {
        clearTimeout(timer)
    }
}

/** @internal The message of an error; of one about several addresses, the message of each. */
export function messageOf(error: unknown): string {
    if (error instanceof AggregateError) return [...new Set(error.errors.map(messageOf))].join("\n")
    return error instanceof Error ? error.message || error.name : String(error)
}
