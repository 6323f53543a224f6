import { expect } from "chai"
import { Column, Entity, PrimaryColumn } from "typeorm"
import { AutoSequenceColumn, InvalidOptionError, verifyAutoSequence } from "../../src"
import { onEachDatabase, onEveryDatabase } from "../support/databases"
import { expectRejects } from "../support/errors"

function listed(type: "int" | "text") {
    @Entity("listed_note")
    class Listed {
        @PrimaryColumn({ type, array: true }) id!: number[]
        @AutoSequenceColumn({ strategy: "counter", assign: "commit" }) number!: number | null
    }
    return Listed
}

function timed(type: "timestamp" | "datetime", precision: number) {
    const now = type === "datetime" ? `CURRENT_TIMESTAMP(${precision})` : "clock_timestamp()"
    class Timed {
        @PrimaryColumn({ type, precision, default: () => now }) at!: Date
        number!: number | null
        @Column({ default: false }) isFinal!: boolean
    }
    Entity("timed_note")(Timed)
    return Timed
}

onEachDatabase("Rows whose primary keys are lists", (database) => {
    for (const [type, ids] of [
        [
            "int",
            [
                [1, 2],
                [2, 1],
                [[3], [4]],
            ],
        ],
        [
            "text",
            [
                ["{a"],
                ['"', "\\"],
                [
                    ["NULL", null],
                    ["b,c", ""],
                ],
            ],
        ],
    ] as const)
        it(`are numbered at COMMIT: ${type}`, async () => {
            const Listed = listed(type)
            const dataSource = await database().connect([Listed])
            const [a, b, c] = ids.map((id) => ({ id: [...id] as number[] }))
            await dataSource.transaction((manager) => manager.insert(Listed, [a!, b!]))
            expect(await dataSource.manager.save(Listed, c!)).to.include({ number: 3 })
            const rows = await dataSource.manager.find(Listed, { order: { number: "ASC" } })
            expect(rows.map(({ id, number }) => [id, number])).to.eql(
                ids.map((id, at) => [id, at + 1]),
            )
        })
})

onEveryDatabase(
    "Rows whose primary keys are moments that the database makes",
    (database) => {
        const ways = { drafts: { when: { isFinal: true } }, commit: { assign: "commit" } } as const
        for (const [way, options] of Object.entries(ways))
            it(`are refused where they have microseconds: ${way}`, async () => {
                const type = database().can.tableLock ? "timestamp" : "datetime"
                const Timed = timed(type, 6)
                AutoSequenceColumn({ strategy: "counter", ...options })(Timed.prototype, "number")
                const dataSource = await database().connect([Timed])
                const insert = dataSource.transaction((manager) => manager.insert(Timed, {}))
                await expectRejects(
                    insert,
                    InvalidOptionError,
                    "Timed.number",
                    "at",
                    "precision: 3",
                )
                await expectRejects(verifyAutoSequence(dataSource), InvalidOptionError)
                expect(await dataSource.manager.count(Timed)).to.equal(0)
            })

        it("are numbered where they have milliseconds", async () => {
            const Timed = timed(database().can.tableLock ? "timestamp" : "datetime", 3)
            AutoSequenceColumn({ strategy: "counter", ...ways.drafts })(Timed.prototype, "number")
            const dataSource = await database().connect([Timed])
            await dataSource.manager.insert(Timed, {})
            await dataSource.transaction((manager) =>
                manager.update(Timed, { isFinal: false }, { isFinal: true }),
            )
            expect(await dataSource.manager.findOneBy(Timed, {})).to.include({ number: 1 })
        })
    },
    // SQLite has texts.
    (can) => can.bigints,
)
