import {
    Column,
    type DataSource,
    Entity,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn } from "../../src"

@Entity()
export class Customer {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @OneToMany(() => Invoice, (invoice) => invoice.customer, { cascade: true })
    invoices!: Invoice[]
}

@Entity()
export class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Customer, (customer) => customer.invoices, {
        nullable: false,
        cascade: ["insert"],
    })
    customer!: Customer

    @AutoSequenceColumn({ uniqueWith: "customer" })
    number!: number

    @Column({ default: "" })
    note!: string

    @Column({ type: "text", nullable: true, unique: true })
    reference!: string | null
}

/** One series over the whole table. */
@Entity()
export class Ticket {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn()
    number!: number

    @Column({ default: "" })
    title!: string
}

export const invoiceEntities = [Customer, Invoice, Ticket]

export async function customer(dataSource: DataSource, name = "Ada"): Promise<Customer> {
    return dataSource.getRepository(Customer).save({ name })
}

/** The numbers in the table, per customer, in order. */
export async function storedNumbers(dataSource: DataSource): Promise<Record<string, number[]>> {
    const invoices = await dataSource.getRepository(Invoice).find({
        relations: { customer: true },
        order: { number: "ASC" },
        loadEagerRelations: false,
    })
    const numbers: Record<string, number[]> = {}
    for (const { customer, number } of invoices) (numbers[customer.name] ??= []).push(number)
    return numbers
}

export async function storedTickets(dataSource: DataSource): Promise<number[]> {
    const tickets = await dataSource.getRepository(Ticket).find({ order: { number: "ASC" } })
    return tickets.map(({ number }) => number)
}

export function upTo(last: number): number[] {
    return Array.from({ length: last }, (_, i) => i + 1)
}

/** Resolves when the row has its number, or has waited so long that it gets none. */
export async function numbered(row: { readonly number?: number }): Promise<void> {
    for (let turn = 0; turn < 10_000 && row.number === undefined; turn += 1)
        await new Promise((resolve) => setImmediate(resolve))
}
