import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import type { Result } from "./project"

/** What main.ts does, for one command after the other. */
const HOST = `
    const { run } = require(process.argv[1] + "/dist/cli/run.js")
    let written
    for (const name of ["stdout", "stderr"])
        process[name].write = (text) => {
            written[name] += text
            return true
        }
    process.on("message", async ({ directory, args }) => {
        process.chdir(directory)
        // Each command loads the files of the project anew.
        for (const path of Object.keys(require.cache))
            if (path.startsWith(process.cwd()) && !path.includes("node_modules")) delete require.cache[path]
        written = { stdout: "", stderr: "" }
        const status = await run(args, {
            out: (text) => process.stdout.write(text + "\\n"),
            err: (text) => process.stderr.write(text + "\\n"),
        })
        process.send({ status, ...written })
    })
    process.once("disconnect", () => process.exit())`

/** A process that runs many commands of the installed package. */
export class Host {
    private readonly child: ChildProcess
    private readonly ended: Promise<never>
    private last: Promise<unknown> = Promise.resolve()

    constructor(folder: string) {
        const env = { ...process.env, NODE_OPTIONS: "" }
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
        const result = this.last.then(() => this.runNext(directory, args))
        this.last = result.catch(() => {})
        return result
    }

    private async runNext(directory: string, args: readonly string[]): Promise<Result> {
        const { channel } = this.child
        channel?.ref()
        try {
            const answered = once(this.child, "message")
            this.child.send({ directory, args })
            const [result] = (await Promise.race([answered, this.ended])) as [Result]
            return result
        } finally {
            channel?.unref()
        }
    }
}
