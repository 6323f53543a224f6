import type { ColumnMetadata } from "../../typeorm/names"

/** @internal What an event tells of a row: its primary key, as the driver sends or reads it, bytes as hexadecimal digits. */
export function rowDetails(
    columns: readonly ColumnMetadata[],
    valueOf: (column: ColumnMetadata, at: number) => unknown,
): { readonly row: object } {
    const texts = columns.map((column, at) => [column.propertyPath, text(valueOf(column, at))])
    return { row: Object.fromEntries(texts) as object }
}

function text(value: unknown): string {
    return value instanceof Uint8Array
        ? Buffer.from(value).toString("hex").toUpperCase()
        : String(value)
}
