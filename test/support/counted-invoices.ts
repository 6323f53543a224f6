import { expect } from "chai"
import {
    Check,
    Column,
    type DataSource,
    Entity,
    type EntityTarget,
    JoinColumn,
    ManyToOne,
    type ObjectLiteral,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { type AutoSequenceCounter, COUNTER_ENTITY } from "../../src/schema/counter-entity"
import { seriesOf } from "../../src/series/resolve-series"
import { upTo } from "./invoices"
import type { TestDatabase } from "./test-database"

@Entity({ name: "customer" })
export class Customer {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @OneToMany(() => Invoice, (invoice) => invoice.customer, { cascade: true })
    invoices!: Invoice[]
}

/** Numbered by counters, with what makes an INSERT fail. */
@Entity({ name: "invoice" })
@Check(`"amount" >= 0`)
export class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Customer, (customer) => customer.invoices, { nullable: false })
    @JoinColumn({ name: "customer_id" })
    customer!: Customer

    @AutoSequenceColumn({ uniqueWith: "customer", strategy: "counter" })
    number!: number

    @Column({ type: "int", default: 0 })
    amount!: number

    @Column({ type: "varchar", length: 100, nullable: true, unique: true })
    reference!: string | null
}

/** One series over the whole table. */
@Entity({ name: "ticket" })
export class Ticket {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter" })
    number!: number

    @Column({ default: "" })
    title!: string
}

/** The same with numbers that may be lost. */
@Entity({ name: "parcel" })
export class Parcel {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    depot!: string

    @AutoSequenceColumn({ uniqueWith: "depot", strategy: "counter", gapless: false, cache: 10 })
    number!: number

    @Column({ type: "varchar", length: 100, nullable: true, unique: true })
    barcode!: string | null
}

export const countedEntities = [Customer, Invoice, Ticket, Parcel]

/** Neither waits for the disk nor, long, before it looks for deadlocks. */
export async function connectFast(
    database: TestDatabase,
    connections: number,
    entities: (typeof countedEntities)[number][] = countedEntities,
): Promise<DataSource> {
    if (database.kind !== "postgres") return database.connect(entities, { connections })
    const extra = {
        max: connections,
        options: "-c synchronous_commit=off -c deadlock_timeout=20ms",
    }
    return database.connect(entities, { extra })
}

export async function customers(
    dataSource: DataSource,
    ...names: string[]
): Promise<[Customer, ...Customer[]]> {
    const saved = await dataSource.getRepository(Customer).save(names.map((name) => ({ name })))
    return saved as unknown as [Customer, ...Customer[]]
}

/** The numbers in the table, per customer, in order. */
export async function numbersOf(dataSource: DataSource): Promise<Record<string, number[]>> {
    const rows = await dataSource
        .getRepository(Invoice)
        .createQueryBuilder("invoice")
        .innerJoinAndSelect("invoice.customer", "customer")
        .orderBy("invoice.number")
        .getMany()
    const numbers: Record<string, number[]> = {}
    for (const { customer, number } of rows) (numbers[customer.name] ??= []).push(number)
    return numbers
}

/** Expects each scope to be numbered 1..N, and its counter to be there; resolves to each N. */
export async function expectGapless(dataSource: DataSource): Promise<Record<string, number>> {
    const stored = Object.entries(await numbersOf(dataSource))
    for (const [name, numbers] of stored)
        expect(numbers, `customer ${name}`).to.deep.equal(upTo(numbers.length))
    const ids = new Map(
        (await dataSource.getRepository(Customer).find()).map(({ id, name }) => [
            `v1:"${id}"`,
            name,
        ]),
    )
    const counters = (await lastOfCounters(dataSource, Invoice)).map(([scope, last]) => [
        ids.get(scope),
        last,
    ])
    const lengths = stored.map(([name, numbers]) => [name, numbers.length])
    // A counter that was made for a row which failed is left at the start.
    expect(Object.fromEntries(counters.filter(([, last]) => last !== 0))).to.deep.equal(
        Object.fromEntries(lengths),
    )
    return Object.fromEntries(lengths) as Record<string, number>
}

/** The scopes of a series and where their counters are. */
export async function lastOfCounters(
    dataSource: DataSource,
    entity: EntityTarget<ObjectLiteral>,
): Promise<[scope: string, last: number][]> {
    const [series] = seriesOf(dataSource.getMetadata(entity))
    const counters = await dataSource
        .getRepository<AutoSequenceCounter>(COUNTER_ENTITY)
        .find({ where: { series: series!.name }, order: { scope: "ASC" } })
    return counters.map(({ scope, last }) => [scope, Number(last)])
}

export async function ticketsOf(dataSource: DataSource): Promise<number[]> {
    const tickets = await dataSource.getRepository(Ticket).find({ order: { number: "ASC" } })
    return tickets.map(({ number }) => number)
}
