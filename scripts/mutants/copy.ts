import { execFileSync, spawn } from "node:child_process"
import {
    cpSync,
    existsSync,
    mkdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { ROOT, toolPath } from "../packed"
import type { Tests } from "./areas"
import { dropDatabasesOf } from "./left-databases"

/** How a run of tests ended; without `failure` all of them passed. */
export interface Run {
    readonly failure?: string
    readonly seconds: number
}

/** A copy of the checkout, where one mutant at a time is written and tested. */
export class Copy {
    private readonly results: string

    private constructor(private readonly directory: string) {
        this.results = join(directory, "results.json")
    }

    /** Always in the same place: what is transpiled is kept by its path. */
    static make(name: string): Copy {
        const directory = join(ROOT, ".tmp", "mutants", name)
        rmSync(directory, { recursive: true, force: true })
        mkdirSync(join(directory, "tmp"), { recursive: true })
        const files = ["ls-files", "--cached", "--others", "--exclude-standard"]
        for (const path of execFileSync("git", files, { cwd: ROOT, encoding: "utf8" }).split("\n"))
            if (path !== "" && path !== "node_modules" && existsSync(join(ROOT, path)))
                cpSync(join(ROOT, path), join(directory, path), { recursive: true })
        symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"))
        return new Copy(directory)
    }

    /** Writes the text for as long as the work takes. */
    async with<Result>(path: string, text: string, work: () => Promise<Result>): Promise<Result> {
        const file = join(this.directory, path)
        const original = readFileSync(file)
        writeFileSync(file, text)
        try {
            return await work()
        } finally {
            writeFileSync(file, original)
        }
    }

    async run({ path, grep }: Tests, seed: number, seconds: number): Promise<Run> {
        rmSync(this.results, { force: true })
        const args = [toolPath("mocha", "mocha"), "--bail", "--exit", "--reporter", "json"]
        args.push("--reporter-option", `output=${this.results}`)
        if (grep !== undefined) args.push("--grep", grep)
        const began = performance.now()
        const { code, pid, output } = await this.spawn([...args, path], seed, seconds)
        const taken = (performance.now() - began) / 1000
        if (code === 0) return { seconds: taken }
        await dropDatabasesOf(pid)
        if (code === null) return { seconds: taken, failure: `nothing: it hangs in ${path}` }
        return {
            seconds: taken,
            failure: this.failed() ?? `a crash: ${output.trim().slice(0, 200)}`,
        }
    }

    private spawn(
        args: readonly string[],
        seed: number,
        seconds: number,
    ): Promise<{ code: number | null; pid: number; output: string }> {
        const env = { ...process.env, TEST_SEED: String(seed), TMPDIR: join(this.directory, "tmp") }
        // As a group: tests start processes, too.
        const child = spawn(process.execPath, args, {
            cwd: this.directory,
            env,
            detached: true,
            stdio: ["ignore", "ignore", "pipe"],
        })
        const { pid } = child
        if (pid === undefined) throw new Error("The tests could not be started.")
        let output = ""
        child.stderr.on("data", (data) => (output += String(data)))
        const kill = () => process.kill(-pid, "SIGKILL")
        const timer = setTimeout(kill, seconds * 1000)
        process.once("exit", kill)
        return new Promise((resolve, reject) => {
            child.on("error", reject)
            child.on("close", (code) => {
                clearTimeout(timer)
                process.off("exit", kill)
                resolve({ code, pid, output })
            })
        })
    }

    private failed(): string | undefined {
        if (!existsSync(this.results)) return undefined
        const { failures } = JSON.parse(readFileSync(this.results, "utf8")) as {
            failures: { fullTitle: string }[]
        }
        return failures[0] && `"${failures[0].fullTitle}"`
    }
}
