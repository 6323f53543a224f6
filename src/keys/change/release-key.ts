import type {
    EntityManager,
    EntityTarget,
    FindOptionsWhere,
    ObjectLiteral,
    QueryRunner,
} from "typeorm"
import { checkedOptions, OBJECT, TEXT } from "../../declared/options"
import { InvalidOptionError, KeyTakenError } from "../../errors"
import { givenEntity } from "../../typeorm/given"
import { releaseFormer } from "../history/history"
import { keyFor, keyIn } from "../find/key-condition"
import { scopeIn } from "../find/look-up-scope"
import type { PropertyPath } from "../property-path"
import { isSealed } from "../pseudo-key"
import { findTaken } from "../rows/taken-keys"

/** What {@link releaseKey} takes. */
export interface ReleaseKeyOptions<Entity extends ObjectLiteral = ObjectLiteral> {
    /** The key's property, where the entity has several without a prefix. */
    property?: PropertyPath<Entity>
    /** The values of `uniqueWith`, where the key is unique within these. */
    where?: FindOptionsWhere<Entity>
}

/**
 * Gives a retired key up: it leads to its former row no longer, and any row may have it. For an owner who gives a name
 * up on purpose; nothing else frees a key of a row that is still there. Resolves to whether there was such a
 * key. One that `history: "forever"` keeps for a row that was deleted is freed as well.
 *
 * Errors: {@link KeyTakenError} where a row has the key now: give that another one first. {@link InvalidOptionError}
 * where the key has no history.
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
    const scope = scopeIn(key, where)
    const work = async (inner: EntityManager) => {
        // One that is in a transaction has one.
        const runner = inner.queryRunner as QueryRunner
        const current = await findTaken(runner, { ...key, history: false }, scope, [read])
        if (current.has(read))
            throw new KeyTakenError(
                `${key.label}: a row has this key now, and only a retired one can be released. Give the row another ` +
                    "key first.",
            )
        return releaseFormer(runner, key, scope, read)
    }
    return manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work)
}
