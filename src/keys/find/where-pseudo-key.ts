import {
    type DataSource,
    type EntityManager,
    type EntityTarget,
    type FindOptionsWhere,
    In,
    type ObjectLiteral,
} from "typeorm"
import { checkedFind } from "./find-by-pseudo-key"
import { givenEntity } from "../../typeorm/given"
import type { FindByPseudoKeyOptions } from "./find-by-pseudo-key"
import { conditionFor } from "./key-condition"

/**
 * A condition that matches the row that has a pseudo key, or had it. Use it in the `where` of
 * TypeORM's find methods, for the row itself or for a related row. For a string that can't be a
 * key, the condition matches no row.
 *
 * Errors: those of {@link findByPseudoKey}.
 *
 * ```ts
 * import { type DataSource, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey, wherePseudoKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Customer {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "cus" })
 *     publicId!: string
 * }
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @ManyToOne(() => Customer, { nullable: false })
 *     customer!: Customer
 * }
 *
 * export function invoicesOf(dataSource: DataSource, customer: string): Promise<Invoice[]> {
 *     return dataSource.getRepository(Invoice).find({
 *         where: { customer: wherePseudoKey(dataSource, Customer, customer) },
 *     })
 * }
 * ```
 */
export function wherePseudoKey<Entity extends ObjectLiteral>(
    dataSource: DataSource | EntityManager,
    entity: EntityTarget<Entity>,
    key: string,
    options: Pick<FindByPseudoKeyOptions<Entity>, "property" | "retired"> & {
        where?: FindOptionsWhere<Entity>
    } = {},
): FindOptionsWhere<Entity> {
    const { where, property, retired } = checkedFind("wherePseudoKey", options)
    const metadata = givenEntity("wherePseudoKey", dataSource, entity)
    const condition = conditionFor(metadata, key, {
        where,
        property: property,
        retired,
    })
    const none = metadata.primaryColumns[0]?.createValueMap(In([]))
    return (condition ?? none) as FindOptionsWhere<Entity>
}
