import type { DataSource, EntityMetadata, ObjectLiteral } from "typeorm"
import { type ReferenceProperty, sealedReferences } from "../../declared/keys/sealed-reference"
import { InvalidKeyError, InvalidOptionError } from "../../errors"
import { groupBy } from "../../group-by"
import type { Session } from "../../inserts/session"
import { oncePer } from "../../once-per"
import { lineageOf } from "../../series/own-columns"
import { dataSourceOf } from "../../typeorm/compat"
import { onCreated } from "../../typeorm/created-entities"
import type { ColumnMetadata, RelationMetadata } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import type { SealedKey } from "../pseudo-key"
import { hasPrimaryKey, withPrimaryKey } from "../../inserts/primary-key"
import { readRows } from "../../typeorm/rows/read-rows"
import { sealedKeyIn } from "./seal-key"
import { sealedKeyFor } from "./sealed-ids"

interface Reference {
    readonly propertyName: string
    readonly relation: RelationMetadata
    readonly key: SealedKey
    /** The foreign key, in the order of the columns of the sealed key. */
    readonly columns: readonly ColumnMetadata[]
    readonly accessor: PropertyDescriptor
}

/** Foreign keys of rows, as they are in the table; the entity may have no property that tells them. */
const known = new WeakMap<ObjectLiteral, Map<ColumnMetadata, unknown>>()

/** @internal Lets rows show the sealed keys of those that they are related to. */
export function showReference(metadata: EntityMetadata): void {
    onCreated(metadata, define.bind(undefined, metadata))
}

function define(metadata: EntityMetadata, entity: ObjectLiteral): void {
    for (const { propertyName, accessor } of referencesOf(metadata))
        Object.defineProperty(entity, propertyName, accessor)
}

/** @internal Shows them on a row that was inserted. */
export const defineReferences = define

/** @internal Whether rows of an entity show keys of others. */
export function hasReferences(metadata: EntityMetadata): boolean {
    return referencesOf(metadata).length > 0
}

const referencesOf = oncePer((metadata: EntityMetadata): readonly Reference[] => {
    const dataSource: DataSource = dataSourceOf(metadata)
    return lineageOf(metadata.target)
        .flatMap((target) => sealedReferences.of(target))
        .filter((one) => sealedReferences.find(one.target, one.propertyName, dataSource) === one)
        .map((declared) => resolve(metadata, declared))
})

function resolve(
    metadata: EntityMetadata,
    { propertyName, relation: path }: ReferenceProperty,
): Reference {
    const place = `${metadata.name}.${propertyName}`
    const relation = metadata.findRelationWithPropertyPath(path)
    if (!relation || relation.joinColumns.length === 0)
        throw new InvalidOptionError(
            `${place} shows the key of "${path}", which is no many-to-one or owning one-to-one relation of the entity.`,
        )
    const others = [...metadata.columns, ...metadata.relations]
    if (others.some((other) => other.propertyPath === propertyName))
        throw new InvalidOptionError(
            `${place} shows a sealed key, but is a column as well. Remove that.`,
        )
    const key = sealedKeyIn(relation.inverseEntityMetadata)
    const columns = key.columns.flatMap(
        (column) => relation.joinColumns.find((one) => one.referencedColumn === column) ?? [],
    )
    if (columns.length < key.columns.length)
        throw new InvalidOptionError(
            `${place} shows the key of "${path}", whose foreign key is not that of the primary key. Name another relation.`,
        )
    const reference: Omit<Reference, "accessor"> = { propertyName, relation, key, columns }
    return { ...reference, accessor: accessorOf(metadata, reference) }
}

function accessorOf(
    metadata: EntityMetadata,
    reference: Omit<Reference, "accessor">,
): PropertyDescriptor {
    return {
        enumerable: true,
        configurable: true,
        get(this: ObjectLiteral) {
            return keyOf(reference, this)
        },
        set(this: ObjectLiteral, value: unknown) {
            if (value !== keyOf(reference, this)) throw setError(metadata, reference)
        },
    }
}

/** NULL where the relation is; undefined where nobody knows. */
function keyOf(
    { relation, key, columns }: Omit<Reference, "accessor">,
    entity: ObjectLiteral,
): string | null | undefined {
    const ids = columns.map((column) => {
        const value = toldBy(relation, column, entity)
        return value === undefined ? known.get(entity)?.get(column) : value
    })
    return ids.includes(null) ? null : sealedKeyFor(key, ids)
}

/** What an entity says of a foreign key. */
function toldBy(
    relation: RelationMetadata,
    column: ColumnMetadata,
    entity: ObjectLiteral,
): unknown {
    const related: unknown = relation.getEntityValue(entity)
    if (related === null) return null
    // To ask a column without a property of its own would load a lazy relation.
    const isUnread = relation.isLazy && related === undefined && column.isVirtual
    return isUnread ? undefined : column.getEntityValue(entity)
}

/**
 * Notes where the relations of a row that is saved lead, for when they are taken off the entity.
 * @internal
 */
export function noteReferences(
    metadata: EntityMetadata,
    entity: ObjectLiteral,
    { isNew, session }: { isNew: boolean; session: Session | undefined },
): void {
    if (!hasReferences(metadata)) return
    const before = known.get(entity)
    const now = new Map(before)
    for (const { relation, columns } of referencesOf(metadata)) {
        // The row that has it in a list of its own may have given it its foreign key.
        const isUnset = isNew && !relation.inverseRelation
        for (const column of columns) {
            const value = toldBy(relation, column, entity)
            // TypeORM itself keeps those that have a property, and says NULL of what it has not changed.
            if (!column.isVirtual) now.delete(column)
            else if (value !== undefined) now.set(column, value)
            else if (isUnset) now.set(column, null)
        }
    }
    known.set(entity, now)
    session?.onRollback(() => {
        if (before) known.set(entity, before)
        else known.delete(entity)
    })
}

/** @internal Refuses a row on which such a property is set to another key than it shows. */
export function refuseSetReferences(
    metadata: EntityMetadata,
    entity: ObjectLiteral,
    stored?: ObjectLiteral,
): void {
    for (const reference of referencesOf(metadata)) {
        const value: unknown = entity[reference.propertyName]
        const isSet = value !== undefined && value !== null && value !== ""
        if (!isSet) continue
        const shown = keyOf(reference, entity)
        // As a whole row comes back from a form, which says nothing else of the relation.
        const isKept = shown === undefined && stored && value === keyOf(reference, stored)
        if (value !== shown && !isKept) throw setError(metadata, reference)
    }
}

function setError(
    { name }: EntityMetadata,
    { propertyName, relation }: Omit<Reference, "accessor">,
): InvalidKeyError {
    return new InvalidKeyError(
        `${name}.${propertyName} shows the key of ${relation.propertyPath}, and can't be set. Set that.`,
    )
}

/** @internal Whether a row that was loaded does not tell where a relation leads. */
export function lacksReference(metadata: EntityMetadata, entity: ObjectLiteral): boolean {
    return (
        hasPrimaryKey(metadata, entity) &&
        referencesOf(metadata).some((reference) => keyOf(reference, entity) === undefined)
    )
}

/** @internal Asks for the foreign keys of such rows, which TypeORM puts on no property. */
export async function loadReferences(
    runner: Sender,
    rows: readonly { readonly metadata: EntityMetadata; readonly entity: ObjectLiteral }[],
): Promise<void> {
    for (const [metadata, ofEntity] of groupBy(rows, (row) => row.metadata)) {
        const columns = [...new Set(referencesOf(metadata).flatMap((one) => one.columns))]
        const { driver } = dataSourceOf(metadata)
        const conditions = ofEntity.map(({ entity }) => withPrimaryKey(metadata, entity))
        const found = await readRows(runner, metadata, columns, conditions)
        for (const [at, { entity }] of ofEntity.entries()) {
            // Undefined for a row that was deleted meanwhile: nobody knows where it led.
            const values = found[at]?.map((value, i): [ColumnMetadata, unknown] => {
                const column = columns[i] as ColumnMetadata
                return [column, driver.prepareHydratedValue(value, column)]
            })
            if (values) known.set(entity, new Map(values))
        }
    }
}
