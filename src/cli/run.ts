import { parseCommand, UsageError } from "./arguments"
import { COMMANDS } from "./commands"
import type { ExitStatus } from "./frame/command"
import { runCommand } from "./frame/run-command"
import { runMigrationGenerate } from "./migration-generate"
import type { Output } from "./output"
import { USAGE, version } from "./usage"

/** @internal Runs the command that the arguments name; never rejects. */
export async function run(args: readonly string[], output: Output): Promise<ExitStatus> {
    const own = COMMANDS.find(({ name }) => name === args[0])
    if (own) return runCommand(own, args.slice(1), output)
    const isVerbose = args.includes("--verbose")
    try {
        const command = parseCommand(args)
        switch (command.name) {
            case "help":
                output.out(USAGE)
                return 0
            case "version":
                output.out(version())
                return 0
            case "migration:generate":
                return await runMigrationGenerate(command, output)
        }
    } catch (error) {
        if (error instanceof UsageError) {
            output.err(`${error.message}\n\n${USAGE}`)
            return 2
        }
        output.err(isVerbose ? stackOf(error) : describe(error))
        return 1
    }
}

function describe(error: unknown): string {
    // Where a host has several addresses, the errors of all of them come without a text.
    if (error instanceof AggregateError) return error.errors.map(describe).join("\n")
    return error instanceof Error ? error.message || error.name : String(error)
}

function stackOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error)
    const own = [error.stack ?? describe(error)]
    const several: unknown[] = error instanceof AggregateError ? error.errors : []
    const causes = [...several, error.cause]
    return [...own, ...causes.filter(Boolean).map((cause) => `Cause: ${stackOf(cause)}`)].join("\n")
}
