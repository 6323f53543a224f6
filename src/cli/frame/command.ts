import type { ParseArgsConfig } from "node:util"
import type { DataSource } from "typeorm"
import type { Printer } from "./printer"

/** @internal The exit status of a command: fine, findings, wrong arguments, no answer, interrupted. */
export type ExitStatus = 0 | 1 | 2 | 3 | 130

type Options = NonNullable<ParseArgsConfig["options"]>

/** @internal The values of options, by their names. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** @internal What a command is given. */
export interface Given {
    readonly dataSource: DataSource
    readonly values: Values
    readonly positionals: readonly string[]
    readonly print: Printer
    /** Is aborted when the command is interrupted. */
    readonly signal: AbortSignal
}

/** @internal What a command without a data source is given. */
export type GivenAlone = Omit<Given, "dataSource">

interface Described {
    readonly name: string
    /** The arguments after its name. */
    readonly synopsis: string
    /** What it does, and its own options. The common options are added. */
    readonly help: string
    readonly options: Options
    /** How many arguments it takes. */
    readonly positionals: readonly [least: number, most: number]
    /** Whether its result is a table, so that there is `--csv`. */
    readonly hasTable?: boolean
    /** Whether it changes the database, so that there is `--dry-run`. */
    readonly writes?: boolean
    /** What an interruption leaves half-done. */
    readonly interrupted?: string
    /** Refuses wrong arguments before the data source is opened. */
    check?(values: Values, positionals: readonly string[]): void
}

/** @internal A command that works on a data source, or needs none. */
export type Command = Described &
    (
        | { run(given: Given): Promise<ExitStatus> }
        | { runAlone(given: GivenAlone): Promise<ExitStatus> }
    )

/** @internal The value of an option that is a string. */
export function textOf(values: Values, name: string): string | undefined {
    const value = values[name]
    return typeof value === "string" ? value : undefined
}

/** @internal The values of an option that may be repeated. */
export function textsOf(values: Values, name: string): string[] {
    const value = values[name]
    return Array.isArray(value) ? value.map(String) : []
}
