import { parseArgs } from "node:util"

/** @internal The command line is wrong; the message says where. */
export class UsageError extends Error {}

/** @internal What `migration:generate` is asked to do. */
export interface MigrationGenerate {
    readonly name: "migration:generate"
    readonly dataSource: string
    readonly path?: string
    readonly orderBy: Readonly<Record<string, string[]>>
    readonly rename: Readonly<Record<string, string | null>>
    readonly renumber: boolean
    readonly outputJs: boolean
    readonly esm: boolean
    readonly dryRun: boolean
    readonly check: boolean
    readonly timestamp: number
}

/** @internal */
export type Command = MigrationGenerate | { readonly name: "help" } | { readonly name: "version" }

// Named as those of TypeORM's own command.
const OPTIONS = {
    dataSource: { type: "string", short: "d" },
    "order-by": { type: "string", multiple: true },
    rename: { type: "string", multiple: true },
    renumber: { type: "boolean" },
    outputJs: { type: "boolean", short: "o" },
    esm: { type: "boolean" },
    dryrun: { type: "boolean" },
    dr: { type: "boolean" },
    check: { type: "boolean" },
    ch: { type: "boolean" },
    timestamp: { type: "string", short: "t" },
    verbose: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
} as const

/** @internal Reads a command line, or throws {@link UsageError}. */
export function parseCommand(args: readonly string[]): Command {
    const { values, positionals } = parse(args)
    if (values.help) return { name: "help" }
    if (values.version) return { name: "version" }

    const [command, path, ...more] = positionals
    if (command === undefined) throw new UsageError("There is no command.")
    if (command !== "migration:generate")
        throw new UsageError(`There is no command "${command}". It is migration:generate.`)
    if (more.length > 0)
        throw new UsageError(`There is more than one path: ${[path, ...more].join(", ")}.`)
    const isPrinted = values.dryrun ?? values.dr ?? false
    const isChecked = values.check ?? values.ch ?? false
    if (values.dataSource === undefined)
        throw new UsageError("There is no data source. Name its file by -d.")
    if (path === undefined && !isChecked)
        throw new UsageError("There is no path. Say where the migration is to be, path/to/Name.")
    return {
        name: command,
        dataSource: values.dataSource,
        path,
        orderBy: parseOrder(values["order-by"] ?? []),
        rename: Object.fromEntries((values.rename ?? []).map(parseRename)),
        renumber: values.renumber ?? false,
        outputJs: values.outputJs ?? false,
        esm: values.esm ?? false,
        dryRun: isPrinted,
        check: isChecked,
        timestamp: parseTimestamp(values.timestamp),
    }
}

function parse(args: readonly string[]) {
    try {
        return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    } catch (error) {
        throw new UsageError(error instanceof Error ? error.message : String(error))
    }
}

function parseOrder(given: readonly string[]): Record<string, string[]> {
    const order: Record<string, string[]> = {}
    for (const text of given) {
        const [, entity, property] = /^([^.]+)\.(.+)$/.exec(text) ?? []
        if (entity === undefined || property === undefined)
            throw new UsageError(`--order-by is "${text}", give <entity>.<property>.`)
        const properties = (order[entity] ??= [])
        properties.push(property)
    }
    return order
}

function parseRename(text: string): [string, string | null] {
    const [, from, to] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (from === undefined || to === undefined)
        throw new UsageError(`--rename is "${text}", give <former name>=<name>.`)
    return [from, to === "" ? null : to]
}

function parseTimestamp(text: string | undefined): number {
    if (text === undefined) return Date.now()
    if (!/^\d{13}$/.test(text))
        throw new UsageError(`--timestamp is "${text}", give milliseconds since 1970.`)
    return Number(text)
}
