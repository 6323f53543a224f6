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

/** In whose tables it inserts, and in how many transactions at once. */
export interface Place {
    readonly strategy: Counting
    readonly options: object
    readonly workers: number
}

const places = JSON.parse(process.argv[2] ?? "[]") as readonly Place[]
const TURNS = 5

/** Prints how many rows are committed, and "open" when it is inside of a transaction for good, of each place. */
async function main({ strategy, options, workers }: Place): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({
            ...(options as DataSourceOptions),
            entities: countedEntities[strategy],
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
            writeSync(1, `${strategy} open\n`)
            await new Promise((resolve) => setTimeout(resolve, 600_000))
        })
        writeSync(1, `${strategy} ${customers.length * 2}\n`)
    }
    await Promise.all(
        Array.from({ length: workers }, async () => {
            for (let turn = 1; ; turn += 1) await transaction(turn)
        }),
    )
}

for (const place of places) void main(place)
