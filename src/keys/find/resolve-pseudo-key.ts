import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    EntityTarget,
    ObjectLiteral,
} from "typeorm"
import { loadColumns } from "../../typeorm/load-columns"
import { givenDataSource, givenEntity } from "../../typeorm/given"
import { type FindByPseudoKeyOptions, findOne, checkedFind } from "./find-by-pseudo-key"
import { hasHead, isKey } from "../../declared/keys/key-form"
import { keyFor, keyIn } from "./key-condition"
import { type AnyKey, isSealed } from "../pseudo-key"
import { sealedKeyOf } from "../sealed/sealed-ids"
import { keysByHead } from "../distinct-keys"
import { isShown } from "../../typeorm/shown-values"

/** Options of {@link resolvePseudoKey}: those of {@link findByPseudoKey}, and these. */
export interface ResolvePseudoKeyOptions<Entity extends ObjectLiteral = ObjectLiteral> extends Omit<
    FindByPseudoKeyOptions<Entity>,
    "property" | "retired" | "select"
> {
    /**
     * The entity, for keys without a prefix.
     *
     * Default: the entity whose prefix the key has.
     */
    entity?: EntityTarget<Entity>

    /** The property of the key, if the entity has several keys without a prefix. */
    property?: string
}

/** A row found by a pseudo key. */
export interface ResolvedPseudoKey<Entity extends ObjectLiteral = ObjectLiteral> {
    /** The row. */
    readonly row: Entity
    /** The name of its entity. */
    readonly entity: string
    /** The key that the row has now; `""` if its key was removed and it has none. */
    readonly key: string
    /**
     * Whether the row has a different key now: its key was changed, or it was sealed with another
     * secret.
     */
    readonly isRetired: boolean
}

/**
 * Finds the row that a pseudo key belongs to, in the entity that its prefix names, and tells
 * whether the row still has that key. Resolves to `null` if there is no such row.
 *
 * Errors: those of {@link findByPseudoKey}.
 *
 * ```ts
 * import type { DataSource } from "typeorm"
 * import { resolvePseudoKey } from "typeorm-autosequence"
 *
 * export async function lookUp(dataSource: DataSource, key: string): Promise<string> {
 *     const found = await resolvePseudoKey(dataSource, key)
 *     if (!found) return "404"
 *     return found.isRetired ? `301 /${found.key}` : `200 ${found.entity}`
 * }
 * ```
 */
export async function resolvePseudoKey<Entity extends ObjectLiteral = ObjectLiteral>(
    target: DataSource | EntityManager,
    key: string,
    given: ResolvePseudoKeyOptions<Entity> = {},
): Promise<ResolvedPseudoKey<Entity> | null> {
    const { entity, property, ...options } = checkedFind("resolvePseudoKey", given)
    const dataSource = givenDataSource("resolvePseudoKey", target)
    const manager = "getMetadata" in target ? target.manager : target
    const metadata =
        entity === undefined
            ? byPrefix(dataSource, key)?.metadata
            : givenEntity("resolvePseudoKey", dataSource, entity)
    const found = metadata && keyFor(metadata, key, property)
    if (!found) return null
    const row = await findOne<ObjectLiteral>(manager, metadata, key, {
        ...(options as FindByPseudoKeyOptions<ObjectLiteral>),
        property: found.propertyPath,
    })
    if (!row) return null
    const current = await currentKey(manager, metadata, found, row)
    return {
        row: row as Entity,
        entity: metadata.name,
        key: current,
        isRetired: current !== keyIn(found, key),
    }
}

function byPrefix(dataSource: DataSource, key: unknown): AnyKey | undefined {
    if (!isKey(key)) return undefined
    for (const [head, found] of keysByHead(dataSource)) if (hasHead(key, head)) return found
    return undefined
}

async function currentKey(
    manager: EntityManager,
    metadata: EntityMetadata,
    key: AnyKey,
    row: ObjectLiteral,
): Promise<string> {
    if (isSealed(key)) return sealedKeyOf(key, row) ?? ""
    // Nobody finds a row by what it shows for want of a key.
    if (isShown(key.column, row)) return ""
    const shown: unknown = key.column.getEntityValue(row)
    if (typeof shown === "string") return shown
    // A column with { select: false }.
    const [stored] = await loadColumns(manager, metadata, [key.column], [row])
    const current: unknown = stored && key.column.getEntityValue(stored)
    return typeof current === "string" ? current : ""
}
