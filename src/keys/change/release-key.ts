import type {
    EntityManager,
    EntityTarget,
    FindOptionsWhere,
    ObjectLiteral,
    QueryRunner,
} from "typeorm"
import { checkedOptions, OBJECT, TEXT } from "../../declared/options"
import { InvalidOptionError } from "../../errors"
import { givenEntity } from "../../typeorm/given"
import { releaseFormer } from "../history/history"
import { keyFor, keyIn } from "../find/key-condition"
import { findScope } from "../find/look-up-scope"
import type { PropertyPath } from "../property-path"
import { isSealed } from "../pseudo-key"

/** Options of {@link releaseKey}. */
export interface ReleaseKeyOptions<Entity extends ObjectLiteral = ObjectLiteral> {
    /** The property of the key, if the entity has several without a prefix. */
    property?: PropertyPath<Entity>
    /** The values of `uniqueWith`, or a condition that one related row meets, if the key is unique within these. */
    where?: FindOptionsWhere<Entity>
}

/**
 * Releases a retired key: it no longer finds its former row, and any row may have it. Use it when
 * an owner gives up a name on purpose; nothing else frees a key while its row exists. Resolves to
 * whether there was such a key. A key that a row lost by plain SQL is released as well, and one that
 * `history: "forever"` keeps for a deleted row.
 *
 * Errors: {@link KeyTakenError} if a row has the key now: give that row another key first.
 * {@link InvalidOptionError} if the key has no history.
 *
 * ```ts
 * import { Entity, type EntityManager, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey, releaseKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Team {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ history: true })
 *     slug!: string
 * }
 *
 * export function giveUp(manager: EntityManager): Promise<boolean> {
 *     return releaseKey(manager, Team, "old-name")
 * }
 * ```
 */
export async function releaseKey<Entity extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Entity>,
    text: string,
    options: ReleaseKeyOptions<Entity> = {},
): Promise<boolean> {
    const metadata = givenEntity("releaseKey", manager, entity)
    const { property, where = {} } = checkedOptions("releaseKey", options, {
        property: TEXT,
        where: OBJECT,
    })
    const key = keyFor(metadata, text, property)
    const read = key && keyIn(key, text)
    if (!key || read === undefined) return false
    if (isSealed(key) || key.history === false)
        throw new InvalidOptionError(
            `${metadata.name}.${key.propertyPath} has no history, so that none of its keys is kept for a row.`,
        )
    const work = async (inner: EntityManager) => {
        const scope = await findScope(inner, key, where)
        // One that is in a transaction has one.
        return (
            scope !== undefined && releaseFormer(inner.queryRunner as QueryRunner, key, scope, read)
        )
    }
    return manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work)
}
