import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export const ROOT = join(__dirname, "..")

export interface Manifest {
    readonly version: string
    readonly bin?: Record<string, string>
}

/** Packs the library as npm would publish it; resolves to the path of the tarball. */
export function pack(directory: string): string {
    npm(ROOT, ["pack", "--pack-destination", directory])
    const tarball = readdirSync(directory).find((name) => name.endsWith(".tgz"))
    if (!tarball) throw new Error("npm pack left no tarball.")
    return join(directory, tarball)
}

/** Installs packages into a project as a user would. */
export function npmInstall(project: string, packages: readonly string[]): void {
    npm(project, ["install", "--prefer-offline", "--no-audit", "--no-fund", ...packages])
}

/** Runs the command of another package manager, of the version that is named: `pnpm@12.21.0`. */
export function npx(project: string, args: readonly string[]): void {
    npm(project, ["exec", "--yes", "--prefer-offline", "--", ...args])
}

export function readManifest(path: string): Manifest {
    return JSON.parse(readFileSync(path, "utf8")) as Manifest
}

export function installedManifest(name: string): Manifest {
    return readManifest(join(ROOT, "node_modules", name, "package.json"))
}

/** As npm takes it: the version that is installed here. */
export function pinned(name: string): string {
    return `${name}@${installedManifest(name).version}`
}

/** Tools are run by node itself, as the links in node_modules/.bin differ between systems. */
export function toolPath(name: string, command: string): string {
    const path = installedManifest(name).bin?.[command]
    if (!path) throw new Error(`${name} has no command ${command}.`)
    return join(ROOT, "node_modules", name, path)
}

export function runNode(args: readonly string[], cwd: string, env = process.env): string {
    console.log(`> ${args.join(" ")}`)
    try {
        return execFileSync(process.execPath, args, { cwd, env, encoding: "utf8", stdio: "pipe" })
    } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string }
        throw new Error(`This failed: ${args.join(" ")}\n${stdout}\n${stderr}`, { cause: error })
    }
}

function npm(directory: string, args: readonly string[]): void {
    const cli = process.env.npm_execpath
    if (!cli) throw new Error("Run this by npm, see the scripts in package.json.")
    runNode([cli, ...args], directory)
}
