import {
    EntityManager,
    type EntityMetadata,
    type EntityTarget,
    type FindOneOptions,
    type FindOptionsWhere,
    type ObjectLiteral,
    type Repository,
} from "typeorm"
import { OBJECT, refuseWrong, refuserOf, TEXT } from "../../declared/options"
import { show } from "../../declared/show"
import { InvalidOptionError } from "../../errors"
import type { PropertyPath } from "../../keys/property-path"
import { seriesOf } from "../../series/resolve-series"
import type { Document } from "../../series/series"
import { givenEntity } from "../../typeorm/given"

/** What {@link findByDocumentNumber} takes: TypeORM's options for `findOne`, and these. */
export interface FindByDocumentNumberOptions<Entity extends ObjectLiteral> extends Omit<
    FindOneOptions<Entity>,
    "where"
> {
    /** What the row has to meet as well. For a text that is unique within other properties alone, their values have to be here. */
    where?: FindOptionsWhere<Entity>

    /** The property of the text, where the entity has several. */
    property?: PropertyPath<Entity>
}

const FORMS = { property: TEXT, where: OBJECT }

/**
 * Finds the row with the text of a number, `INV/2026/0001`: what people name a document by. Resolves to `null` where there
 * is none. The text is compared as it is, upper and lower case apart; in a URL it has to be encoded
 * (`encodeURIComponent`).
 *
 * Errors: {@link InvalidOptionError} where the entity has no `@DocumentNumber`, or several and it is not said which, or
 * where the text is unique within other properties that `where` does not name: it could be another one's document.
 *
 * ```ts
 * import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn, DocumentNumber, findByDocumentNumber } from "typeorm-autosequence"
 *
 * @Entity()
 * class Receipt {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     shop!: string
 *
 *     @AutoSequenceColumn({ strategy: "counter", uniqueWith: "shop" })
 *     sequence!: number
 *
 *     @DocumentNumber({ of: "sequence", format: "R/{00000}" })
 *     number!: string
 * }
 *
 * export function find(dataSource: DataSource, shop: string): Promise<Receipt | null> {
 *     return findByDocumentNumber(dataSource.manager, Receipt, "R/00042", { where: { shop } })
 * }
 * ```
 */
export function findByDocumentNumber<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    text: string,
    options?: FindByDocumentNumberOptions<Entity>,
): Promise<Entity | null>
export function findByDocumentNumber<Entity extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Entity>,
    text: string,
    options?: FindByDocumentNumberOptions<Entity>,
): Promise<Entity | null>
export async function findByDocumentNumber<Entity extends ObjectLiteral>(
    target: Repository<Entity> | EntityManager,
    ...given: readonly unknown[]
): Promise<Entity | null> {
    const isManager = target instanceof EntityManager || !("metadata" in Object(target))
    const [entity, text, options = {}] = isManager
        ? (given as [EntityTarget<Entity>, unknown, FindByDocumentNumberOptions<Entity>?])
        : ([target.target, ...given] as [
              EntityTarget<Entity>,
              unknown,
              FindByDocumentNumberOptions<Entity>?,
          ])
    const manager = isManager ? (target as EntityManager) : target.manager
    const metadata = givenEntity("findByDocumentNumber", manager, entity)
    refuseWrong<object>(options, FORMS, refuserOf("findByDocumentNumber"))
    const { where = {}, property, ...others } = options
    const document = documentOf(metadata, property)
    refuseOpenScope(document, where)
    if (typeof text !== "string" || text === "" || text.length > document.maxLength) return null
    const condition = { ...where }
    document.column.setEntityValue(condition, text)
    const [found] = await manager.find(metadata.target, {
        ...others,
        where: condition,
    })
    return found ?? null
}

function documentOf(metadata: EntityMetadata, property: string | undefined): Document {
    const all = seriesOf(metadata).flatMap(({ documents }) => documents)
    const found = property ? all.filter(({ column }) => column.propertyPath === property) : all
    const [document, other] = found
    if (!document || other)
        throw new InvalidOptionError(
            `findByDocumentNumber: ${metadata.name}${property ? `.${property}` : ""} has ${
                document
                    ? `several texts of numbers (${all.map(({ column }) => column.propertyPath).join(", ")}). Name one in property.`
                    : "no text of a number. Declare it by @DocumentNumber."
            }`,
        )
    return document
}

/** Without them the text may be that of another scope. */
function refuseOpenScope({ scope, place }: Document, where: ObjectLiteral): void {
    for (const { path } of scope) {
        const value = path
            .split(".")
            .reduce<unknown>((at, name) => (Object(at) as ObjectLiteral)[name], where)
        if (value === undefined)
            throw new InvalidOptionError(
                `findByDocumentNumber: ${place} is unique within ${scope.map((one) => one.path).join(", ")}, and where has ${show(value)} ` +
                    `for ${path}. Name it, or another one's document might be found.`,
            )
    }
}
