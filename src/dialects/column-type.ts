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

/** @internal A kind of types; those of one kind hold the same values, if there is room. */
export type TypeKind = "integer" | "decimal" | "text" | "uuid"

const KINDS: Readonly<Record<TypeKind, RegExp>> = {
    integer: /^(tiny|small|medium|big)?int(eger)?$/i,
    decimal: /^(numeric|decimal|real|float|double( precision)?)$/i,
    text: /^(n?(var)?char|character( varying)?|(tiny|medium|long)?text|citext)$/i,
    uuid: /^uuid$/i,
}

/** @internal Undefined for types that are of none. */
export function kindOfType(type: string): TypeKind | undefined {
    return (Object.keys(KINDS) as TypeKind[]).find((kind) => KINDS[kind].test(type))
}
