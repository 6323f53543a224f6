import type { ObjectLiteral } from "typeorm"
import { InvalidKeyError } from "../../errors"
import { ownSeriesOf } from "../../series/own-series"
import type { StoredKey } from "../pseudo-key"
import { storedKeysOf } from "../resolve-keys"
import { hasPrimaryKey } from "../../inserts/primary-key"
import { hasRelated } from "./related-rows"
import { RowView, type Unknown } from "./row-view"
import { matches } from "../free/candidates"
import { cutAtWord } from "../slug/cut"
import { slugOf } from "../slug/slugify"

/** @internal What `derive` has made. */
export interface Derived {
    /** The keys that it may be, in their order, prefix included; none where nothing is left for one. */
    readonly texts: readonly string[]
    /** Whether no other row can have the right to it, so that one with a suffix would be wrong. */
    readonly isExact: boolean
}

/** @internal What `derive` makes of a row; undefined as long as that has not got its number. */
export function derive(key: StoredKey, view: RowView): Derived | undefined {
    for (const { column } of ownSeriesOf(key.metadata)) view.watch(column)
    const { made, numbers } = call(key, view)
    if (numbers.includes(null)) {
        if (key.column.isNullable) return undefined
        throw new InvalidKeyError(
            `derive of ${key.label} reads a number that is NULL in this row. Declare the key with ` +
                "nullable: true, to be made when the number is there, or give the row a number.",
        )
    }
    if (made === null) {
        if (key.column.isNullable) return undefined
        throw new InvalidKeyError(
            `derive of ${key.label} has returned null, and the column can't be NULL. Return a text, or declare ` +
                "the key with nullable: true.",
        )
    }
    const all: readonly unknown[] = Array.isArray(made) ? made : [made]
    const wrong = all.find((one) => typeof one !== "string")
    if (wrong !== undefined || all.includes(undefined))
        throw new InvalidKeyError(
            `derive of ${key.label} has to return a text, or a list of texts, and returned a value of type ${typeof wrong}.`,
        )
    const isNumbered = numbers.length > 0
    const letterCase = key.slug.case ?? (isNumbered ? "keep" : "lower")
    const slugs = (all as string[]).map((text) => slugOf(text, { ...key.slug, case: letterCase }))
    const texts = slugs.flatMap((slug) => {
        const cut = cutAtWord(slug, key.longest - key.head.length, key.separator)
        return cut ? key.head + cut : []
    })
    if (texts.some((text) => !matches(key, text)))
        throw new InvalidKeyError(
            `derive of ${key.label} has made a key that does not match the pattern.`,
        )
    return {
        texts: [...new Set(texts)],
        isExact: key.suffix === undefined ? isNumbered : key.suffix === false,
    }
}

/** What it has returned, and the numbers of the row that it has read. */
function call(key: StoredKey, view: RowView): { made: unknown; numbers: unknown[] } {
    view.takeRead()
    let made: unknown
    let thrown: { cause: unknown } | undefined
    try {
        made = key.derive?.(rowOf(key, view))
    } catch (error) {
        thrown = { cause: error }
    }
    // Whatever it has made of that is wrong.
    const { unknown, told } = view.takeRead()
    const numbers = [...told.values()].map((number) => number ?? null)
    if (unknown[0]) throw readsUnknown(key, unknown[0], thrown)
    if (thrown && !numbers.includes(null))
        throw new InvalidKeyError(
            `derive of ${key.label} has thrown an error. It has to make a key of every row; the ` +
                "relations that it reads have to be named in relations, or be there.",
            thrown,
        )
    return { made, numbers }
}

function readsUnknown(
    { label, isAfterInsert }: StoredKey,
    { path, relation }: Unknown,
    options?: { cause: unknown },
): InvalidKeyError {
    if (relation !== undefined)
        return new InvalidKeyError(
            `derive of ${label} reads ${relation}.${path}, which is not there. Declare the key with ` +
                `relations: ["${relation}"].`,
            options,
        )
    return new InvalidKeyError(
        `derive of ${label} reads ${path}, which ` +
            (isAfterInsert
                ? "is not there after the INSERT either. Declare a key that it is made of before it."
                : 'only the INSERT gives. Declare it with after: "insert".'),
        options,
    )
}

/** A key in an embedded entity is made of that. */
function rowOf({ column: { embeddedMetadata } }: StoredKey, { object }: RowView): object {
    let row: unknown = object
    for (const { propertyName } of embeddedMetadata?.embeddedMetadataTree ?? [])
        row = (row as ObjectLiteral | null | undefined)?.[propertyName]
    return typeof row === "object" && row !== null ? row : {}
}

/**
 * What `derive` gives for a row as it was loaded; undefined where it would take more than that.
 * @internal
 */
export function deriveShown(key: StoredKey, entity: ObjectLiteral): string | undefined {
    const { metadata, relations } = key
    if (!hasPrimaryKey(metadata, entity) || !hasRelated(entity, metadata, relations))
        return undefined
    try {
        const texts = derive(key, viewOfLoaded(key, entity))?.texts
        return texts?.find((text) => !key.isReserved(text))
    } catch {
        // A row without a key is shown without one, rather than not at all.
        return undefined
    }
}

/** @internal A row that was loaded, maybe without some of its columns. */
export function viewOfLoaded({ metadata, column: own }: StoredKey, entity: ObjectLiteral): RowView {
    const view = new RowView(entity, metadata)
    const keys = storedKeysOf(metadata).map(({ column }) => column)
    for (const column of metadata.columns) {
        if (column.isVirtual) continue
        const value = view.valueOf(column)
        if (column === own || value === undefined || (value === null && keys.includes(column)))
            view.setUnknown(column)
    }
    view.setUnknownRelated()
    return view
}
