import { type ColumnMetadata, columnType } from "../typeorm/names"

/** @internal What values of a type of columns are to the database. */
export interface ColumnType {
    /** A text as the column would show it again; undefined where only the database knows. */
    readonly canonical?: (text: string, column: ColumnMetadata) => string | undefined
    /** {@link Dialect.keyText}; undefined for types that make no key. */
    readonly key?: (sql: string) => string
}

/** @internal The types of a dialect by their names. */
export type ColumnTypes = Readonly<Partial<Record<string, ColumnType>>>

/** @internal What a dialect says of columns, out of its types. */
export function textsOf(types: ColumnTypes) {
    return {
        canonicalText: (column: ColumnMetadata, text: string): string | undefined =>
            types[columnType(column)]?.canonical?.(text, column),
        keyText: (column: ColumnMetadata, sql: string): string | undefined =>
            types[columnType(column)]?.key?.(sql),
    }
}

/** @internal */
export function canonicalInteger(text: string): string | undefined {
    return /^-?\d+$/.test(text) ? String(BigInt(text)) : undefined
}

/** @internal */
export function canonicalDate(text: string): string | undefined {
    return /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined
}

/** @internal */
export function asItIs(text: string): string {
    return text
}
