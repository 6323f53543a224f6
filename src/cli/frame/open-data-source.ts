import { resolve } from "node:path"
import type { DataSource } from "typeorm"
import { loadDataSource } from "../load-data-source"
import { silentLogger } from "../silent-logger"

/** @internal The data source can't be loaded, or its server can't be reached. */
export class CannotOpenError extends Error {}

/** @internal Loads a data source, `file` or `file#export`, and connects it, without a change to the database. */
export async function openDataSource(given: string, seconds: number): Promise<DataSource> {
    const [, file = "", name] = /^(.*?)(?:#([^#/\\]+))?$/s.exec(given) ?? []
    const dataSource = await cannotOpen(() => loadDataSource(resolve(file), name))
    // A look at the database must not change it.
    dataSource.setOptions({
        synchronize: false,
        migrationsRun: false,
        dropSchema: false,
        logger: silentLogger,
    })
    if (!dataSource.isInitialized)
        await cannotOpen(() => withTimeout(dataSource.initialize(), dataSource, seconds))
    return dataSource
}

async function cannotOpen<T>(work: () => Promise<T>): Promise<T> {
    try {
        return await work()
    } catch (error) {
        throw new CannotOpenError(messageOf(error), { cause: error })
    }
}

async function withTimeout<T>(
    work: Promise<T>,
    { options }: DataSource,
    seconds: number,
): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
            reject(
                new Error(
                    `The ${options.type} server did not answer within ${seconds} s. Is it reachable? --timeout sets another time.`,
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
