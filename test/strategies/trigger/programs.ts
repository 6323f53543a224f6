import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)

/** A program of this machine, of a version that will do. */
export async function findProgram(
    name: string,
    isFit: (major: number) => boolean = () => true,
): Promise<string | undefined> {
    const directories = (process.env.PATH ?? "").split(":")
    // Debian keeps those of each version there.
    for (let major = 13; major <= 30; major += 1)
        directories.push(`/usr/lib/postgresql/${major}/bin`)
    for (const directory of directories) {
        const path = join(directory, name)
        if (!existsSync(path)) continue
        const { stdout } = await execute(path, ["--version"])
        if (isFit(Number(/(\d+)\./.exec(stdout)?.[1]))) return path
    }
    return undefined
}

/** Runs a program, and rejects with what it says where it fails. */
export async function run(
    program: string,
    args: readonly string[],
    env: Record<string, string> = {},
): Promise<void> {
    await execute(program, [...args], { env: { ...process.env, ...env } })
}

/** Skips aloud what this machine can't do: a server brings no program that fits another's. */
export function skipWithout(context: Mocha.Context, what: string): never {
    console.log(`      skipped, no ${what}`)
    return context.skip()
}
