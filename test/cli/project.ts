import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { typeormDirectory } from "../support/typeorm-version"

const run = promisify(execFile)
const ROOT = resolve(".")
const DEPENDENCIES = Object.keys(
    (JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: object }).dependencies,
)

export interface Result {
    readonly status: number
    readonly stdout: string
    readonly stderr: string
}

let built: Promise<string> | undefined

/** The package as it is published, built once for a test run. */
async function build(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "autosequence-build-"))
    process.once("exit", () => void rm(directory, { recursive: true, force: true }))
    const tsc = require.resolve("typescript/bin/tsc")
    await run(process.execPath, [
        tsc,
        "-p",
        "tsconfig.build.json",
        "--outDir",
        join(directory, "dist"),
        // Whoever runs all checks has its types checked already.
        "--noCheck",
    ])
    await cp("package.json", join(directory, "package.json"))
    return directory
}

/** An application of its own, with this package and what it needs installed. */
export class Project {
    private constructor(readonly directory: string) {}

    static async create(packages: readonly string[]): Promise<Project> {
        const directory = await mkdtemp(join(tmpdir(), "autosequence-project-"))
        const project = new Project(directory)
        await project.write("package.json", `{ "name": "application", "private": true }`)
        // A copy, as Node looks for TypeORM from where a link leads to.
        const installed = join(directory, "node_modules")
        await cp(await (built ??= build()), join(installed, "typeorm-autosequence"), {
            recursive: true,
        })
        for (const name of ["reflect-metadata", "typeorm", ...DEPENDENCIES, ...packages]) {
            const source = name === "typeorm" ? typeormDirectory : join(ROOT, "node_modules", name)
            await mkdir(dirname(join(installed, name)), { recursive: true })
            await symlink(source, join(installed, name))
        }
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
