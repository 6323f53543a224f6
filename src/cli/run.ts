import { didYouMean } from "./arguments"
import { COMMANDS } from "./commands"
import type { ExitStatus } from "./frame/command"
import { runCommand } from "./frame/run-command"
import type { Output } from "./output"
import { versions } from "../typeorm/version/own-version"
import { USAGE } from "./usage"

/** @internal Runs the command that the arguments name; never rejects. */
export async function run(args: readonly string[], output: Output): Promise<ExitStatus> {
    const [name, ...others] = args
    const own = COMMANDS.find((command) => command.name === name)
    if (own) return runCommand(own, others, output)
    if (args.some((arg) => arg === "--help" || arg === "-h")) {
        output.out(USAGE)
        return 0
    }
    if (args.some((arg) => arg === "--version" || arg === "-v")) {
        output.out(versions().library)
        return 0
    }
    output.err(
        name === undefined
            ? `No command given.\n\n${USAGE}`
            : `There is no command "${name}".${didYouMean(name, namesOfCommands)} --help lists them.`,
    )
    return 2
}

const namesOfCommands = COMMANDS.map((command) => command.name)
