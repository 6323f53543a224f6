import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** Runs the program that kills itself, and collects what it prints before. */
export async function runUntilKilled(
    args: readonly string[],
): Promise<{ signal: NodeJS.Signals | null; lines: string[] }> {
    const program = spawn(
        process.execPath,
        [
            "--require",
            "ts-node/register",
            "--require",
            join(__dirname, "../../support/typeorm-version.ts"),
            join(__dirname, "backfill-until-killed.ts"),
            ...args,
        ],
        {
            stdio: ["ignore", "pipe", "inherit"],
            env: { ...process.env, TS_NODE_TRANSPILE_ONLY: "true" },
        },
    )
    const lines: string[] = []
    createInterface(program.stdout).on("line", (line) => lines.push(line))
    const signal = await new Promise<NodeJS.Signals | null>((resolve) =>
        program.on("close", (_code, by) => resolve(by)),
    )
    return { signal, lines }
}
