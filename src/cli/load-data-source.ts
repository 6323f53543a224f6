import { statSync } from "node:fs"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import type { DataSource, DataSourceOptions } from "typeorm"
import { didYouMean } from "./arguments"
import { notLoaded } from "./not-loaded"
import { isModule, useTypeScript } from "./typescript"

/** In the order in which Node and ts-node look for them. */
const ENDINGS = ["", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"]

/**
 * Loads the one data source that a file exports, as TypeORM's own command does; of several the one of this name. It may
 * be a promise of one, its options, or a function that makes either.
 * @internal
 */
export async function loadDataSource(given: string, name?: string): Promise<DataSource> {
    const path = ENDINGS.map((ending) => given + ending).find(isFile)
    if (!path) throw new Error(`There is no file ${given}.`)
    if (/\.[cm]?ts$/.test(path)) await useTypeScript(path)
    const exported = await load(path)
    if (name !== undefined) return named(exported, path, name)
    const own = await dataSourceFrom(exported, path)
    if (own) return own

    const found = await dataSourcesOf(exported, path)
    const [first, ...more] = found.keys()
    if (!first)
        throw new Error(
            `${path} exports neither a DataSource nor options for one. It exports ${namesOf(exported)}.`,
        )
    if (more.length > 0) {
        const names = [...found.values()]
        throw new Error(
            `${path} exports ${found.size} data sources: ${names.join(", ")}. Name one: ` +
                `-d ${path}#${names[0] ?? ""}.`,
        )
    }
    return first
}

function isFile(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** By what they are: those that are exported twice have one name. */
async function dataSourcesOf(exported: unknown, path: string): Promise<Map<DataSource, string>> {
    const entries = Object.entries(Object(exported) as Record<string, unknown>)
    const found = new Map<DataSource, string>()
    for (const [name, value] of entries) {
        const awaited: unknown = await value
        if (isDataSource(awaited) && !found.has(awaited)) found.set(awaited, name)
    }
    if (found.size > 0) return found
    for (const [name, value] of entries) {
        // Nobody knows what another function does when it is called.
        if (typeof value === "function" && name !== "default") continue
        const made = await dataSourceFrom(value, path)
        if (made) found.set(made, name)
    }
    return found
}

async function named(exported: unknown, path: string, name: string): Promise<DataSource> {
    const all = Object(exported) as Record<string, unknown>
    const found = await dataSourceFrom(all[name], path)
    if (found) return found
    throw new Error(
        `${path} exports no DataSource "${name}". It exports ${namesOf(exported)}.` +
            didYouMean(
                name,
                Object.keys(all).filter((other) => other !== name),
            ),
    )
}

function namesOf(exported: unknown): string {
    return Object.keys(Object(exported) as object).join(", ") || "nothing"
}

/** Undefined for what is no data source, and makes none. */
async function dataSourceFrom(value: unknown, path: string): Promise<DataSource | undefined> {
    let made: unknown = await value
    if (typeof made === "function" && !isClass(made)) made = await (made as () => unknown)()
    if (isDataSource(made)) return made
    if (!isOptions(made)) return undefined
    // The project's own TypeORM, whose decorators its entities have.
    const typeorm = createRequire(path)("typeorm") as typeof import("typeorm")
    return new typeorm.DataSource(made)
}

function isClass(value: object): boolean {
    return /^class\b/.test(Function.prototype.toString.call(value))
}

function isOptions(value: unknown): value is DataSourceOptions {
    const { type, entities } = Object(value) as { type?: unknown; entities?: unknown }
    return typeof type === "string" && typeof entities === "object"
}

async function load(path: string): Promise<unknown> {
    try {
        // oxlint-disable-next-line typescript/no-require-imports
        if (!isModule(path)) return require(path) as unknown
    } catch (error) {
        if (!isOfModules(error)) throw notLoaded(path, error)
    }
    try {
        return (await import(pathToFileURL(path).href)) as unknown
    } catch (error) {
        throw notLoaded(path, error)
    }
}

/** Where the file, or one that it loads, is an ES module, and says so by its text alone. */
function isOfModules(error: unknown): boolean {
    const { code, name, message } = Object(error) as Partial<NodeJS.ErrnoException>
    return (
        code === "ERR_REQUIRE_ESM" ||
        code === "ERR_REQUIRE_ASYNC_MODULE" ||
        (name === "SyntaxError" && /import statement outside|token 'export'/.test(message ?? ""))
    )
}

/** The file may have another copy of TypeORM than this one. */
function isDataSource(value: unknown): value is DataSource {
    const mark = (value as Record<string, unknown> | null | undefined)?.["@instanceof"]
    return mark === Symbol.for("DataSource")
}
