import { styleText } from "node:util"
import type { Output } from "../output"
import { toCsv } from "./csv"
import { type Row, toTable } from "./table"

type Style = "red" | "yellow" | "green" | "bold" | "dim"

/** @internal How results are wanted. */
export interface PrintOptions {
    readonly json: boolean
    readonly csv: boolean
    readonly quiet: boolean
    readonly color: boolean
    /** How many characters a line has; undefined where nobody counts them. */
    readonly width: number | undefined
    /** Whether somebody sees a progress bar. */
    readonly bar: boolean
}

/** @internal Prints results as they are wanted: for people, for programs, or not at all. */
export class Printer {
    constructor(
        private readonly output: Output,
        readonly options: PrintOptions,
    ) {}

    /** Whether the result is for people. */
    get isForPeople(): boolean {
        return !this.options.json && !this.options.csv && !this.options.quiet
    }

    /** Prints the whole result, where it is wanted as JSON. */
    json(value: unknown): void {
        if (this.options.json) this.output.out(JSON.stringify(value, undefined, 2))
    }

    /** The same as CSV. */
    csv(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): void {
        if (this.options.csv) this.output.out(toCsv(head, rows))
    }

    line(text = ""): void {
        if (this.isForPeople) this.output.out(text)
    }

    table(head: readonly string[], rows: readonly Row[], indent = ""): void {
        if (this.isForPeople) this.output.out(toTable(head, rows, this.options.width, indent))
    }

    /** What is for people, whatever the result is. */
    note(text: string): void {
        if (!this.options.quiet) this.output.err(text)
    }

    style(style: Style, text: string): string {
        return this.options.color ? styleText(style, text, { validateStream: false }) : text
    }
}
