import { createHash } from "node:crypto"
import { KEY_LENGTH } from "../declared/own-tables"
import { preparedText, scopeWith } from "../series/scopes/scope"
import { keyOf, keysOf } from "../series/scopes/scope-key"
import type { Scope } from "../dialects/columns"
import type { Expressions } from "../dialects/dialect"
import { InvalidOptionError } from "../errors"
import type { SequenceScope } from "./types"
import type { ScopeProperty, Series } from "../series/series"
import { show } from "../declared/show"
import type { Sender } from "../typeorm/statement"

/** @internal The values of a scope, with their names where it is an object. */
export interface SequenceKey {
    readonly names?: readonly string[]
    /** Whether the values are those of the columns that share the series, in their order. */
    readonly isByColumn?: boolean
    readonly values: readonly unknown[]
    readonly texts: readonly (string | null)[]
}

/** @internal Refuses values that are no scope. */
export function sequenceKeyOf(name: string, scope: SequenceScope | undefined): SequenceKey {
    const refuse = (problem: string): never => {
        throw new InvalidOptionError(`Sequence ${show(name)}: ${problem}`)
    }
    if (scope === undefined) return { values: [], texts: [] }
    const isPlain = typeof scope === "object" && scope !== null && !(scope instanceof Date)
    if (!isPlain) refuse(`scope is ${show(scope)}, give a list of values or an object.`)
    const textOf = (value: unknown, place: string): string | null => {
        if (value === null) return null
        const text = textOfValue(value)
        if (text === undefined || isUnstorable(text))
            refuse(
                `scope has ${typeof value === "string" ? "unpaired surrogates or NUL" : show(value)} at ${place}. ` +
                    "Give a string, a safe integer or another finite number, a bigint, a boolean, a date or null.",
            )
        return text as string
    }
    if (Array.isArray(scope)) {
        const values: readonly unknown[] = Array.from(scope as readonly unknown[])
        return { values, texts: values.map((value, at) => textOf(value, String(at))) }
    }
    const entries = Object.entries(scope).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [key] of entries)
        if (isUnstorable(key)) refuse("a name in scope has unpaired surrogates or NUL.")
    return {
        names: entries.map(([key]) => key),
        values: entries.map(([, value]) => value),
        texts: entries.map(([key, value]) => textOf(value, key)),
    }
}

function textOfValue(value: unknown): string | undefined {
    if (typeof value === "number") {
        // Larger integers are not the numbers that were written.
        const isExact = Number.isSafeInteger(value) || !Number.isInteger(value)
        return Number.isFinite(value) && isExact ? String(value) : undefined
    }
    if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean")
        return String(value)
    const isDate = value instanceof Date && !Number.isNaN(value.getTime())
    return isDate ? value.toISOString() : undefined
}

/** Databases refuse these, or keep something else. */
function isUnstorable(text: string): boolean {
    return /\0|\p{Surrogate}/u.test(text)
}

/** @internal The key in the counter table of a sequence that no column shares. */
export function plainKey({ names, texts }: SequenceKey, expressions: Expressions): string {
    if (!names || names.length === 0) return keyOf(texts, expressions)
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    const entries = names.map((name, at) => {
        const text = texts[at]
        return `${quoted(name)}=${typeof text === "string" ? quoted(text) : "NULL"}`
    })
    const prefix = keyOf([], expressions)
    const key = `${prefix}${entries.join(",")}`
    if (!expressions.hash || key.length <= KEY_LENGTH) return key
    return `${prefix.slice(0, -1)}#${createHash("sha256").update(key).digest("hex")}`
}

/** @internal The scope as the columns of a series have it. */
export function columnScope(series: Series, given: SequenceKey): Scope {
    const { values } = given.isByColumn ? given : keyByColumn(series, given)
    return scopeWith(series.scopeColumns.map((column, at) => preparedText(column, values[at])))
}

/** @internal That scope, and its key. */
export async function columnKey(
    runner: Sender,
    series: Series,
    given: SequenceKey,
): Promise<{ key: string; scope: Scope }> {
    const scope = columnScope(series, given)
    const [key = ""] = await keysOf(runner, series, [scope])
    return { key, scope }
}

/**
 * A scope whose values are in the order of the columns. They have to be given by name: two that change
 * places would begin another scope in silence.
 * @internal
 */
export function keyByColumn(
    { name, metadata, column, scope, scopeColumns }: Series,
    { names, values }: Pick<SequenceKey, "names" | "values">,
): SequenceKey {
    const paths = scope.map(({ path }) => path)
    const refuse = (problem: string): never => {
        throw new InvalidOptionError(
            `Sequence ${show(name)} counts with ${metadata.name}.${column.propertyPath}. ${problem}`,
        )
    }
    if (paths.length === 0 && values.length > 0) refuse("That has one scope, so leave scope out.")
    const isOne = !names && values.length === 1 && scopeColumns.length === 1
    if (!names && paths.length > 0 && !isOne)
        refuse(`Give scope as an object: { ${paths.join(", ")} }.`)
    const given = new Map((names ?? paths).map((path, at) => [path, values[at]]))
    const unknown = [...given.keys()].find((path) => !paths.includes(path))
    if (unknown !== undefined)
        refuse(`Its scope is { ${paths.join(", ")} }, without ${show(unknown)}.`)
    const flat = scope.flatMap((property) =>
        columnValues(property, given.get(property.path), (found) =>
            refuse(`Its scope is { ${paths.join(", ")} }, but ${found}.`),
        ),
    )
    return {
        isByColumn: true,
        values: flat.map(({ own }) => own),
        texts: flat.map(({ text }) => text),
    }
}

/**
 * What a property of a scope is for its columns: that of a relation is the row that it leads to, or the key
 * of that.
 * @internal
 */
export function columnValues(
    { path, columns }: ScopeProperty,
    value: unknown,
    refuse: (found: string) => never,
): { readonly own: unknown; readonly text: string | null }[] {
    return columns.map((column) => {
        const { referencedColumn, transformer } = column
        const isEntity = referencedColumn && typeof value === "object" && value !== null
        const own: unknown = isEntity ? referencedColumn.getEntityValue(value) : value
        // Entities have what a transformer makes of the column.
        const isTransformed = transformer !== undefined && own !== undefined
        const text = isTransformed
            ? preparedText(column, own)
            : own === null
              ? null
              : textOfValue(own)
        if (text === undefined || (columns.length > 1 && !isEntity && own !== null))
            refuse(`${show(own)} is not a valid ${path}`)
        return { own, text: text ?? null }
    })
}
