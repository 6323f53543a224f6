import { expect } from "chai"
import { DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, InvalidOptionError, withAutoSequence } from "../src"
import { expectRejects, expectThrows } from "./support/errors"
import { onEveryDatabase } from "./support/databases"
import { storedCounters } from "./support/stored"

describe("The strategy of a data source", () => {
    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ gapless: false }) number!: number
    }
    const options: DataSourceOptions = {
        type: "better-sqlite3",
        database: ":memory:",
        entities: [Invoice],
    }

    it("is refused where there is no such", () =>
        expectThrows(
            () => withAutoSequence(options, { strategy: "max" as "counter" }),
            InvalidOptionError,
            'strategy is "max", give one of table-lock, counter, trigger.',
        ))

    it("takes the options of its columns, or refuses them", async () => {
        for (const strategy of ["table-lock", undefined] as const)
            await expectRejects(
                new DataSource(withAutoSequence(options, { strategy })).initialize(),
                InvalidOptionError,
                'Invoice.number: gapless needs strategy "counter", and the strategy is "table-lock".',
            )
        const dataSource = new DataSource(withAutoSequence(options, { strategy: "counter" }))
        await dataSource.initialize()
        await dataSource.destroy()
    })

    it("stays where the options are given once more", async () => {
        const once = withAutoSequence(options, { strategy: "counter" })
        const dataSource = new DataSource(withAutoSequence({ ...once }))
        await dataSource.initialize()
        await dataSource.destroy()
    })
})

onEveryDatabase("Columns without a strategy", (database) => {
    it("have that of their data source", async () => {
        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn() number!: number
        }
        const dataSource = await database().connect([Letter], { strategy: "counter" })
        const letters = dataSource.getRepository(Letter)
        const [first] = await letters.save([{}, {}])
        await letters.remove(first!)
        const { number } = await letters.save({})
        expect(number).to.equal(3)
        expect((await storedCounters(dataSource)).map(({ last }) => last)).to.eql(["3"])
    })
})
