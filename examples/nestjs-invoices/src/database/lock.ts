import { readFileSync, rmSync, writeFileSync } from "node:fs"

/**
 * Keeps the processes of this machine apart that would use one directory: PGlite does not notice the other
 * one, and both would write over what the other has stored. The lock goes with the process, however that
 * ends.
 */
export function lock(directory: string): string {
    const path = `${directory.replace(/[/\\]+$/, "")}.lock`
    for (;;)
        try {
            writeFileSync(path, String(process.pid), { flag: "wx" })
            process.once("exit", () => {
                rmSync(path, { force: true })
            })
            return directory
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
            const holder = Number(readFileSync(path, "utf8"))
            if (holder === process.pid) return directory
            if (isRunning(holder))
                throw new Error(
                    `Process ${holder} uses the directory ${directory}. Stop it, or set PGLITE_DIRECTORY to ` +
                        `another one. If it is no process of this application, delete ${path}.`,
                )
            rmSync(path, { force: true })
        }
}

function isRunning(pid: number): boolean {
    try {
        return process.kill(pid, 0)
    } catch (error) {
        // It is there, and somebody else's.
        return (error as NodeJS.ErrnoException).code === "EPERM"
    }
}
