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
    const tsNode = find(project, "ts-node")
    if (tsNode !== undefined) registerTsNode(project, tsNode)
    else {
        const tsx = find(project, "tsx/cjs/api")
        if (tsx === undefined) throw noLoader()
        ;(project(tsx) as { register(): void }).register()
    }
}

function registerTsNode(project: NodeJS.Require, tsNode: string): void {
    try {
        ;(project(tsNode) as { register(): void }).register()
    } catch (cause) {
        throw new Error(
            `ts-node can't be started: ${String(cause)}. It does not work with TypeScript 7: install ` +
                "typescript@5, or compile the data source and name the JavaScript file.",
            { cause },
        )
    }
}

/** ts-node's support of ES modules depends on the version of Node, so tsx comes first here. */
async function useForModules(project: NodeJS.Require): Promise<void> {
    const tsx = find(project, "tsx/esm/api")
    if (tsx !== undefined) {
        // What require() resolves looks for the other files of tsx in the wrong place.
        const path = tsx.replace(/\.cjs$/, ".mjs")
        const api = (await import(pathToFileURL(path).href)) as { register(): void }
        api.register()
        return
    }
    if (find(project, "ts-node/esm") === undefined) throw noLoader()
    register("ts-node/esm", pathToFileURL(join(process.cwd(), "package.json")))
}

/** Node's own support strips types and knows no decorators, so it does not count. */
function isLoaderActive(): boolean {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells
    const { ".ts": loader } = require.extensions
    return loader !== undefined && !/^loadC?TS$/.test(loader.name)
}

function find(project: NodeJS.Require, name: string): string | undefined {
    try {
        return project.resolve(name)
    } catch {
        return undefined
    }
}

function noLoader(): Error {
    return new Error(
        "The data source is in TypeScript, and this project has nothing that loads it. Install " +
            "ts-node (npm install --save-dev ts-node), or name a JavaScript file.",
    )
}
