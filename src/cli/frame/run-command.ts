import { parseArgs, type ParseArgsConfig } from "node:util"
import { didYouMean, UsageError } from "../arguments"
import type { Output } from "../output"
import { versions } from "../../typeorm/version/own-version"
import type { Command, ExitStatus, Values } from "./command"
import { messageOf, openDataSource } from "./open-data-source"
import { Printer } from "./printer"
import { Progress } from "./progress"

const COMMON = {
    dataSource: { type: "string", short: "d" },
    json: { type: "boolean" },
    "no-color": { type: "boolean" },
    quiet: { type: "boolean", short: "q" },
    timeout: { type: "string" },
    verbose: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
} as const satisfies ParseArgsConfig["options"]

const COMMON_HELP = `  -d, --dataSource <file>     the file that exports the DataSource, in TypeScript or JavaScript;
                              <file>#<name> if it exports several
      --json                  print the result as JSON
__CSV__  -q, --quiet                 print nothing; only the exit status tells the result
      --no-color              print without colours
__DRY__      --timeout <seconds>     how long to wait for the server; default: 10
      --verbose               print the stack of an error
  -h, --help                  print this`

const CSV_HELP = "      --csv                   print the result as CSV\n"
const DRY_HELP = "      --dry-run               change nothing, and show what would be changed\n"

const STATUS_HELP =
    "Exits with 0 if everything is fine, 1 if something was found, 2 for wrong arguments, and 3 if the data\n" +
    "source can't be loaded, the server can't be reached, or the database refuses to answer."

function helpOf(command: Command): string {
    const { help, hasTable, writes } = command
    const common = COMMON_HELP.replace("__CSV__", hasTable ? CSV_HELP : "").replace(
        "__DRY__",
        writes ? DRY_HELP : "",
    )
    return `${usageOf(command)}\n\n${help}\n${common}\n\n${STATUS_HELP}`
}

function usageOf(command: Command): string {
    const { name, synopsis } = command
    const source = "run" in command ? " -d <data source>" : ""
    return `Usage: typeorm-autosequence ${name}${source} ${synopsis}`.trimEnd()
}

/** @internal Runs a command on the arguments behind its name; never rejects. */
export async function runCommand(
    command: Command,
    args: readonly string[],
    output: Output,
): Promise<ExitStatus> {
    try {
        return await run(command, args, output)
    } catch (error) {
        if (error instanceof UsageError) {
            output.err(`${error.message}\n${usageOf(command)}. --help shows more.`)
            return 2
        }
        output.err(args.includes("--verbose") ? stackOf(error) : messageOf(error))
        return 3
    }
}

async function run(command: Command, args: readonly string[], output: Output): Promise<ExitStatus> {
    const { values, positionals } = parse(command, args)
    if (values.help) {
        output.out(helpOf(command))
        return 0
    }
    if (values.version) {
        output.out(versions().library)
        return 0
    }
    const [least, most] = command.positionals
    if (positionals.length > most)
        throw new UsageError(`Too many arguments: ${positionals.slice(most).join(", ")}.`)
    if ("run" in command && typeof values.dataSource !== "string")
        throw new UsageError("No data source given. Name its file with -d.")
    if (positionals.length < least)
        throw new UsageError(`${command.name} needs ${command.synopsis.split(" [")[0] ?? ""}.`)
    if (values.json && values.csv) throw new UsageError("Give --json or --csv, not both.")
    const timeout = values.timeout === undefined ? undefined : Number(values.timeout)
    if (timeout !== undefined && !(timeout > 0))
        throw new UsageError(`--timeout is "${String(values.timeout)}". Give a number of seconds.`)
    command.check?.(values, positionals)
    const print = new Printer(output, printOptions(values))

    const interruption = new AbortController()
    const interrupt = () => {
        interruption.abort(new Error("interrupted"))
    }
    process.on("SIGINT", interrupt).on("SIGTERM", interrupt)
    const ended = new Promise<130>((resolve) => {
        interruption.signal.addEventListener("abort", () => {
            resolve(130)
        })
    })
    try {
        const work = onDataSource(command, values, positionals, print, timeout, interruption.signal)
        // What fails because it was interrupted has nothing to say.
        work.catch(() => {})
        const status = await Promise.race([work, ended])
        if (status === 130) {
            output.err(`Interrupted. ${command.interrupted ?? "Nothing is left half-done."}`)
            // The database rolls back what is open when the connection ends.
            setImmediate(() => process.exit(130))
        }
        return status
    } finally {
        process.off("SIGINT", interrupt).off("SIGTERM", interrupt)
    }
}

async function onDataSource(
    command: Command,
    values: Values,
    positionals: readonly string[],
    print: Printer,
    timeout: number | undefined,
    signal: AbortSignal,
): Promise<ExitStatus> {
    if (!("run" in command)) return command.runAlone({ values, positionals, print, signal })
    const dataSource = await openDataSource(String(values.dataSource), {
        seconds: timeout,
        program: `typeorm-autosequence ${command.name}`,
    })
    try {
        signal.throwIfAborted()
        return await command.run({ dataSource, values, positionals, print, signal })
    } finally {
        await dataSource.destroy().catch(() => {})
    }
}

function parse(
    command: Command,
    args: readonly string[],
): { values: Values; positionals: string[] } {
    const options = {
        ...COMMON,
        ...(command.hasTable && { csv: { type: "boolean" as const } }),
        ...(command.writes && { "dry-run": { type: "boolean" as const } }),
        ...command.options,
    }
    try {
        return parseArgs({ args: [...args], options, allowPositionals: true })
    } catch (error) {
        // The first sentence says what is wrong, the others how to write what is none of the options.
        const [said = ""] = messageOf(error).split(/\. (?=To specify)/)
        const [, unknown] = /^Unknown option '--?([^']+)'/.exec(said) ?? []
        const names = Object.keys(options).map((name) => `--${name}`)
        throw new UsageError(
            unknown === undefined
                ? said
                : `There is no option --${unknown}.${didYouMean(`--${unknown}`, names)}`,
        )
    }
}

function printOptions({ json, csv, quiet, ...values }: Values) {
    const { stdout, stderr, env } = process
    const width = stdout.isTTY ? stdout.columns : Number(env.COLUMNS ?? 0)
    return {
        json: json === true,
        csv: csv === true,
        quiet: quiet === true,
        color: stdout.isTTY && !values["no-color"] && !env.NO_COLOR,
        width: width > 0 ? width : undefined,
        bar: stderr.isTTY && quiet !== true,
    }
}

function stackOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error)
    const cause = error.cause === undefined ? "" : `\nCause: ${stackOf(error.cause)}`
    return `${error.stack ?? messageOf(error)}${cause}`
}

/** @internal Shows how far work has come, until it is done. */
export async function withProgress<T>(
    { options }: Printer,
    work: (tell: Progress["tell"]) => Promise<T>,
    unit = "series",
): Promise<T> {
    const progress = new Progress(options.bar, unit)
    try {
        return await work(progress.tell)
    } finally {
        progress.end()
    }
}
