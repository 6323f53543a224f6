import { Column, type EntityManager, PrimaryGeneratedColumn, Entity } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"

export abstract class Order {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    shop!: string

    @Column()
    title!: string

    @PseudoKey({ case: "keep", derive: ({ title }: Order) => title, history: true })
    slug!: string

    number!: number
}

@Entity()
export class CountedOrder extends Order {
    @AutoSequenceColumn({ uniqueWith: "shop", strategy: "counter", series: "orders" })
    declare number: number
}

@Entity()
export class TriggeredOrder extends Order {
    @AutoSequenceColumn({ uniqueWith: "shop", strategy: "trigger" })
    declare number: number
}

@Entity()
export class LockedOrder extends Order {
    @AutoSequenceColumn({ uniqueWith: "shop", strategy: "table-lock" })
    declare number: number
}

export type OrderClass = typeof CountedOrder | typeof TriggeredOrder | typeof LockedOrder

export const ORDERS: readonly OrderClass[] = [CountedOrder, TriggeredOrder, LockedOrder]

export const list = <T>(length: number, make: (at: number) => T): T[] =>
    Array.from({ length }, (_, at) => make(at))

/** The numbers that are stored, in their order. */
export async function storedNumbers(
    manager: EntityManager,
    orders: OrderClass,
    shop?: string,
): Promise<number[]> {
    const where = shop === undefined ? {} : { shop }
    const found = await manager.find<Order>(orders, { where, order: { number: "ASC" } })
    return found.map(({ number }) => number)
}
