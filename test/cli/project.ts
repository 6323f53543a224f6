import { execFile } from "node:child_process"
import { readFileSync, rmSync } from "node:fs"
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { toolPath } from "../../scripts/packed"
import { typeormDirectory } from "../support/typeorm-version"
import { type Called, Host } from "./host"

const run = promisify(execFile)
const ROOT = resolve(".")
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    dependencies: object
}
const NEEDED = ["reflect-metadata", "typeorm", ...Object.keys(dependencies)]

export interface Result {
    readonly status: number
    readonly stdout: string
    readonly stderr: string
}

let installed: Promise<string> | undefined
const hosts: Promise<Host>[] = []

const installOnce = () => (installed ??= install())
const hostOf = (at: number) =>
    (hosts[at] ??= installOnce().then((folder) => new Host(folder, engineOf(folder))))

/** The package as it is published with what it needs, installed once for a test run; resolves to its folder. */
async function install(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "autosequence-build-"))
    process.once("exit", () => {
        rmSync(directory, { recursive: true, force: true })
    })
    const folder = join(directory, "node_modules", "typeorm-autosequence")
    await mkdir(folder, { recursive: true })
    await run(process.execPath, [
        toolPath("typescript-7", "tsc"),
        "-p",
        "tsconfig.build.json",
        "--outDir",
        join(folder, "dist"),
        // Whoever runs all checks has its types checked already; to read those of others takes as long.
        ...["--noCheck", "--declaration", "false", "--noResolve", "--isolatedModules"],
    ])
    await cp("package.json", join(folder, "package.json"))
    for (const name of NEEDED) await link(directory, name)
    await writeFile(engineOf(folder), ENGINE)
    return folder
}

/** What the tests themselves run with, in so far as it is about PGlite. */
const ENGINE = `require("node:v8").setFlagsFromString("--liftoff-only")`

const engineOf = (folder: string) => join(folder, "engine.cjs")

/** Puts a package of this checkout into a project. */
async function link(directory: string, name: string, source = sourceOf(name)): Promise<void> {
    const target = join(directory, "node_modules", name)
    await mkdir(dirname(target), { recursive: true })
    await symlink(source, target)
}

function sourceOf(name: string): string {
    return name === "typeorm" ? typeormDirectory : join(ROOT, "node_modules", name)
}

/** An application of its own, with this package and what it needs installed. */
export class Project {
    private constructor(readonly directory: string) {}

    static async create(packages: readonly string[]): Promise<Project> {
        const directory = await mkdtemp(join(tmpdir(), "autosequence-project-"))
        const project = new Project(directory)
        await project.write("package.json", `{ "name": "application", "private": true }`)
        // Node looks for what the package needs from where the link leads to.
        await link(directory, "typeorm-autosequence", await installOnce())
        for (const name of [...NEEDED, ...packages]) await link(directory, name)
        return project
    }

    async write(path: string, text: string): Promise<void> {
        await mkdir(dirname(join(this.directory, path)), { recursive: true })
        await writeFile(join(this.directory, path), text)
    }

    read(path: string): Promise<string> {
        return readFile(join(this.directory, path), "utf8")
    }

    /** Runs the command as npx does, from the application's directory. */
    async command(...args: string[]): Promise<Result> {
        const main = join("node_modules", "typeorm-autosequence", "dist", "cli", "main.js")
        return this.node(main, ...args)
    }

    /** The same in a process where other commands have run: to start one takes longer than what most of them do. */
    async ask(...args: string[]): Promise<Result> {
        return (await hostOf(0)).run(this.directory, args)
    }

    /** The same in two processes at once. */
    async askTwo(...args: string[]): Promise<Result[]> {
        const both = await Promise.all([0, 1].map(hostOf))
        // One that has to start first would come when the other has done it.
        await Promise.all(both.map((host) => host.run(this.directory, ["--version"])))
        return Promise.all(both.map((host) => host.run(this.directory, args)))
    }

    /** Calls the function that a file exports, in the process of {@link ask}. */
    async call(file: string, ...args: string[]): Promise<Called> {
        return (await hostOf(0)).call(this.directory, file, args)
    }

    async node(...args: string[]): Promise<Result> {
        const env = { ...process.env, NODE_OPTIONS: "", TS_NODE_TRANSPILE_ONLY: "true" }
        try {
            const options = { cwd: this.directory, env }
            return { status: 0, ...(await run(process.execPath, args, options)) }
        } catch (error) {
            const { code, stdout, stderr } = error as { code: number } & Omit<Result, "status">
            return { status: code, stdout, stderr }
        }
    }

    async remove(): Promise<void> {
        await rm(this.directory, { recursive: true, force: true })
    }
}
