import { expect } from "chai"
import { Column, type DataSource, DeleteDateColumn, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    backfillNumbers,
    DocumentNumber,
    InvalidOptionError,
    UnknownOrderError,
    UnsupportedError,
} from "../../src"
import { onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

interface Old {
    readonly area: string
    readonly rank: number | null
    readonly number?: number
}

/** Inserts rows by raw SQL, as they were before the column came. */
async function insertOld(dataSource: DataSource, rows: readonly Old[]): Promise<void> {
    const { driver } = dataSource
    const { tablePath } = dataSource.getMetadata("Ticket")
    const table = tablePath.split(".").map((part) => driver.escape(part))
    const columns = ["area", "rank", "number"].map((name) => driver.escape(name))
    const values = rows.map((r) => `('${r.area}', ${r.rank ?? "NULL"}, ${r.number ?? "NULL"})`)
    await dataSource.query(
        `INSERT INTO ${table.join(".")} (${columns.join(", ")}) VALUES ${values.join(", ")}`,
    )
}

onEachCell(
    "backfillNumbers",
    ({ way, can, tables }) => {
        const { options } = way

        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 9 }) area!: string
            @Column({ type: "int", nullable: true }) rank!: number | null
            @DeleteDateColumn() deletedAt!: Date | null
            @AutoSequenceColumn({ ...options, uniqueWith: "area", nullable: true })
            number!: number | null
            @DocumentNumber({ of: "number", format: "T-{000}", uniqueWith: "area" })
            text!: string | null
        }

        const opened = tables([Ticket])
        const all = () => opened().manager.find(Ticket, { order: { id: "ASC" }, withDeleted: true })

        it("numbers rows in the order that is asked for, after those that have one, and goes on where it ended", async () => {
            const dataSource = opened()
            const save = (area: string) => dataSource.manager.save(Ticket, { area, rank: 0 })
            await insertOld(dataSource, [{ area: "a", rank: 1 }])
            await save("a")
            const rank = [3, 1, null, 2, 5, 4, 1]
            await insertOld(
                dataSource,
                rank.flatMap((one) => [
                    { area: "a", rank: one },
                    { area: "b", rank: one },
                ]),
            )
            await dataSource.manager.softDelete(Ticket, { area: "b", rank: 5 })
            await save("b")

            const end = new AbortController()
            const first = await backfillNumbers(dataSource, Ticket, {
                ...{ orderBy: "rank", batchSize: 4, signal: end.signal },
                onProgress: () => end.abort(),
            })
            expect(first).to.include({ done: 4, total: 15 })
            const seen: number[] = []
            const rest = await backfillNumbers(dataSource, Ticket, {
                ...{ orderBy: ["rank", "id"], batchSize: 4, property: "number" },
                onProgress: ({ done }) => seen.push(done),
            })
            expect(rest).to.include({ done: 11, total: 11 })
            expect(seen).to.eql([4, 8, 11])
            await save("a")
            await save("b")

            const rows = await all()
            const of = (area: string) =>
                rows.filter((row) => row.area === area).map((row) => [row.rank, row.number])
            // What stands where is by id; equal ranks are by id, NULL is last.
            expect(of("a")).to.eql([
                ...[
                    [1, 2],
                    [0, 1],
                    [3, 6],
                    [1, 3],
                    [null, 9],
                    [2, 5],
                ],
                ...[
                    [5, 8],
                    [4, 7],
                    [1, 4],
                    [0, 10],
                ],
            ])
            expect(of("b")).to.eql([
                ...[
                    [3, 5],
                    [1, 2],
                    [null, 8],
                    [2, 4],
                    [5, 7],
                    [4, 6],
                    [1, 3],
                ],
                ...[
                    [0, 1],
                    [0, 9],
                ],
            ])
            for (const { number, text } of rows)
                expect(text).to.equal(`T-${String(number).padStart(3, "0")}`)
            expect(await backfillNumbers(dataSource, Ticket, { orderBy: "rank" })).to.include({
                done: 0,
                total: 0,
            })
        })

        if (can.parallel)
            it("numbers rows while others insert, change, delete, and number them", async () => {
                const dataSource = opened()
                const areas = ["a", "b", "c"]
                await insertOld(
                    dataSource,
                    Array.from({ length: 60 }, (_, at) => ({ area: areas[at % 3]!, rank: at })),
                )
                const old = await all()
                const writer = async (at: number) => {
                    for (let i = 0; i < 8; i++)
                        await dataSource.manager.save(Ticket, {
                            area: areas[(at + i) % 3]!,
                            rank: i,
                        })
                }
                const fill = () => backfillNumbers(dataSource, Ticket, { batchSize: 3 })
                const changing = async () => {
                    for (const row of old.slice(30, 36))
                        await dataSource.manager.update(Ticket, row.id, { rank: -1 })
                    await dataSource.manager.delete(
                        Ticket,
                        old.slice(40, 46).map(({ id }) => id),
                    )
                }
                // Two fill the same rows.
                await Promise.all([fill(), fill(), changing(), ...[0, 1, 2].map(writer)])
                const rows = await all()
                expect(rows).to.have.lengthOf(60 + 24 - 6)
                for (const area of areas) {
                    const numbers = rows.filter((r) => r.area === area).map((r) => r.number)
                    expect(new Set(numbers).size).to.equal(numbers.length)
                    expect(numbers).to.not.include(null)
                    await dataSource.manager.save(Ticket, { area, rank: 0 })
                }
                // Nothing of what was taken is left behind, but numbers of rows that were deleted after they had got one.
                const after = await all()
                for (const area of areas) {
                    const numbers = after.filter((r) => r.area === area).map((r) => r.number ?? 0)
                    const missing = Math.max(...numbers) - numbers.length
                    expect(missing).to.be.within(0, 2)
                }
            })
    },
    (way) => way.options.strategy !== "trigger" && way.options.gapless !== false,
)

onOnePostgres("backfillNumbers", (database) => {
    it("refuses what it can't do before it writes", async () => {
        @Entity()
        class Keyed {
            @PrimaryGeneratedColumn("uuid") id!: string
            @AutoSequenceColumn({ strategy: "counter", nullable: true }) number!: number | null
        }
        @Entity()
        class Triggered {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn({ strategy: "trigger" }) number!: number
        }
        const dataSource = await database().connect([Keyed, Triggered])
        const refused = async (...args: Parameters<typeof backfillNumbers>) =>
            rejection(backfillNumbers(...args))
        expect(await refused(dataSource, Keyed)).to.be.instanceOf(UnknownOrderError)
        expect(await refused(dataSource, Triggered)).to.be.instanceOf(UnsupportedError)
        for (const wrong of [
            { batchSize: 0 },
            { property: "nothing" },
            { orderBy: "nothing" },
            { orderBy: 5 },
            { nothing: true },
        ])
            expect(await refused(dataSource, Keyed, wrong as never)).to.be.instanceOf(
                InvalidOptionError,
            )
        expect(await backfillNumbers(dataSource, Keyed, { orderBy: "id" })).to.include({ done: 0 })
    })
})
