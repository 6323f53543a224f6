import "reflect-metadata"
import { writeSync } from "node:fs"
import { DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, withAutoSequence } from "../../../src"

const [options = "", cache = "1", end = ""] = process.argv.slice(2)

@Entity({ name: "event" })
class Event {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", gapless: false, cache: Number(cache) })
    number!: number
}

/** Prints the numbers of rows that are stored: so many, or until it is killed. */
async function main(): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({ ...(JSON.parse(options) as DataSourceOptions), entities: [Event] }),
    )
    await dataSource.initialize()
    const events = dataSource.getRepository(Event)
    const take = async () => {
        const { number } = await events.save({})
        writeSync(1, `${number}\n`)
    }
    if (end !== "killed") {
        await Promise.all(Array.from({ length: Number(end) }, take))
        await dataSource.destroy()
        return void writeSync(1, "destroyed\n")
    }
    for (let turn = 1; ; turn += 1) {
        await Promise.all(Array.from({ length: 5 }, take))
        if (turn === 13) {
            void take()
            process.kill(process.pid, "SIGKILL")
        }
    }
}

void main()
