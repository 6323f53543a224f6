import type {
    EntityManager,
    EntityMetadata,
    EntityTarget,
    FindOneOptions,
    FindOptionsWhere,
    ObjectLiteral,
    Repository,
} from "typeorm"
import { OBJECT, refuseWrong, refuserOf, TEXT } from "../../declared/options"
import { show } from "../../declared/show"
import { InvalidOptionError } from "../../errors"
import type { PropertyPath } from "../../keys/property-path"
import { seriesOf } from "../../series/resolve-series"
import type { Document } from "../../series/series"
import { givenLookUp, valueAt } from "../../typeorm/given"

/** Options of {@link findByDocumentNumber}: TypeORM's options for `findOne`, and these. */
export interface FindByDocumentNumberOptions<Entity extends ObjectLiteral> extends Omit<
    FindOneOptions<Entity>,
    "where"
> {
    /**
     * Further conditions on the row. If the text is unique only within other properties, their
     * values must be given here.
     */
    where?: FindOptionsWhere<Entity>

    /** The property of the text, if the entity has several. */
    property?: PropertyPath<Entity>
}

const FORMS = { property: TEXT, where: OBJECT }

/**
 * Finds a row by its document number, `INV/2026/0001`. Resolves to `null` if there is none. The
 * text is compared exactly, case-sensitively. Encode it in URLs (`encodeURIComponent`).
 *
 * Errors: {@link InvalidOptionError} if the entity has no `@DocumentNumber`, or several and no
 * `property` is given. Also if the text is unique within other properties that `where` doesn't
 * give, because the document could be someone else's.
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
    ...given: readonly unknown[]
): Promise<Entity | null> {
    const { manager, metadata, key: text, options } = givenLookUp("findByDocumentNumber", given)
    refuseWrong<object>(options, FORMS, refuserOf("findByDocumentNumber"))
    const { where = {}, property, ...others } = options as FindByDocumentNumberOptions<Entity>
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
        const value = valueAt(where, path)
        if (value === undefined)
            throw new InvalidOptionError(
                `findByDocumentNumber: ${place} is unique within ${scope.map((one) => one.path).join(", ")}, and ` +
                    `where has ${show(value)} for ${path}. Set it: otherwise the document of another ${path} might be ` +
                    "found.",
            )
    }
}
