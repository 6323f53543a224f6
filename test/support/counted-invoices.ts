import { expect } from "chai"
import {
    Check,
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    type EntityTarget,
    JoinColumn,
    ManyToOne,
    type ObjectLiteral,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn } from "../../src"
import type { AutoSequenceCounter } from "../../src"
import { seriesOf } from "../../src/series/resolve-series"
import { upTo } from "./invoices"
import { LastingClient } from "./lasting-client"
import type { Capabilities, TestDatabase } from "./test-database"
import { dataSourceOf, tableName } from "./typeorm"

/** The strategies that count in rows of a table. */
export const COUNTING = ["counter", "trigger"] as const
export type Counting = (typeof COUNTING)[number]

export interface Customer {
    id: number
    name: string
    invoices: Invoice[]
}

export interface Invoice {
    id: number
    customer: Customer
    number: number
    amount: number
    reference: string | null
}

export interface Ticket {
    id: number
    number: number
    title: string
}

/** The same tables for each strategy. */
function entitiesOf(strategy: Counting) {
    @Entity({ name: "customer" })
    class Customer {
        @PrimaryGeneratedColumn() id!: number
        @Column() name!: string
        @OneToMany(() => Invoice, (invoice) => invoice.customer, { cascade: true })
        invoices!: Relation<Invoice>[]
    }

    /** With what makes an INSERT fail. */
    @Entity({ name: "invoice" })
    @Check(`"amount" >= 0`)
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, (customer) => customer.invoices, { nullable: false })
        @JoinColumn({ name: "customer_id" })
        customer!: Relation<Customer>
        @AutoSequenceColumn({ uniqueWith: "customer", strategy }) number!: number
        @Column({ type: "int", default: 0 }) amount!: number
        @Column({ type: "varchar", length: 100, nullable: true, unique: true })
        reference!: string | null
    }

    /** One series over the whole table. */
    @Entity({ name: "ticket" })
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy }) number!: number
        @Column({ default: "" }) title!: string
    }

    return [Customer, Invoice, Ticket, Parcel]
}

/** Numbers that may be lost, beside those of either strategy. */
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

export const countedEntities = { counter: entitiesOf("counter"), trigger: entitiesOf("trigger") }

// The entities are called the same for each strategy.
export const customersIn = (manager: EntityManager) => manager.getRepository<Customer>("Customer")
export const invoicesIn = (manager: EntityManager) => manager.getRepository<Invoice>("Invoice")
export const ticketsIn = (manager: EntityManager) => manager.getRepository<Ticket>("Ticket")

/** Not on SQLite, which has no bigints. */
export function worksWith(strategy: Counting): (can: Capabilities) => boolean {
    return ({ bigints }) => strategy === "counter" || bigints
}

/** On the tables that the last test of the block has left, without rows. */
export const connectCounted = (database: TestDatabase, strategy: Counting) =>
    database.connect(countedEntities[strategy], { emptied: true })

/** Neither waits for the disk nor, long, before it looks for deadlocks. */
export async function connectFast(
    database: TestDatabase,
    connections: number,
    strategy: Counting,
    options: { sameAs?: DataSource; synchronize?: boolean } = {},
): Promise<DataSource> {
    const entities = countedEntities[strategy]
    const emptied = options.sameAs === undefined
    if (database.kind !== "postgres")
        return database.connect(entities, { connections, emptied, ...options })
    const extra = {
        max: connections,
        Client: LastingClient,
        options: "-c synchronous_commit=off -c deadlock_timeout=20ms",
    }
    return database.connect(entities, { extra, emptied, ...options })
}

export async function customers(
    dataSource: DataSource,
    ...names: string[]
): Promise<[Customer, ...Customer[]]> {
    const saved = await customersIn(dataSource.manager).save(names.map((name) => ({ name })))
    return saved as unknown as [Customer, ...Customer[]]
}

/** The numbers in the table, per customer, in order. */
export async function numbersOf(dataSource: DataSource): Promise<Record<string, number[]>> {
    const rows = await invoicesIn(dataSource.manager)
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
        (await customersIn(dataSource.manager).find()).map(({ id, name }) => [`v1:"${id}"`, name]),
    )
    const counters = (await lastOfCounters(dataSource, "Invoice")).map(([scope, last]) => [
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
        .getRepository<AutoSequenceCounter>("AutoSequenceCounter")
        .find({ where: { series: series!.name }, order: { scope: "ASC" } })
    return counters.map(({ scope, last }) => [scope, Number(last)])
}

export async function ticketsOf(dataSource: DataSource): Promise<number[]> {
    const tickets = await ticketsIn(dataSource.manager).find({ order: { number: "ASC" } })
    return tickets.map(({ number }) => number)
}

/** Inserts rows by SQL alone, with these numbers or with those that the database makes. */
export async function insertBySql(
    manager: EntityManager,
    customer: Customer,
    numbers: readonly (number | undefined)[],
): Promise<void> {
    const { metadata } = invoicesIn(manager)
    const escape = (name: string) => dataSourceOf(metadata).driver.escape(name)
    const columns = ["customer_id", ...(numbers.includes(undefined) ? [] : [escape("number")])]
    const values = numbers.map((number) => `(${[customer.id, ...(number ? [number] : [])].join()})`)
    await manager.query(
        `INSERT INTO ${tableName(metadata)} (${columns.join()}) ` + `VALUES ${values.join()}`,
    )
}

/** Rows of a time before there were counters. */
export async function insertWithoutCounter(
    dataSource: DataSource,
    customer: Customer,
    numbers: readonly number[],
): Promise<void> {
    await insertBySql(dataSource.manager, customer, numbers)
    // A trigger has made them one.
    await dataSource.getRepository("AutoSequenceCounter").createQueryBuilder().delete().execute()
}
