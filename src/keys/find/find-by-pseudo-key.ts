import type {
    EntityManager,
    EntityMetadata,
    EntityTarget,
    FindManyOptions,
    FindOneOptions,
    FindOptionsWhere,
    ObjectLiteral,
    Repository,
} from "typeorm"
import { FLAG, TEXT, refuseWrong, refuserOf } from "../../declared/options"
import { KeyNotFoundError } from "../../errors"
import { givenLookUp } from "../../typeorm/given"
import { isSealed } from "../pseudo-key"
import { conditionFor, keyFor } from "./key-condition"
import type { PropertyPath } from "../property-path"

/** Options of {@link findByPseudoKey}: TypeORM's options for `findOne`, and these. */
export interface FindByPseudoKeyOptions<Entity extends ObjectLiteral> extends Omit<
    FindOneOptions<Entity>,
    "where"
> {
    /**
     * Further conditions that the row must meet, for example its tenant. A key that is unique only
     * within other properties needs their values here.
     */
    where?: FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[]

    /** The key's property, if the entity has several keys without a prefix. */
    property?: PropertyPath<Entity>

    /**
     * Whether a key that the row no longer has still finds it, including one that was sealed with a
     * former secret. The row then shows another key.
     *
     * Default: `true`.
     */
    retired?: boolean
}

type Arguments<Entity extends ObjectLiteral> =
    | [Repository<Entity>, string, FindByPseudoKeyOptions<Entity>?]
    | [EntityManager, EntityTarget<Entity>, string, FindByPseudoKeyOptions<Entity>?]

/**
 * Finds the row that has a pseudo key or, if the key's history is kept, had it. Resolves to `null` if
 * there is none.
 *
 * It sends one query; a second one if a history is kept and no row has the key now; and none for a
 * string that can't be a key of the entity: too long, with other characters or another prefix, or sealed
 * with none of the secrets. A primary key never finds a row.
 *
 * Errors: {@link InvalidOptionError} if the entity has no pseudo key, if it has several and `property`
 * names none, or if the key is unique within other properties that `where` does not name.
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
 * Like {@link findByPseudoKey}, but throws {@link KeyNotFoundError} if there is no such row.
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
    const { options, ...found } = givenLookUp("findByPseudoKey", given)
    return {
        ...found,
        options: checkedFind<FindByPseudoKeyOptions<Entity>>("findByPseudoKey", options),
    }
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
    options: FindByPseudoKeyOptions<Entity>,
): Promise<Entity | null> {
    const found = keyFor(metadata, key, options.property)
    const mayBeFormer = found && !isSealed(found) && found.history !== false
    // Most keys are those of now, and are found without a look at the former ones in a third of the time.
    const row =
        mayBeFormer && options.retired !== false
            ? await findHaving(manager, metadata, key, { ...options, retired: false })
            : null
    return row ?? findHaving(manager, metadata, key, options)
}

/** @internal In one query. */
export async function findHaving<Entity extends ObjectLiteral>(
    manager: EntityManager,
    metadata: EntityMetadata,
    key: unknown,
    { where, property, retired, ...options }: FindByPseudoKeyOptions<Entity>,
): Promise<Entity | null> {
    const condition = conditionFor(metadata, key, { where, property, retired })
    if (!condition) return null
    // findOne() sends two queries where relations are joined, to limit the rows; there is only one.
    const [row = null] = await manager.find(metadata.target, {
        ...options,
        where: condition,
    } as FindManyOptions<Entity>)
    return row
}
