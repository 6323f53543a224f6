// npm run demo [-- path/to/orders.csv]
//
// Imports orders from a CSV file as invoices that are numbered for each customer, in one
// transaction, and prints every customer's numbers. Orders that are stored already are left out.
import { join, relative } from "node:path"
import Table from "cli-table3"
import type { DataSource, EntityManager } from "typeorm"
import { dataSource } from "../ormconfig"
import { Customer } from "./entities/customer"
import { Invoice } from "./entities/invoice"
import { type Order, readOrders } from "./read-orders"

const SCHEMA = "autosequence_demo"
const [, , path = relative("", join(__dirname, "orders.csv")), ...more] = process.argv

main().catch((error: unknown) => {
    console.error(describe(error))
    process.exitCode = 1
})

async function main(): Promise<void> {
    if (more.length > 0) throw new Error("Give one file: npm run demo -- path/to/orders.csv")
    const orders = await readOrders(path)
    await dataSource.initialize()
    try {
        await createTables(dataSource)
        const imported = await dataSource.transaction((manager) => importOrders(manager, orders))
        console.log(await invoicesByCustomer(dataSource))
        console.log(
            `Imported ${imported} of ${orders.length} orders from ${path} into ` +
                `${await databaseName(dataSource)}.`,
        )
        if (imported < orders.length)
            console.log(`The other ${orders.length - imported} were there already.`)
    } finally {
        await dataSource.destroy()
    }
}

/** Resolves to how many were imported. */
async function importOrders(manager: EntityManager, orders: readonly Order[]): Promise<number> {
    const stored = await manager.find(Invoice, { select: { orderId: true } })
    const storedIds = new Set(stored.map(({ orderId }) => orderId))
    const added = orders.filter(({ orderId }) => !storedIds.has(orderId))

    const customers = new Map<string, Customer>()
    for (const customer of await manager.find(Customer)) customers.set(customer.name, customer)
    for (const { customer: name } of added)
        if (!customers.has(name))
            customers.set(name, await manager.save(manager.create(Customer, { name })))

    // No number is set here: each invoice has the next one of its customer when it is saved.
    await manager.save(
        added.map(({ orderId, date, customer, amount }) =>
            manager.create(Invoice, { orderId, date, amount, customer: customers.get(customer) }),
        ),
        { chunk: 1000 },
    )
    return added.length
}

async function invoicesByCustomer(dataSource: DataSource): Promise<string> {
    const invoices = await dataSource.getRepository(Invoice).find({
        relations: { customer: true },
        order: { customer: { name: "ASC" }, number: "ASC" },
    })
    const byCustomer = new Map<string, Invoice[]>()
    for (const invoice of invoices) {
        const ofCustomer = byCustomer.get(invoice.customer.name)
        if (ofCustomer) ofCustomer.push(invoice)
        else byCustomer.set(invoice.customer.name, [invoice])
    }

    const width = Math.min(Math.max(process.stdout.columns || 80, 80), 120)
    const table = new Table({
        head: ["Customer", "Invoices", "Numbers", "Total"],
        colWidths: [20, 10, width - 49, 14],
        colAligns: ["left", "right", "left", "right"],
        wordWrap: true,
        style: { head: [], border: [] },
    })
    for (const [name, ofCustomer] of byCustomer) {
        const numbers = ofCustomer.map(({ number }) => number).join(", ")
        table.push([name, ofCustomer.length, numbers, total(ofCustomer)])
    }
    return table.toString()
}

/** In cents, as floating point would not be exact. */
function total(invoices: readonly Invoice[]): string {
    const cents = invoices.reduce((sum, { amount }) => sum + BigInt(amount.replace(".", "")), 0n)
    const digits = String(cents < 0n ? -cents : cents).padStart(3, "0")
    return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** Runs the migrations of examples/migrations that this database has not had yet. */
async function createTables(dataSource: DataSource): Promise<void> {
    await dataSource.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`)
    const [{ isOlder }] = await dataSource.query<[{ isOlder: boolean }]>(
        `SELECT to_regclass('${SCHEMA}.invoice') IS NOT NULL AND
                to_regclass('${SCHEMA}.migrations') IS NULL AS "isOlder"`,
    )
    if (isOlder)
        throw new Error(
            `The tables in schema ${SCHEMA} were made without migrations, by an older version of ` +
                `this demo. Drop them: DROP SCHEMA ${SCHEMA} CASCADE`,
        )
    await dataSource.runMigrations()
}

async function databaseName(dataSource: DataSource): Promise<string> {
    const url = process.env.DATABASE_URL
    if (!url) return "PGlite, a PostgreSQL in memory"
    const [{ name, version }] = await dataSource.query<[{ name: string; version: string }]>(
        "SELECT current_database() AS name, current_setting('server_version') AS version",
    )
    return `database ${name}, schema ${SCHEMA}, on PostgreSQL ${version}`
}

function describe(error: unknown): string {
    // Where a host has several addresses, the errors of all of them come without a text.
    if (error instanceof AggregateError) return error.errors.map(describe).join("\n")
    return error instanceof Error ? error.message : String(error)
}
