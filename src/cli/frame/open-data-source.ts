import { relative, resolve } from "node:path"
import type { DataSource, DataSourceOptions } from "typeorm"
import { loadDataSource } from "../load-data-source"
import { silentLogger } from "../silent-logger"

/** @internal The data source can't be loaded, or its server can't be reached. */
export class CannotOpenError extends Error {}

/** @internal How a data source is opened. */
export interface Opening {
    /** How long the server has to answer. */
    readonly seconds: number
    /** What the server's list of connections calls this one, unless the data source says it. */
    readonly program: string
}

/** @internal Loads a data source, `file` or `file#export`, and connects it, without a change to the database. */
export async function openDataSource(
    given: string,
    { seconds, program }: Opening,
): Promise<DataSource> {
    const [, file = "", name] = /^(.*?)(?:#([^#/\\]+))?$/s.exec(given) ?? []
    const dataSource = await cannotOpen(() => loadDataSource(resolve(file), name))
    // A look at the database must not change it.
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
        await withTimeout(dataSource.initialize(), seconds)
    } catch (error) {
        const { place, of } = placeOf(dataSource, resolve(file))
        const said = messageOf(error) || "no reason is given"
        throw new CannotOpenError(`${place} can't be opened: ${said}${of}`, { cause: error })
    }
    return dataSource
}

/** What is decided from another server's state may be decided from an old one. */
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

async function cannotOpen<T>(work: () => Promise<T>): Promise<T> {
    try {
        return await work()
    } catch (error) {
        throw new CannotOpenError(messageOf(error), { cause: error })
    }
}

async function withTimeout<T>(work: Promise<T>, seconds: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
            reject(
                new Error(
                    `it did not answer within ${seconds} s. Is it reachable? --timeout sets another time`,
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

/** @internal What an error says; of one that is about several addresses, what is said of each. */
export function messageOf(error: unknown): string {
    if (error instanceof AggregateError) return [...new Set(error.errors.map(messageOf))].join("\n")
    return error instanceof Error ? error.message || error.name : String(error)
}
