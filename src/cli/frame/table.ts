import type TableOf from "cli-table3"

/** @internal */
export type Row = readonly (string | number | null)[]

const NO_BORDERS = Object.fromEntries(
    [
        ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
        ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
    ].map((name) => [name, name === "middle" ? "  " : ""]),
)

/** @internal A table; where the lines would be too long, each of its rows as a list. */
export function toTable(
    head: readonly string[],
    rows: readonly Row[],
    width: number | undefined,
    indent: string,
): string {
    // oxlint-disable-next-line typescript/no-require-imports -- it is loaded where there is a table
    const Table = require("cli-table3") as typeof TableOf
    const numeric = head.map((_, at) => rows.every((row) => isNumber(row[at] ?? null)))
    const table = new Table({
        head: [...head],
        chars: NO_BORDERS,
        colAligns: numeric.map((is) => (is ? "right" : "left")),
        style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    })
    for (const row of rows) table.push(row.map((cell) => shown(cell)))
    const lines = table
        .toString()
        .split("\n")
        .map((line) => indent + line.trimEnd())
    if (width === undefined || lines.every((line) => lengthOf(line) <= width))
        return lines.join("\n")
    return rows.map((row) => asList(head, row, indent)).join("\n\n")
}

function asList(head: readonly string[], row: Row, indent: string): string {
    const longest = Math.max(...head.map(({ length }) => length))
    return head
        .map((name, at) => `${indent}${name.padEnd(longest)}  ${shown(row[at] ?? null)}`)
        .join("\n")
}

function shown(cell: string | number | null): string {
    return cell === null ? "-" : String(cell)
}

function isNumber(cell: string | number | null): boolean {
    return cell === null || /^-?\d+$/.test(String(cell))
}

/** Letters that take the place of two. */
const WIDE =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/

/** Without what colours it. */
function lengthOf(line: string): number {
    const letters = Array.from(line.replaceAll(/\u001b\[\d+m/g, ""))
    return letters.reduce((length, letter) => length + (WIDE.test(letter) ? 2 : 1), 0)
}
