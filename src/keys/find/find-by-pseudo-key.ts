import {
    EntityManager,
    type EntityMetadata,
    type EntityTarget,
    type FindManyOptions,
    type FindOneOptions,
    type FindOptionsWhere,
    type ObjectLiteral,
    type Repository,
} from "typeorm"
import { FLAG, TEXT, refuseWrong, refuserOf } from "../../declared/options"
import { KeyNotFoundError } from "../../errors"
import { givenEntity } from "../../typeorm/given"
import { conditionFor } from "./key-condition"
import type { PropertyPath } from "../property-path"

/** What {@link findByPseudoKey} takes: TypeORM's options for `findOne`, and these. */
export interface FindByPseudoKeyOptions<Entity extends ObjectLiteral> extends Omit<
    FindOneOptions<Entity>,
    "where"
> {
    /**
     * What the row has to meet as well, as its tenant. For a key that is unique within other
     * properties alone, their values have to be here.
     */
    where?: FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[]

    /** The key's property, where the entity has several keys without a prefix. */
    property?: PropertyPath<Entity>

    /**
     * Whether a key that the row no longer has leads to it, one that was sealed with a former secret
     * as well; the row then has another one.
     *
     * Default is `true`.
     */
    retired?: boolean
}

type Arguments<Entity extends ObjectLiteral> =
    | [Repository<Entity>, string, FindByPseudoKeyOptions<Entity>?]
    | [EntityManager, EntityTarget<Entity>, string, FindByPseudoKeyOptions<Entity>?]

/**
 * Finds the row of an entity that has a pseudo key, or had it where its history is kept. Resolves to
 * `null` where there is none.
 *
 * It takes one query, and none for a text that can be no key of the entity: too long, of other
 * characters, with another prefix, or a sealed key that was not made with one of the secrets. A primary
 * key never leads to a row.
 *
 * Errors: {@link InvalidOptionError} where the entity has no pseudo key, or several and it is not said
 * which, or where the key is unique within other properties that `where` does not name.
 *
 * ```ts
 * import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { findByPseudoKey, PseudoKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Article {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     tenantId!: number
 *
 *     @PseudoKey({ prefix: "art", history: true })
 *     publicId!: string
 * }
 *
 * export async function show(dataSource: DataSource, key: string): Promise<string> {
 *     const article = await findByPseudoKey(dataSource.manager, Article, key, {
 *         where: { tenantId: 7 },
 *     })
 *     if (!article) return "404"
 *     return article.publicId === key ? "200" : `301 /articles/${article.publicId}`
 * }
 * ```
 */
export function findByPseudoKey<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    key: string,
    options?: FindByPseudoKeyOptions<Entity>,
): Promise<Entity | null>
export function findByPseudoKey<Entity extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Entity>,
    key: string,
    options?: FindByPseudoKeyOptions<Entity>,
): Promise<Entity | null>
export async function findByPseudoKey<Entity extends ObjectLiteral>(
    ...given: Arguments<Entity>
): Promise<Entity | null> {
    const { manager, metadata, key, options } = read(given)
    return findOne(manager, metadata, key, options)
}

/**
 * {@link findByPseudoKey} for those who need the row: throws {@link KeyNotFoundError} where there is
 * none.
 *
 * ```ts
 * import { Entity, PrimaryGeneratedColumn, type Repository } from "typeorm"
 * import { findByPseudoKeyOrFail, PseudoKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Ticket {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "tck" })
 *     publicId!: string
 * }
 *
 * export async function idOf(tickets: Repository<Ticket>, key: string): Promise<number> {
 *     const ticket = await findByPseudoKeyOrFail(tickets, key)
 *     return ticket.id
 * }
 * ```
 */
export function findByPseudoKeyOrFail<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    key: string,
    options?: FindByPseudoKeyOptions<Entity>,
): Promise<Entity>
export function findByPseudoKeyOrFail<Entity extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Entity>,
    key: string,
    options?: FindByPseudoKeyOptions<Entity>,
): Promise<Entity>
export async function findByPseudoKeyOrFail<Entity extends ObjectLiteral>(
    ...given: Arguments<Entity>
): Promise<Entity> {
    const { manager, metadata, key, options } = read(given)
    const row = await findOne(manager, metadata, key, options)
    if (row) return row
    throw new KeyNotFoundError(`There is no ${metadata.name} with this key.`)
}

function read<Entity extends ObjectLiteral>(given: Arguments<Entity>) {
    const [target, second, third, fourth] = given as unknown[]
    if (target instanceof EntityManager || !isRepository<Entity>(target)) {
        const manager = target as EntityManager
        const metadata = givenEntity("findByPseudoKey", manager, second as EntityTarget<Entity>)
        return { manager, metadata, key: third, options: optionsOf<Entity>(fourth) }
    }
    const { manager, metadata } = target
    return { manager, metadata, key: second, options: optionsOf<Entity>(third) }
}

function isRepository<Entity extends ObjectLiteral>(target: unknown): target is Repository<Entity> {
    return typeof target === "object" && target !== null && "metadata" in target
}

function optionsOf<Entity extends ObjectLiteral>(given: unknown): FindByPseudoKeyOptions<Entity> {
    return checkedFind(
        "findByPseudoKey",
        (given === undefined ? {} : given) as FindByPseudoKeyOptions<Entity>,
    )
}

const FORMS = { property: TEXT, retired: FLAG }

/** @internal The options of a look-up as a caller has given them; most are TypeORM's. */
export function checkedFind<Options extends object>(caller: string, options: Options): Options {
    refuseWrong<object>(options, FORMS, refuserOf(caller))
    return options
}

/** @internal */
export async function findOne<Entity extends ObjectLiteral>(
    manager: EntityManager,
    metadata: EntityMetadata,
    key: unknown,
    { where, property, retired, ...options }: FindByPseudoKeyOptions<Entity>,
): Promise<Entity | null> {
    const condition = conditionFor(metadata, key, {
        where,
        property: property,
        retired,
    })
    if (!condition) return null
    // findOne() sends two queries where relations are joined, to limit the rows; there is only one.
    const found = await manager.find(metadata.target, {
        ...options,
        where: condition,
    } as FindManyOptions<Entity>)
    return found[0] ?? null
}
