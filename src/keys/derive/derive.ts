import type { ObjectLiteral } from "typeorm"
import { MAX_LENGTH, withPrefix } from "../../declared/key-form"
import { InvalidKeyError } from "../../errors"
import type { StoredKey } from "../pseudo-key"
import { hasRelated } from "./related-rows"
import { RowView, type Unknown } from "./row-view"
import { slugOf } from "./slug"

/** Room for `-10000` behind a key that is taken. */
const SUFFIX_LENGTH = 6

/** @internal The key that `derive` makes, prefix included; empty where nothing is left for one. */
export function derive(key: StoredKey, view: RowView): string {
    const made = call(key, view)
    if (typeof made !== "string")
        throw new InvalidKeyError(
            `derive of ${key.name} has to return a text, and returned a value of type ${typeof made}.`,
        )
    const longest = MAX_LENGTH - SUFFIX_LENGTH - withPrefix(key.prefix, "").length
    const slug = slugOf(made, longest)
    return slug && withPrefix(key.prefix, slug)
}

function call(key: StoredKey, view: RowView): unknown {
    view.takeUnknown()
    let made: unknown
    let thrown: { cause: unknown } | undefined
    try {
        made = key.derive?.(rowOf(key, view))
    } catch (error) {
        thrown = { cause: error }
    }
    // Whatever it has made of that is wrong.
    const [unknown] = view.takeUnknown()
    if (unknown !== undefined) throw readsUnknown(key, unknown, thrown)
    if (thrown)
        throw new InvalidKeyError(
            `derive of ${key.name} has thrown an error. It has to make a key of every row; the ` +
                "relations that it reads have to be named in relations, or be there.",
            thrown,
        )
    return made
}

function readsUnknown(
    { name, isAfterInsert }: StoredKey,
    { path, relation }: Unknown,
    options?: { cause: unknown },
): InvalidKeyError {
    if (relation !== undefined)
        return new InvalidKeyError(
            `derive of ${name} reads ${relation}.${path}, which is not there. Declare the key with ` +
                `relations: ["${relation}"].`,
            options,
        )
    return new InvalidKeyError(
        `derive of ${name} reads ${path}, which ` +
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
    if (!hasRelated(entity, key.metadata, key.relations)) return undefined
    try {
        return derive(key, viewOfLoaded(key, entity)) || undefined
    } catch {
        // A row without a key is shown without one, rather than not at all.
        return undefined
    }
}

/** @internal A row that was loaded, maybe without some of its columns. */
export function viewOfLoaded({ metadata, column: own }: StoredKey, entity: ObjectLiteral): RowView {
    const view = new RowView(entity, metadata)
    for (const column of metadata.columns)
        if (!column.isVirtual && (column === own || view.valueOf(column) === undefined))
            view.setUnknown(column)
    view.setUnknownRelated()
    return view
}
