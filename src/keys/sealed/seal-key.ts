import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    EntityTarget,
    ObjectLiteral,
} from "typeorm"
import { isKey } from "../../declared/keys/key-form"
import { LIST, refuseOther, refuserOf } from "../../declared/options"
import { show } from "../../declared/show"
import { InvalidKeyError, InvalidOptionError } from "../../errors"
import { givenEntity } from "../../typeorm/given"
import type { SealedKey } from "../pseudo-key"
import { pseudoKeysOf } from "../resolve-keys"
import { openSealedKey, sealedKeyFor } from "./sealed-ids"

/**
 * The primary key of a row: its value, or for a composite primary key its values by property name.
 */
export type SealableId = string | number | bigint | ObjectLiteral

/** A primary key as the entity has it, see {@link openKey}. */
export type OpenedId = string | number | Record<string, string | number>

/**
 * The sealed key of a row that isn't loaded, for example from a foreign key in a raw row or in a
 * report. NULL for NULL.
 *
 * It doesn't query the database, so it doesn't check whether the row exists.
 *
 * Errors: {@link InvalidKeyError} if the value can't be a primary key of the entity;
 * {@link InvalidOptionError} if the entity has no sealed key.
 *
 * ```ts
 * import { type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { openKey, PseudoKey, sealKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Customer {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "cus", seal: { column: "id", secret: () => process.env.KEY_SECRET ?? "" } })
 *     publicId!: string
 * }
 *
 * export async function report(dataSource: DataSource): Promise<{ customer: string | null; total: number }[]> {
 *     const rows = await dataSource.query<{ customerId: number; total: number }[]>(
 *         'SELECT "customerId", SUM(total) AS total FROM invoice GROUP BY "customerId"',
 *     )
 *     return rows.map(({ customerId, total }) => ({
 *         customer: sealKey(dataSource, Customer, customerId),
 *         total,
 *     }))
 * }
 *
 * export function customerIdOf(dataSource: DataSource, key: string): unknown {
 *     return openKey(dataSource, Customer, key)
 * }
 * ```
 */
export function sealKey<Entity extends ObjectLiteral>(
    target: DataSource | EntityManager,
    entity: EntityTarget<Entity>,
    id: SealableId,
): string
export function sealKey<Entity extends ObjectLiteral>(
    target: DataSource | EntityManager,
    entity: EntityTarget<Entity>,
    id: SealableId | null | undefined,
): string | null
export function sealKey(
    target: DataSource | EntityManager,
    entity: EntityTarget<ObjectLiteral>,
    id: SealableId | null | undefined,
): string | null {
    return sealOne(keyOf("sealKey", target, entity), id)
}

/**
 * {@link sealKey} for several primary keys, in their order.
 *
 * ```ts
 * import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
 * import { sealKeys } from "typeorm-autosequence"
 *
 * export function linksTo(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>, ids: number[]): string[] {
 *     return sealKeys(dataSource, entity, ids).map((key) => `/customers/${key}`)
 * }
 * ```
 */
export function sealKeys(
    target: DataSource | EntityManager,
    entity: EntityTarget<ObjectLiteral>,
    ids: readonly (SealableId | null | undefined)[],
): (string | null)[] {
    refuseOther("the primary keys are", ids, LIST, refuserOf("sealKeys"))
    const key = keyOf("sealKeys", target, entity)
    return ids.map((id) => sealOne(key, id))
}

/**
 * The primary key of a sealed key, without a query. It has the form that the entity has: a number
 * or a string, or for a composite primary key its values by property name. NULL if the string
 * wasn't made with one of the secrets for this entity.
 *
 * Errors: {@link InvalidOptionError} if the entity has no sealed key.
 *
 * ```ts
 * import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
 * import { openKey } from "typeorm-autosequence"
 *
 * export function idOf(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>, key: string): number | null {
 *     const id = openKey(dataSource, entity, key)
 *     return typeof id === "number" ? id : null
 * }
 * ```
 */
export function openKey(
    target: DataSource | EntityManager,
    entity: EntityTarget<ObjectLiteral>,
    key: string,
): OpenedId | null {
    return openOne(keyOf("openKey", target, entity), key)
}

/**
 * {@link openKey} for several keys, in their order.
 *
 * ```ts
 * import { type DataSource, type EntityTarget, In, type ObjectLiteral } from "typeorm"
 * import { openKeys } from "typeorm-autosequence"
 *
 * export async function rowsOf<Entity extends ObjectLiteral & { id: number }>(
 *     dataSource: DataSource,
 *     entity: EntityTarget<Entity>,
 *     keys: string[],
 * ): Promise<Entity[]> {
 *     const ids = openKeys(dataSource, entity, keys).filter((id) => id !== null)
 *     return dataSource.getRepository(entity).find({ where: { id: In(ids) } as never })
 * }
 * ```
 */
export function openKeys(
    target: DataSource | EntityManager,
    entity: EntityTarget<ObjectLiteral>,
    keys: readonly string[],
): (OpenedId | null)[] {
    refuseOther("the keys are", keys, LIST, refuserOf("openKeys"))
    const key = keyOf("openKeys", target, entity)
    return keys.map((one) => openOne(key, one))
}

function keyOf(
    caller: string,
    target: DataSource | EntityManager,
    entity: EntityTarget<ObjectLiteral>,
): SealedKey {
    return sealedKeyIn(givenEntity(caller, target, entity))
}

/** @internal The sealed key of an entity. */
export function sealedKeyIn(metadata: EntityMetadata): SealedKey {
    const [key] = pseudoKeysOf(metadata).sealed
    if (key) return key
    throw new InvalidOptionError(
        `${metadata.name} has no sealed key. Declare one by @PseudoKey({ seal: … }).`,
    )
}

function sealOne(key: SealedKey, id: SealableId | null | undefined): string | null {
    if (id === null || id === undefined) return null
    const ids =
        typeof id === "object"
            ? key.columns.map((column) => column.getEntityValue(id) as unknown)
            : [id]
    const text = sealedKeyFor(key, ids)
    if (text !== undefined) return text
    const paths = key.columns.map(({ propertyPath }) => propertyPath)
    throw new InvalidKeyError(
        `${key.metadata.name}.${key.propertyPath} can't be made of ${show(typeof id)}: it is made of ${paths.join(", ")}.`,
    )
}

function openOne(key: SealedKey, text: unknown): OpenedId | null {
    const ids = isKey(text) ? openSealedKey(key, text) : undefined
    if (!ids) return null
    const [first, ...others] = ids
    if (others.length === 0) return first ?? null
    return Object.assign(
        {},
        ...key.columns.map((column, at) => column.createValueMap(ids[at])),
    ) as Record<string, string | number>
}
