import { existsSync, readFileSync } from "node:fs"
import { createRequire, register } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

/** @internal Whether Node loads a file as an ES module. */
export function isModule(path: string): boolean {
    if (/\.m[jt]s$/.test(path)) return true
    if (/\.c[jt]s$/.test(path)) return false
    for (let directory = dirname(path); ; directory = dirname(directory)) {
        const manifest = join(directory, "package.json")
        if (existsSync(manifest))
            return (
                (JSON.parse(readFileSync(manifest, "utf8")) as { type?: string }).type === "module"
            )
        if (directory === dirname(directory)) return false
    }
}

/** What a project may have that loads TypeScript. */
interface Loader {
    readonly name: string
    /** Resolves to false where the project does not have it. */
    start(project: NodeJS.Require): Promise<boolean> | boolean
}

const TS_NODE = "ts-node"
const SWC = "@swc-node/register"

/** ts-node and SWC write down the types of properties, which tsx does not. */
const FOR_COMMONJS: readonly Loader[] = [
    {
        name: TS_NODE,
        start: (project) => started(find(project, TS_NODE) as TsNode | undefined),
    },
    { name: SWC, start: (project) => find(project, SWC) !== undefined },
    { name: "tsx", start: (project) => started(find(project, "tsx/cjs/api") as Tsx | undefined) },
]

/** ts-node's support of ES modules depends on the version of Node, so it comes last here. */
const FOR_MODULES: readonly Loader[] = [
    {
        name: SWC,
        start(project) {
            // The loader itself runs in a thread of its own, where nobody would catch what it throws.
            if (find(project, SWC) === undefined) return false
            register(`${SWC}/esm`, ofProject())
            return true
        },
    },
    {
        name: "tsx",
        async start(project) {
            const tsx = resolve(project, "tsx/esm/api")
            if (tsx === undefined) return false
            // What require() resolves looks for the other files of tsx in the wrong place.
            const path = tsx.replace(/\.cjs$/, ".mjs")
            return started((await import(pathToFileURL(path).href)) as Tsx)
        },
    },
    {
        name: TS_NODE,
        start(project) {
            const tsNode = find(project, TS_NODE) as TsNode | undefined
            if (!tsNode) return false
            tsNode.create()
            register("ts-node/esm", ofProject())
            return true
        },
    },
]

/**
 * Lets Node load TypeScript by what the project has for it: ts-node, SWC, or tsx. One that is at work
 * already is left alone.
 * @internal
 */
export async function useTypeScript(path: string): Promise<void> {
    if (isLoaderActive()) return
    const project = createRequire(join(process.cwd(), "package.json"))
    let failure: Failure | undefined
    for (const loader of isModule(path) ? FOR_MODULES : FOR_COMMONJS)
        try {
            if (await loader.start(project)) return
        } catch (cause) {
            failure ??= { loader: loader.name, cause }
        }
    throw noLoader(failure)
}

interface TsNode {
    register(): void
    create(): void
}

interface Tsx {
    register(): void
}

interface Failure {
    readonly loader: string
    readonly cause: unknown
}

function started(loader: Tsx | undefined): boolean {
    loader?.register()
    return loader !== undefined
}

function ofProject(): URL {
    return pathToFileURL(join(process.cwd(), "package.json"))
}

/** Node's own support strips types and knows no decorators, so it does not count. */
function isLoaderActive(): boolean {
    // oxlint-disable-next-line typescript/no-deprecated -- nothing else tells
    const { ".ts": loader } = require.extensions
    return loader !== undefined && !/^loadC?TS$/.test(loader.name)
}

function find(project: NodeJS.Require, name: string): unknown {
    const path = resolve(project, name)
    return path === undefined ? undefined : (project(path) as unknown)
}

function resolve(project: NodeJS.Require, name: string): string | undefined {
    try {
        return project.resolve(name)
    } catch {
        return undefined
    }
}

function noLoader(failure?: Failure): Error {
    const install =
        "npm install --save-dev ts-node typescript@5; or install tsx, if your entities name the types of " +
        "their columns; or compile the data source and name the JavaScript file."
    return failure
        ? new Error(
              `${failure.loader} can't be started: ${String(failure.cause)}. It doesn't work with TypeScript 7: ${install}`,
              { cause: failure.cause },
          )
        : new Error(
              "The data source is written in TypeScript, and this project has no loader for it: " +
                  install,
          )
}
