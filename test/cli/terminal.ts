import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { once } from "node:events"

const SCRIPT = "/usr/bin/script"

/** Whether this machine can give a program a terminal. */
export const hasTerminal = existsSync(SCRIPT)

/** A program that runs in a terminal, as a person sees it. */
export class Terminal {
    private readonly child: ChildProcess
    private readonly ended: Promise<unknown>
    private seen = ""

    constructor(directory: string, command: string, columns: number) {
        // -f hands on what is written at once, -e the status.
        const args = ["-qefc", `stty cols ${columns}; exec ${command}`, "/dev/null"]
        const env = { ...process.env, NODE_OPTIONS: "", TERM: "xterm" }
        this.child = spawn(SCRIPT, args, { cwd: directory, env })
        this.ended = once(this.child, "close")
        this.child.stdout?.on("data", (chunk: Buffer) => {
            this.seen += String(chunk)
            this.child.emit("seen")
        })
    }

    get text(): string {
        return this.seen
    }

    /** Resolves when the terminal has shown it. */
    async shows(expected: RegExp): Promise<void> {
        while (!expected.test(this.seen)) {
            if (this.child.exitCode !== null)
                throw new Error(`It has ended, and has shown: ${this.seen}`)
            await Promise.race([once(this.child, "seen"), this.ended])
        }
    }

    press(key: string): void {
        this.child.stdin?.write(key)
    }

    async end(): Promise<number | null> {
        await this.ended
        return this.child.exitCode
    }
}
