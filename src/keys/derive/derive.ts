import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { isMadeByDatabase } from "../../series/scope"
import { InvalidKeyError } from "../../errors"
import { triggeredSeriesOf } from "../../series/own-series"
import type { ColumnMetadata } from "../../typeorm/names"
import { MAX_LENGTH, withPrefix } from "../../declared/key-form"
import { KeyedRow } from "../insert/keyed-row"
import type { StoredKey } from "../pseudo-key"
import type { Place, RelatedRows } from "./related-rows"
import { storedKeysOf } from "../resolve-keys"
import { slugOf } from "./slug"

type RelationMetadata = EntityMetadata["relations"][number]

/** Room for `-10000` behind a key that is taken. */
const SUFFIX_LENGTH = 6

/** @internal What came of a call of `derive`. */
export type Derived =
    /** The key, prefix included; empty where nothing was left for it. */
    | { readonly text: string }
    /** It has read a row that has to be loaded. */
    | { readonly missing: Place }
    /** It has read what only the INSERT gives. */
    | "after insert"

/** Thrown through the caller's function. */
class Missing extends Error {
    constructor(readonly place: Place) {
        super()
    }
}
class AfterInsert extends Error {}

/**
 * Calls `derive` with a view of a row that notices what is not there yet.
 * @internal
 */
export function derive(
    key: StoredKey,
    row: { readonly entity: ObjectLiteral; readonly metadata: EntityMetadata; isStored: boolean },
    related: RelatedRows,
): Derived {
    const { entity, metadata } = row
    const { embeddedMetadata } = key.column
    const id = row.isStored ? metadata.getEntityIdMap(entity) : undefined
    try {
        const made: unknown = key.derive?.(
            embeddedMetadata
                ? (embeddedIn(entity, embeddedMetadata.propertyPath) ?? {})
                : view(entity, metadata, id && { metadata, id, path: "" }, related),
        )
        if (typeof made !== "string")
            throw new InvalidKeyError(
                `derive of ${key.name} has to return a text, and returned a value of type ${typeof made}.`,
            )
        const longest = MAX_LENGTH - SUFFIX_LENGTH - withPrefix(key.prefix, "").length
        const slug = slugOf(made, longest)
        return { text: slug && withPrefix(key.prefix, slug) }
    } catch (error) {
        if (error instanceof Missing) return { missing: error.place }
        if (error instanceof AfterInsert) return "after insert"
        if (error instanceof InvalidKeyError) throw error
        throw new InvalidKeyError(
            `derive of ${key.name} has thrown an error. It has to make a key of every row.`,
            { cause: error },
        )
    }
}

function embeddedIn(entity: ObjectLiteral, path: string): object | undefined {
    let value: unknown = entity
    for (const name of path.split("."))
        value = (value as Record<string, unknown> | null | undefined)?.[name]
    return typeof value === "object" && value !== null ? value : undefined
}

/** A row whose missing properties are looked for at its place, if it has one. */
function view(
    entity: object,
    metadata: EntityMetadata,
    place: Place | undefined,
    related: RelatedRows,
): object {
    return new Proxy(entity, {
        get(target, name, receiver) {
            if (typeof name === "symbol") return Reflect.get(target, name, receiver) as unknown
            const relation = metadata.relations.find((r) => r.propertyPath === name)
            return relation
                ? relatedTo(target, relation, place, related)
                : valueOf(target, name, metadata, place, related, receiver)
        },
    })
}

function valueOf(
    target: object,
    name: string,
    metadata: EntityMetadata,
    place: Place | undefined,
    related: RelatedRows,
    receiver: unknown,
): unknown {
    const value: unknown = Reflect.get(target, name, receiver)
    const column = metadata.columns.find((c) => c.propertyPath === name)
    if (!column) return value
    // What stands there may be from an insert that failed.
    if (KeyedRow.isLate(target, column) || (!place && isCounted(column))) throw new AfterInsert()
    if (value !== undefined && (value !== null || !isNumber(metadata, column))) return value
    if (!place) {
        if (isGivenByInsert(metadata, column)) throw new AfterInsert()
        return value
    }
    const stored = load(place, related)
    return stored === null ? value : (stored as Record<string, unknown>)[name]
}

function relatedTo(
    target: object,
    relation: RelationMetadata,
    place: Place | undefined,
    related: RelatedRows,
): unknown {
    const { propertyName, inverseEntityMetadata: inverse } = relation
    const value: unknown = relation.getEntityValue(target)
    const viewOf = (entity: object, behind?: Place) => {
        const id = inverse.getEntityIdMap(entity)
        return view(entity, inverse, id ? { metadata: inverse, id, path: "" } : behind, related)
    }
    if (relation.isLazy || value === null) return value
    const behind = place && { ...place, path: [place.path, propertyName].filter(Boolean).join(".") }
    if (Array.isArray(value))
        return value.map((one: unknown) =>
            typeof one === "object" && one !== null ? viewOf(one) : one,
        )
    if (typeof value === "object") return viewOf(value, behind)

    const id = foreignKeyOf(target, relation)
    if (id) return view({}, inverse, { metadata: inverse, id, path: "" }, related)
    if (!behind) {
        const parent = related.parentOf(target, relation)
        if (parent) return viewOf(parent)
        // A stored row may bring it along, of which TypeORM says nothing.
        if (relation.isWithJoinColumn && relation.inverseRelation && related.cascades)
            throw new AfterInsert()
        return undefined
    }
    const stored = load(behind, related)
    if (stored === null) return null
    return Array.isArray(stored) ? stored.map((one: object) => viewOf(one)) : viewOf(stored, behind)
}

/** The primary key of a related row, where the row itself was not given. */
function foreignKeyOf(target: object, relation: RelationMetadata): ObjectLiteral | undefined {
    const { joinColumns, inverseEntityMetadata: inverse } = relation
    const id = {}
    for (const column of joinColumns) {
        const value: unknown = column.getEntityValue(target)
        if (value === undefined || value === null || typeof value === "function") return undefined
        column.referencedColumn?.setEntityValue(id, value)
    }
    return inverse.getEntityIdMap(id)
}

function load(place: Place, related: RelatedRows): object | null {
    const stored = related.at(place)
    if (stored === undefined) throw new Missing(place)
    return stored
}

/** Whether the database counts, whatever the entity says. */
function isCounted({ isGenerated, generationStrategy }: ColumnMetadata): boolean {
    return isGenerated && generationStrategy !== "uuid"
}

function isNumber(metadata: EntityMetadata, column: ColumnMetadata): boolean {
    return triggeredSeriesOf(metadata).some((series) => series.column === column)
}

function isGivenByInsert(metadata: EntityMetadata, column: ColumnMetadata): boolean {
    return (
        isMadeByDatabase(column) ||
        (column.default !== undefined && column.default !== null) ||
        isNumber(metadata, column) ||
        storedKeysOf(metadata).some((key) => key.column === column)
    )
}
