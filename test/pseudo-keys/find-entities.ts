import {
    Column,
    DeleteDateColumn,
    Entity,
    type EntityManager,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TableInheritance,
    ChildEntity,
} from "typeorm"
import { PseudoKey } from "../../src"

export const SECRET = "a secret of forty characters, for tests."

/** Its former keys lead to it. */
@Entity()
export class Customer {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ prefix: "cus", history: true }) publicId!: string
    @OneToMany(() => Order, (order) => order.customer) orders!: Order[]
}

/** One key has a prefix, the other one has none. */
@Entity("orders")
export class Order {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) tenantId!: number
    @Column({ default: "" }) name!: string
    @PseudoKey({ prefix: "ord" }) publicId!: string
    @PseudoKey({ generate: "uuid" }) reference!: string
    @ManyToOne(() => Customer, (customer) => customer.orders) customer!: Customer | null
    @ManyToOne(() => Customer) payer!: Customer | null
    @ManyToOne(() => Page) page!: Page | null
    @DeleteDateColumn() deletedAt!: Date | null
}

/** Two keys that have no prefix. */
@Entity()
export class Twin {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey() first!: string
    @PseudoKey() second!: string
}

/** Its key is unique within a tenant alone, or where there is none. */
@Entity()
export class Page {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) tenantId!: number | null
    @PseudoKey({ uniqueWith: "tenantId" }) slug!: string
}

/** As a page, with a history, and a primary key of two columns. */
@Entity()
export class Note {
    @PrimaryColumn({ type: "int" }) tenantId!: number
    @PrimaryColumn({ type: "varchar", length: 20 }) name!: string
    @PseudoKey({ uniqueWith: "tenantId", history: true }) slug!: string
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
export class Paper {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "pap", history: true }) publicId!: string
}

@ChildEntity()
export class Letter extends Paper {
    @Column({ nullable: true }) recipient!: string
}

@ChildEntity()
export class Bill extends Paper {
    @PseudoKey({ prefix: "bill", nullable: true }) number!: string
}

export class Label {
    @PseudoKey({ prefix: "lab", history: true }) code!: string
    @Column({ default: "" }) color!: string
}

@Entity()
export class Box {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Label) label!: Label
}

@Entity()
export class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", default: 0 }) tenantId!: number
    @PseudoKey({ prefix: "tck", seal: { column: "id", secret: SECRET } }) publicId!: string
}

/** Primary keys of all types, with a history each. */
@Entity()
export class OfBigint {
    @PrimaryColumn({ type: "bigint" }) id!: string
    @PseudoKey({ history: true }) key!: string
}

@Entity()
export class OfUuid {
    @PrimaryGeneratedColumn("uuid") id!: string
    @PseudoKey({ history: true }) key!: string
}

@Entity()
export class OfText {
    @PrimaryColumn({ type: "varchar", length: 40 }) id!: string
    @PseudoKey({ history: true }) key!: string
}

@Entity()
export class OfSmallint {
    @PrimaryColumn({ type: "smallint" }) id!: number
    @PseudoKey({ history: true }) key!: string
}

export const FIND_ENTITIES = [Customer, Order, Twin, Page, Note, Paper, Letter, Bill, Box, Ticket]

/** A customer that had the key `before` and has `after`. */
export async function renamedCustomer(
    manager: EntityManager,
    before: string,
    after: string,
): Promise<Customer> {
    const customer = await manager.save(Customer, { name: before, publicId: before })
    return manager.save(Customer, { ...customer, publicId: after })
}
