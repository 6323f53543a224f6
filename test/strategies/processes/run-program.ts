import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"

interface Ended {
    readonly code: number | null
    readonly signal: NodeJS.Signals | null
    readonly lines: string[]
    /** How many milliseconds it went on after its last line. */
    readonly lingered: number
}

export type ProgramName = "take-numbers" | "insert-until-killed"

/** Runs a program of this directory on the TypeORM of these tests, and collects what it prints. */
export async function runProgram(
    name: ProgramName,
    args: readonly string[],
    onLine: (line: string, kill: () => void) => void = () => {},
): Promise<Ended> {
    const program = spawn(
        process.execPath,
        [
            "--require",
            "ts-node/register",
            "--require",
            join(__dirname, "../../support/typeorm-version.ts"),
            join(__dirname, `${name}.ts`),
            ...args,
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
    )
    const lines: string[] = []
    let printed = Date.now()
    createInterface(program.stdout).on("line", (line) => {
        lines.push(line)
        printed = Date.now()
        onLine(line, () => program.kill("SIGKILL"))
    })
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
        program.on("close", (...ended) => resolve(ended)),
    )
    return { code, signal, lines, lingered: Date.now() - printed }
}
