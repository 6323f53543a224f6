type Cell = string | number | null

/** @internal As RFC 4180 has it, without the last end of line. */
export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
    return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")
}

function cell(value: Cell): string {
    if (value === null) return ""
    const text = typeof value === "number" ? String(value) : harmless(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet takes such a text for a formula, and would run what a customer has written into a name. */
function harmless(text: string): string {
    return /^[=+@\t\r]|^-(?!\d+$)/.test(text) ? `'${text}` : text
}
