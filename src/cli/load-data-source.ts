import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import type { DataSource } from "typeorm"
import { isModule, useTypeScript } from "./typescript"

/**
 * Loads the one data source that a file exports, or a promise of it, as TypeORM's own command does; of several the one
 * of this name.
 * @internal
 */
export async function loadDataSource(path: string, name?: string): Promise<DataSource> {
    if (!existsSync(path)) throw new Error(`There is no file ${path}.`)
    if (/\.[cm]?ts$/.test(path)) await useTypeScript(path)
    const exported = await load(path)
    if (name !== undefined) return named(exported, path, name)
    if (isDataSource(exported)) return exported

    const found = new Set<DataSource>()
    if (typeof exported === "object" && exported !== null)
        for (const value of Object.values(exported) as unknown[]) {
            const awaited: unknown = await value
            if (isDataSource(awaited)) found.add(awaited)
        }
    const [dataSource, ...more] = found
    if (!dataSource) throw new Error(`${path} exports no DataSource.`)
    if (more.length > 0)
        throw new Error(`${path} exports ${found.size} data sources, and must export one.`)
    return dataSource
}

async function named(exported: unknown, path: string, name: string): Promise<DataSource> {
    const names = Object.keys(Object(exported) as object)
    const value: unknown = await (Object(exported) as Record<string, unknown>)[name]
    if (isDataSource(value)) return value
    throw new Error(`${path} exports no DataSource "${name}". It exports ${names.join(", ")}.`)
}

async function load(path: string): Promise<unknown> {
    try {
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        if (!isModule(path)) return require(path) as unknown
        return (await import(pathToFileURL(path).href)) as unknown
    } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new Error(`${path} can't be loaded: ${reason}`, { cause: error })
    }
}

/** The file may have another copy of TypeORM than this one. */
function isDataSource(value: unknown): value is DataSource {
    const mark = (value as Record<string, unknown> | null | undefined)?.["@instanceof"]
    return mark === Symbol.for("DataSource")
}
