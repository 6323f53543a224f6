import "reflect-metadata"
import { writeSync } from "node:fs"
import { DataSource, type DataSourceOptions } from "typeorm"
import { withAutoSequence } from "../../../src"
import {
    countedEntities,
    type Counting,
    customersIn,
    invoicesIn,
} from "../../support/counted-invoices"

const [strategy = "", options = "", workers = "1"] = process.argv.slice(2)
const TURNS = 10

/** Prints how many rows are committed, and "open" when it is inside of a transaction for good. */
async function main(): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({
            ...(JSON.parse(options) as DataSourceOptions),
            entities: countedEntities[strategy as Counting],
        }),
    )
    await dataSource.initialize()
    const customers = await customersIn(dataSource.manager).find({ order: { id: "ASC" } })
    const transaction = async (turn: number) => {
        await dataSource.transaction(async (manager) => {
            for (const customer of customers) {
                const rows = [{ customer }, { customer }]
                await invoicesIn(manager).save(rows)
            }
            if (turn < TURNS) return
            writeSync(1, "open\n")
            await new Promise((resolve) => setTimeout(resolve, 600_000))
        })
        writeSync(1, `${customers.length * 2}\n`)
    }
    await Promise.all(
        Array.from({ length: Number(workers) }, async () => {
            for (let turn = 1; ; turn += 1) await transaction(turn)
        }),
    )
}

void main()
