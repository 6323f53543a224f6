import { expect } from "chai"
import { Column, Entity, PrimaryColumn } from "typeorm"
import { AutoSequenceColumn, seriesOf } from "../../src"
import { onEachCell } from "../support/matrix"

const uuid = (first: string, last: string) => `${first}0000000-0000-1000-8000-00000000000${last}`
const day = (date: number) => new Date(2026, 10, date)

onEachCell(
    "Drafts that one UPDATE makes final",
    ({ way, can, tables }) => {
        abstract class Draft {
            @Column({ length: 9, default: "draft" }) status!: string
            @AutoSequenceColumn({ ...way.options, when: { status: "final" } })
            number!: number | null
        }

        @Entity()
        class OfUuid extends Draft {
            @PrimaryColumn({ type: "uuid" }) id!: string
        }

        @Entity()
        class OfText extends Draft {
            @PrimaryColumn({ length: 9 }) id!: string
        }

        @Entity()
        class OfDecimal extends Draft {
            @PrimaryColumn({ type: "decimal", precision: 5, scale: 1 }) id!: string
        }

        @Entity()
        class OfDate extends Draft {
            @PrimaryColumn({ type: Date }) id!: Date
        }

        @Entity()
        class OfTwo extends Draft {
            @PrimaryColumn({ length: 9 }) id!: string
            @PrimaryColumn() at!: number
        }

        /** Has columns that are called as what is read of a row beside them. */
        @Entity()
        class Bill extends Draft {
            @PrimaryColumn() id!: number
            @Column() due!: number
            @Column({ default: "draft", length: 9 }) keeps!: string
        }

        const entities = [OfUuid, OfText, OfDecimal, OfDate, OfTwo]
        const dataSource = tables([...entities, Bill])
        const keys: [(typeof entities)[number], object[]][] = [
            // MariaDB compares those of its own type from their ends.
            [OfUuid, [uuid("3", "1"), uuid("1", "3"), uuid("2", "2")].map((id) => ({ id }))],
            [OfText, ["b", "A", "a1", "C", "10", "9"].map((id) => ({ id }))],
            [OfDecimal, ["10.5", "-2.5", "9.5", "100"].map((id) => ({ id }))],
            [OfDate, [3, 1, 4, 2, 30].map((at) => ({ id: day(at) }))],
            [
                OfTwo,
                [
                    ["b", 1],
                    ["a", 10],
                    ["B", 0],
                    ["a", 9],
                ].map(([id, at]) => ({ id, at })),
            ],
        ]

        for (const [entity, given] of keys)
            it(`are numbered in the order of their keys: ${entity.name}`, async () => {
                const rows = dataSource().getRepository(entity)
                for (const key of given) await rows.insert(key)
                await dataSource().transaction((manager) =>
                    manager.update(entity, { status: "draft" }, { status: "final" }),
                )
                const order = (entity === OfTwo ? { id: 1, at: 1 } : { id: 1 }) as object
                const found = await rows.find({ order })
                expect(found.map(({ number }) => number)).to.eql(given.map((_, at) => at + 1))
            })

        const saveBills = async () => {
            for (const [at, due] of [3, 1, 2].entries())
                await dataSource().getRepository(Bill).insert({ id: at, due })
        }
        const numbers = async () =>
            (
                await dataSource()
                    .getRepository(Bill)
                    .find({ order: { due: "ASC" } })
            ).map(({ number }) => number)

        it("are numbered in the order that assign() is given", async () => {
            await saveBills()
            const assigned = await dataSource().transaction((manager) =>
                seriesOf(dataSource(), Bill, "number").assign(manager, [0, 1, 2], {
                    set: { status: "final" },
                    orderBy: { due: "ASC" },
                }),
            )
            expect(assigned.map(({ due }) => due)).to.eql([1, 2, 3])
            expect(await numbers()).to.eql([1, 2, 3])
        })

        if (can.limitsUpdates)
            it("are the first ones of the order that the UPDATE has, and numbered in that", async () => {
                await saveBills()
                const update = (limit: number) =>
                    dataSource().transaction((manager) =>
                        manager
                            .createQueryBuilder()
                            .update(Bill)
                            .set({ status: "final" })
                            .where("status = 'draft'")
                            .orderBy("due")
                            .limit(limit)
                            .execute(),
                    )
                await update(2)
                expect(await numbers()).to.eql([1, 2, null])
                await update(2)
                expect(await numbers()).to.eql([1, 2, 3])
            })
    },
    ({ isInDatabase, hasDrafts, isGapless }) => hasDrafts && !isInDatabase && isGapless,
)
