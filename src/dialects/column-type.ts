import { type ColumnMetadata, columnType } from "../typeorm/names"

/** @internal How the database compares and stores the values of a column type. */
export interface ColumnType {
    /** The texts that mean the same to the column as to everybody; all of them where there is none. */
    readonly takes?: (text: string, column: ColumnMetadata) => boolean
    /** A text as the column would show it again; undefined where only the database knows. */
    readonly canonical?: (text: string, column: ColumnMetadata) => string | undefined
    /** {@link Dialect.isCollated}. */
    readonly collated?: (text: string, column: ColumnMetadata) => boolean
    /** {@link Dialect.keyText}; undefined for types that make no key. */
    readonly key?: (sql: string, column: ColumnMetadata) => string
}

/** @internal The types of a dialect by their names. */
export type ColumnTypes = Readonly<Partial<Record<string, ColumnType>>>

/** @internal What a dialect says of columns, out of its types. */
export function textsOf(types: ColumnTypes) {
    const typeOf = (column: ColumnMetadata) => types[columnType(column)]
    return {
        canonicalText: (column: ColumnMetadata, text: string): string | undefined =>
            typeOf(column)?.canonical?.(text, column),
        isCollated: (column: ColumnMetadata, text: string): boolean =>
            typeOf(column)?.collated?.(text, column) ?? false,
        keyText: (column: ColumnMetadata, sql: string): string | undefined =>
            typeOf(column)?.key?.(sql, column),
        /** What the driver sends, in the form of the column where that is known. */
        takenText(column: ColumnMetadata, text: string | undefined): string | undefined {
            const type = typeOf(column)
            if (text === undefined || type?.takes?.(text, column) === false) return undefined
            return type?.canonical?.(text, column) ?? text
        },
    }
}

/** @internal Text as it gets to the database: half a surrogate pair becomes U+FFFD on its way. */
export function wellFormed(text: string): string {
    return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text
}

/** @internal The text of a value that all drivers send in the same way; undefined for lists and objects. */
export function plainText(value: unknown): string | undefined {
    if (typeof value === "string") return wellFormed(value)
    return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
        ? String(value)
        : undefined
}

/** @internal */
export function isInteger(text: string): boolean {
    return /^-?\d+$/.test(text)
}

/** @internal */
export function canonicalInteger(text: string): string | undefined {
    return isInteger(text) ? String(BigInt(text)) : undefined
}

/** @internal Of a day that there is. */
export function canonicalDate(text: string): string | undefined {
    const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
    const isDay = day && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
    return isDay ? text : undefined
}

/** @internal TypeORM makes such a text of an invalid date. */
export function isDate(text: string): boolean {
    return !text.includes("NaN")
}

/** @internal Whatever hyphens and braces it has: the databases take them in many places. */
export function isUuid(text: string): boolean {
    return /^[\da-f]{32}$/i.test(digitsOf(text))
}

/** @internal */
export function canonicalUuid(text: string): string | undefined {
    if (!isUuid(text)) return undefined
    return digitsOf(text)
        .toLowerCase()
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

function digitsOf(uuid: string): string {
    return uuid.replace(/[-{}]/g, "")
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
