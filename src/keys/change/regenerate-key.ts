import {
    EntityManager,
    type EntityMetadata,
    type EntityTarget,
    InstanceChecker,
    type ObjectLiteral,
    type Repository,
} from "typeorm"
import { checkedOptions, TEXT } from "../../declared/options"
import { show } from "../../declared/show"
import { dialectOf } from "../../dialects"
import { InvalidOptionError, RowNotFoundError } from "../../errors"
import { Session } from "../../inserts/session"
import { dataSourceOf } from "../../typeorm/compat"
import { givenDataSource, givenEntity } from "../../typeorm/given"
import type { PropertyPath } from "../property-path"
import type { StoredKey } from "../pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "../resolve-keys"
import { hasPrimaryKey } from "../../inserts/primary-key"

/** Options of {@link regenerateKey}. */
export interface RegenerateKeyOptions<Entity extends ObjectLiteral = ObjectLiteral> {
    /** The property of the key, if the entity has several. */
    property?: PropertyPath<Entity>
}

type Arguments<Entity extends ObjectLiteral> =
    | [Repository<Entity> | EntityManager, Entity, RegenerateKeyOptions<Entity>?]
    | [EntityManager, EntityTarget<Entity>, Entity, RegenerateKeyOptions<Entity>?]

/**
 * Gives a stored row a new key, as an INSERT would: derived from its current values, or generated
 * at random. If a history is kept, its former key is retired. Resolves to the new key, which is
 * also set on the given row until the transaction is rolled back, or to NULL if `derive` returns
 * none.
 *
 * It reads the row from the table, so save other changes first. A derived key that would be the
 * same isn't changed. Outside a transaction it opens one. `save()` does the same for a row whose
 * key is set to `""`, or to `null` if the column isn't nullable.
 *
 * Errors: {@link RowNotFoundError} if the row isn't stored; {@link InvalidOptionError} if the
 * entity has no key column, or several and no `property` is given; the errors of an insert.
 *
 * ```ts
 * import { Column, Entity, type EntityManager, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey, regenerateKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Article {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     title!: string
 *
 *     @PseudoKey({ derive: (article: Article) => article.title, history: true })
 *     slug!: string
 * }
 *
 * export async function rename(manager: EntityManager, article: Article, title: string): Promise<string | null> {
 *     article.title = title
 *     await manager.save(article)
 *     return regenerateKey(manager, article)
 * }
 * ```
 */
export function regenerateKey<Entity extends ObjectLiteral>(
    target: Repository<Entity> | EntityManager,
    row: Entity,
    options?: RegenerateKeyOptions<Entity>,
): Promise<string | null>
export function regenerateKey<Entity extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Entity>,
    row: Entity,
    options?: RegenerateKeyOptions<Entity>,
): Promise<string | null>
export async function regenerateKey<Entity extends ObjectLiteral>(
    ...given: Arguments<Entity>
): Promise<string | null> {
    const { manager, metadata, row, options } = read(given)
    const { property } = checkedOptions("regenerateKey", options, { property: TEXT })
    const key = keyOf(metadata, property)
    if (!hasPrimaryKey(metadata, row))
        throw new RowNotFoundError(
            `regenerateKey was given a row of ${metadata.name} without its primary key. Save it first.`,
        )
    const text = await (manager.queryRunner?.isTransactionActive
        ? regenerate(manager, key, row)
        : manager.transaction((inner) => regenerate(inner, key, row)))
    const before: unknown = key.column.getEntityValue(row)
    key.column.setEntityValue(row, text)
    const session = manager.queryRunner ? Session.find(manager.queryRunner) : undefined
    session?.onRollback(() => {
        if (key.column.getEntityValue(row) === text) key.column.setEntityValue(row, before)
    })
    return text
}

async function regenerate(
    manager: EntityManager,
    key: StoredKey,
    row: ObjectLiteral,
): Promise<string | null> {
    const { metadata, column } = key
    const dialect = dialectOf(dataSourceOf(metadata))
    const query = manager
        .createQueryBuilder(metadata.target, "row")
        .addSelect(`row.${column.propertyPath}`)
        .callListeners(false)
        .withDeleted()
        .whereInIds([metadata.getEntityIdMap(row)])
    // Whoever deletes it meanwhile would see it inserted again.
    if (dialect?.keys.locks) query.setLock("pessimistic_write")
    const stored = await query.getOne()
    if (!stored)
        throw new RowNotFoundError(
            `regenerateKey was given a row of ${metadata.name} that is not in the table.`,
        )
    column.setEntityValue(stored, "")
    await manager.save(metadata.target, stored, { reload: false })
    return (column.getEntityValue(stored) as string | null | undefined) ?? null
}

function read<Entity extends ObjectLiteral>(
    given: Arguments<Entity>,
): {
    manager: EntityManager
    metadata: EntityMetadata
    row: Entity
    options: RegenerateKeyOptions<Entity>
} {
    const [target, second, third, fourth] = given as unknown[]
    const caller = "regenerateKey"
    if (typeof target === "object" && target !== null && "metadata" in target) {
        const { manager, metadata } = target as Repository<Entity>
        return {
            manager,
            row: rowOf(second) as Entity,
            metadata: ofRow(metadata, second),
            options: third ?? {},
        }
    }
    if (!(target instanceof EntityManager)) givenDataSource(caller, target as EntityManager)
    const manager = target as EntityManager
    const isNamed =
        typeof second === "function" ||
        typeof second === "string" ||
        InstanceChecker.isEntitySchema(second)
    const [entity, row, options] = isNamed
        ? [second, third, fourth]
        : [(Object(second) as object).constructor, second, third]
    const metadata = givenEntity(caller, manager, entity as EntityTarget<Entity>)
    return {
        manager,
        row: rowOf(row) as Entity,
        metadata: ofRow(metadata, row),
        options: options ?? {},
    }
}

function rowOf(row: unknown): object {
    if (typeof row === "object" && row !== null) return row
    throw new InvalidOptionError(`regenerateKey was given ${show(row)}, give a row.`)
}

/** A class of a single-table inheritance may have keys that its parent has not. */
function ofRow(metadata: EntityMetadata, row: unknown): EntityMetadata {
    return metadata.findInheritanceMetadata(row)
}

function keyOf(metadata: EntityMetadata, property: string | undefined): StoredKey {
    const keys = storedKeysOf(metadata)
    const chosen = keys.filter(({ propertyPath }) => !property || propertyPath === property)
    const [key, other] = chosen
    if (key && !other) return key
    const sealed = pseudoKeysOf(metadata).sealed.some(
        ({ propertyPath }) => !property || propertyPath === property,
    )
    throw new InvalidOptionError(
        other
            ? `${metadata.name} has several pseudo keys: ${chosen.map(({ propertyPath }) => propertyPath).join(", ")}. ` +
                  "Say by { property } which one it is."
            : sealed
              ? `The pseudo key of ${metadata.name} is sealed: it is the primary key, and changes with the secret alone.`
              : `${metadata.name}${property ? `.${property}` : ""} has no pseudo key in a column.`,
    )
}
