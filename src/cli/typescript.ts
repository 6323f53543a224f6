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

/**
 * Lets Node load TypeScript by what the project has for it: ts-node, or tsx. One that is at work
 * already is left alone.
 * @internal
 */
export async function useTypeScript(path: string): Promise<void> {
    if (isLoaderActive()) return
    const project = createRequire(join(process.cwd(), "package.json"))
    if (isModule(path)) return useForModules(project)
    const tsNode = find(project, "ts-node") as TsNode | undefined
    const failure = tsNode && failureOf(tsNode, "register")
    if (tsNode && !failure) return
    const tsx = find(project, "tsx/cjs/api") as Tsx | undefined
    if (!tsx) throw noLoader(failure)
    tsx.register()
}

/** ts-node's support of ES modules depends on the version of Node, so tsx comes first here. */
async function useForModules(project: NodeJS.Require): Promise<void> {
    const tsx = resolve(project, "tsx/esm/api")
    if (tsx !== undefined) {
        // What require() resolves looks for the other files of tsx in the wrong place.
        const path = tsx.replace(/\.cjs$/, ".mjs")
        const api = (await import(pathToFileURL(path).href)) as Tsx
        api.register()
        return
    }
    const tsNode = find(project, "ts-node") as TsNode | undefined
    // The loader itself runs in a thread of its own, where nobody would catch it.
    const failure = tsNode && failureOf(tsNode, "create")
    if (!tsNode || failure) throw noLoader(failure)
    register("ts-node/esm", pathToFileURL(join(process.cwd(), "package.json")))
}

interface TsNode {
    register(): void
    create(): void
}

interface Tsx {
    register(): void
}

function failureOf(tsNode: TsNode, start: keyof TsNode): { readonly cause: unknown } | undefined {
    try {
        tsNode[start]()
        return undefined
    } catch (cause) {
        return { cause }
    }
}

/** Node's own support strips types and knows no decorators, so it does not count. */
function isLoaderActive(): boolean {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells
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

function noLoader(failure?: { readonly cause: unknown }): Error {
    const install =
        "npm install --save-dev ts-node typescript@5; or install tsx, where your entities name the types of " +
        "their columns; or compile the data source and name the JavaScript file."
    return failure
        ? new Error(
              `ts-node can't be started: ${String(failure.cause)}. It does not work with TypeScript 7: ${install}`,
              failure,
          )
        : new Error(
              "The data source is in TypeScript, and this project has nothing that loads it: " +
                  install,
          )
}
