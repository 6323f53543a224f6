import { diagnose } from "../../schema/doctor/diagnose"
import { DATA_SOURCE } from "../../schema/doctor/installation"
import type { Diagnosis, DiagnosisLine } from "../../schema/doctor/types"
import { type Command, textOf } from "../frame/command"
import type { Printer } from "../frame/printer"
import { withProgress } from "../frame/run-command"
import { showTime } from "../frame/show"

const MARKS = {
    ok: ["green", "✓"],
    warning: ["yellow", "!"],
    problem: ["red", "✗"],
} as const

/** @internal */
export const doctor: Command = {
    name: "doctor",
    synopsis: "[options]",
    help: `Finds problems of the data source and its database, and shows the command that fixes each: what is not installed,
counters behind their rows, pending migrations, versions, rights, settings of the server and of a cluster. It writes
nothing. ✓ is fine, ! is worth a look, ✗ is a problem: the command then exits with 1.

      --no-counters           don't compare counters with their rows, which reads all of these rows`,
    options: { "no-counters": { type: "boolean" } },
    positionals: [0, 0],
    async run({ dataSource, values, print, signal }) {
        const found = await withProgress(print, (onProgress) =>
            diagnose(dataSource, {
                counters: values["no-counters"] !== true,
                onProgress,
                signal,
            }),
        )
        const diagnosis = {
            ...found,
            lines: found.lines.map(withFile(textOf(values, "dataSource"))),
        }
        print.json(diagnosis)
        if (print.isForPeople) show(print, diagnosis)
        return diagnosis.problems > 0 ? 1 : 0
    },
}

/** The commands of remedies, as they can be run. */
function withFile(file = DATA_SOURCE): (line: DiagnosisLine) => DiagnosisLine {
    const quoted = /^[\w@%+=:,./-]+$/.test(file) ? file : JSON.stringify(file)
    return (line) => ({ ...line, remedy: line.remedy?.replace(DATA_SOURCE, () => quoted) ?? null })
}

function show(print: Printer, { database, at, lines, problems, warnings }: Diagnosis): void {
    print.line(`${database.name} (${database.type} ${database.version}), ${showTime(at) ?? ""}`)
    print.line()
    const longest = Math.max(...lines.map(({ check }) => check.length))
    const { width } = print.options
    for (const [place, { check, status, text, remedy }] of lines.entries()) {
        const [color, mark] = MARKS[status]
        const head = `${print.style(color, mark)} ${check.padEnd(longest)}  `
        const indent = " ".repeat(longest + 4)
        const [first = "", ...more] = wrapped(text, (width ?? 100) - indent.length)
        print.line(`${head}${first}`)
        for (const line of more) print.line(`${indent}${line}`)
        // It is there to be copied, so it is not broken; once, where it is that of several lines.
        if (remedy !== null && remedy !== lines[place + 1]?.remedy)
            print.line(`${indent}${print.style("bold", remedy)}`)
    }
    print.line()
    const found = [counted(problems, "problem"), counted(warnings, "warning")].filter(Boolean)
    print.line(
        problems > 0
            ? print.style("red", `${found.join(", ")}.`)
            : print.style("green", ["Nothing is wrong", ...found].join(", ") + "."),
    )
}

function counted(number: number, noun: string): string {
    return number === 0 ? "" : `${number} ${noun}${number === 1 ? "" : "s"}`
}

/** Lines of whole words. */
function wrapped(text: string, width: number): string[] {
    const lines: string[] = []
    for (const word of text.split(/\s+/)) {
        const last = lines.at(-1)
        if (last === undefined || `${last} ${word}`.length > Math.max(width, 30)) lines.push(word)
        else lines[lines.length - 1] = `${last} ${word}`
    }
    return lines
}
