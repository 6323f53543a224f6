import type { ParseArgsConfig } from "node:util"
import type { DataSource } from "typeorm"
import type { Printer } from "./printer"

/** @internal The exit status of a command: fine, findings, wrong usage, not to be told. */
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
    /** What stands behind its name. */
    readonly synopsis: string
    /** What it does, and its own options; those that all have are shown behind. */
    readonly help: string
    readonly options: Options
    /** How many arguments it takes. */
    readonly positionals: readonly [least: number, most: number]
    /** Whether it has a table. */
    readonly hasTable?: boolean
    /** Whether it changes the database. */
    readonly writes?: boolean
    /** What is said when it is interrupted, where that may leave something half-done. */
    readonly interrupted?: string
    /** Refuses what can be told before the database is looked at. */
    check?(values: Values, positionals: readonly string[]): void
}

/** @internal A command that looks at a database, or needs none. */
export type Command = Described &
    (
        | { run(given: Given): Promise<ExitStatus> }
        | { runAlone(given: GivenAlone): Promise<ExitStatus> }
    )

/** @internal A value of an option that is a text. */
export function textOf(values: Values, name: string): string | undefined {
    const value = values[name]
    return typeof value === "string" ? value : undefined
}

/** @internal Those of an option that may be given several times. */
export function textsOf(values: Values, name: string): string[] {
    const value = values[name]
    return Array.isArray(value) ? value.map(String) : []
}
