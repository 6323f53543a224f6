// DATABASE_URL=postgres://… npx ts-node bench/signals.ts [--json]
//
// What the channels of node:diagnostics_channel cost: saves of one row each, strategy "counter", without a listener, with
// one at each channel, and with what reports to OpenTelemetry. Ends by checking the numbers.
import "reflect-metadata"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn, reportToOpenTelemetry } from "../src"
import { compare, inParallel, print, withDatabase } from "./support"

const ROWS = 200
const WORKERS = 4
const ROUNDS = 9
const CHANNELS = ["take", "retry", "lost", "gap-refused"].map((name) => `autosequence:${name}`)

@Entity()
class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) area!: number
    @AutoSequenceColumn({ strategy: "counter", uniqueWith: "area" }) number!: number
}

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase([Ticket], WORKERS, async (dataSource) => {
        let heard = 0
        const listener = () => void (heard += 1)
        const count = () => ({ record: listener, add: listener })
        const save = () =>
            inParallel(WORKERS, ROWS, (at) => dataSource.manager.save(Ticket, { area: at % 100 }))
        const comparison = await compare(`${ROWS} saves, ${WORKERS} at once`, ROUNDS, [
            { name: "nobody listens", run: save },
            // What differs between these two is what the machine does to a round.
            { name: "nobody listens, once more", run: save },
            {
                name: "a listener at each channel",
                async run() {
                    for (const channel of CHANNELS) subscribe(channel, listener)
                    await save().finally(() => {
                        for (const channel of CHANNELS) unsubscribe(channel, listener)
                    })
                },
            },
            {
                name: "OpenTelemetry's metrics",
                async run() {
                    const meter = { createHistogram: count, createCounter: count }
                    await save().finally(reportToOpenTelemetry({ meter }))
                },
            },
        ])
        if (heard < (ROUNDS + 1) * ROWS * 3) throw new Error(`Only ${heard} messages came.`)
        await assertNumbers(dataSource)
        await print(dataSource, [comparison], "Each area has 1 to N.")
    })
}

async function assertNumbers(dataSource: DataSource): Promise<void> {
    const wrong = await dataSource.query<unknown[]>(
        'SELECT area FROM autosequence_bench.ticket GROUP BY area HAVING MAX("number") <> COUNT(DISTINCT "number") OR MIN("number") <> 1',
    )
    if (wrong.length > 0) throw new Error(`${wrong.length} areas have gaps or duplicates.`)
}
