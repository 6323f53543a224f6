import { run } from "../../src/cli/run"
import type { Result } from "./project"

/** Runs the command in this process, where no data source is opened. */
export async function inProcess(...args: string[]): Promise<Result> {
    const written = { out: "", err: "" }
    const status = await run(args, {
        out: (text) => (written.out += `${text}\n`),
        err: (text) => (written.err += `${text}\n`),
    })
    return { status, stdout: written.out, stderr: written.err }
}
