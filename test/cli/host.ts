import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Result } from "./project"

/** What main.ts does, for one command after the other; and files of the project that export a function. */
const HOST = `
    const { run } = require(process.argv[1] + "/dist/cli/run.js")
    let written
    for (const name of ["stdout", "stderr"])
        process[name].write = (text) => {
            written[name] += text
            return true
        }
    const call = async (file, args) => {
        try {
            return { status: 0, value: await require(file)(...args) }
        } catch (error) {
            process.stderr.write(error.stack)
            return { status: 1 }
        }
    }
    process.on("message", async ({ directory, file, args }) => {
        process.chdir(directory)
        // Each command loads the files of the project anew.
        for (const path of Object.keys(require.cache))
            if (path.startsWith(process.cwd()) && !path.includes("node_modules")) delete require.cache[path]
        written = { stdout: "", stderr: "" }
        const output = {
            out: (text) => process.stdout.write(text + "\\n"),
            err: (text) => process.stderr.write(text + "\\n"),
        }
        const ended = file ? await call(file, args) : { status: await run(args, output) }
        process.send({ ...ended, ...written })
    })
    process.once("disconnect", () => process.exit())`

/** What a function of the project has returned, unless it has failed. */
export type Called = Result & { readonly value?: unknown }

interface Task {
    readonly directory: string
    /** The one whose function is called, instead of a command. */
    readonly file?: string
    readonly args: readonly string[]
}

/** A process that runs many commands of the installed package. */
export class Host {
    private readonly child: ChildProcess
    private readonly ended: Promise<never>
    private last: Promise<unknown> = Promise.resolve()

    /** `engine` is loaded by what its commands start as well. */
    constructor(folder: string, engine: string) {
        const env = { ...process.env, NODE_OPTIONS: `--require "${engine.replaceAll("\\", "/")}"` }
        const stdio = ["ignore", "inherit", "inherit", "ipc"] as const
        this.child = spawn(process.execPath, ["-e", HOST, folder], { env, stdio: [...stdio] })
        this.ended = once(this.child, "exit").then(([status]) => {
            throw new Error(`A command has ended the process that runs them, with ${status}.`)
        })
        this.ended.catch(() => {})
        // It ends with this process.
        this.child.unref()
        this.child.channel?.unref()
    }

    run(directory: string, args: readonly string[]): Promise<Result> {
        return this.queue({ directory, args })
    }

    call(directory: string, file: string, args: readonly string[]): Promise<Called> {
        return this.queue({ directory, file: join(directory, file), args })
    }

    private queue(task: Task): Promise<Called> {
        const result = this.last.then(() => this.runNext(task))
        this.last = result.catch(() => {})
        return result
    }

    private async runNext(task: Task): Promise<Called> {
        const { channel } = this.child
        channel?.ref()
        try {
            const answered = once(this.child, "message")
            this.child.send(task)
            const [result] = (await Promise.race([answered, this.ended])) as [Called]
            return result
        } finally {
            channel?.unref()
        }
    }
}
