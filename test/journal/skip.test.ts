import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    InvalidNumberError,
    InvalidOptionError,
    NumberTakenError,
    seriesOf,
    UnsupportedError,
} from "../../src"
import { onEachCell } from "../support/matrix"
import { rejection } from "../support/errors"
import { rolledBack } from "../support/rows"
import { FINAL, invoicesWith, SCOPE } from "./entities"

onEachCell(
    "Numbers that are skipped",
    ({ way, can, tables }) => {
        const Invoice = invoicesWith(way.options)
        const dataSource = tables([Invoice])
        const invoices = () => dataSource().getRepository(Invoice)
        const series = () => seriesOf(dataSource(), Invoice, "number")
        const skip = (from: number, to: number, manager = dataSource().manager) =>
            series().skip(manager, SCOPE, { from, to, reason: "printer jam", by: "ann" })
        const save = async () => (await invoices().save({ ...FINAL })).number
        const events = async () =>
            (await series().events(SCOPE)).map(({ kind, first, last }) => [kind, first, last])

        it("are the next ones, and numbers go on after them", async () => {
            expect(await save()).to.equal(1)
            await skip(2, 5)
            expect(await save()).to.equal(6)
            await skip(7, 7)
            expect(await save()).to.equal(8)
            const [event] = await series().events(SCOPE)
            expect(event).to.include({ reason: "printer jam", by: "ann", first: 2, last: 5 })
            expect(await events()).to.eql([
                ["skip", 2, 5],
                ["skip", 7, 7],
            ])
        })

        it("are the first ones of a scope", async () => {
            await skip(1, 3)
            expect(await save()).to.equal(4)
        })

        it("are numbers that were passed over, but none that a row has", async () => {
            await save()
            await dataSource().transaction((manager) => series().setNext(manager, SCOPE, 6))
            expect(await save()).to.equal(6)
            const taken = await rejection(skip(1, 3))
            expect(taken).to.be.instanceOf(NumberTakenError)
            expect(taken.message).to.include("rows have 1")
            await skip(2, 2)
            await skip(4, 5)
            const again = await rejection(skip(3, 4))
            expect(again).to.be.instanceOf(NumberTakenError)
            expect(again.message).to.include("4 to 5 were already skipped")
            await skip(3, 3)
            expect(await save()).to.equal(7)
            expect((await events()).slice(-3)).to.eql([
                ["skip", 2, 2],
                ["skip", 4, 5],
                ["skip", 3, 3],
            ])
        })

        it("leave none out in silence, and are numbers of the scope", async () => {
            await save()
            for (const [from, to, problem] of [
                [3, 5, "the next number of the scope is 2"],
                [2, 1, "the first is above the last"],
                [0, 1, "numbers start at 1"],
            ] as const) {
                const error = await rejection(skip(from, to))
                expect(error).to.be.instanceOf(InvalidNumberError)
                expect(error.message).to.include(`Numbers ${from} to ${to} of`)
                expect(error.message).to.include(problem)
            }
            for (const options of [{}, { from: 2, to: 3 }, { from: 2, to: 3, reason: " " }])
                expect(
                    await rejection(series().skip(dataSource().manager, SCOPE, options as never)),
                ).to.be.instanceOf(InvalidOptionError)
            expect(await events()).to.eql([])
            expect(await save()).to.equal(2)
        })

        it("are given after a rollback", async () => {
            await save()
            await rolledBack(dataSource(), (manager) => skip(2, 9, manager))
            expect(await save()).to.equal(2)
            expect(await events()).to.eql([])
        })

        if (can.parallel)
            it("are none that came since the snapshot of the transaction", async () => {
                await dataSource().transaction((manager) => series().setNext(manager, SCOPE, 9))
                const skipping = (from: number, to: number, other: () => Promise<unknown>) =>
                    dataSource().transaction("REPEATABLE READ", async (manager) => {
                        await manager.find(Invoice)
                        await other()
                        await skip(from, to, manager)
                    })
                // Some servers say themselves that the snapshot is too old.
                await rejection(skipping(3, 4, () => skip(2, 3)))
                expect((await events()).slice(1)).to.eql([["skip", 2, 3]])
                await rejection(skipping(5, 7, () => invoices().save({ ...FINAL, number: 6 })))
                expect((await events()).slice(2)).to.eql([["explicit", 6, 6]])
                expect(await save()).to.equal(9)
            })
    },
    (way) => way.movesCounter || way.isInDatabase,
)

onEachCell(
    "Numbers of several tables that are skipped",
    ({ way, tables }) => {
        const options = {
            ...way.options,
            series: "papers",
            uniqueWith: "shelf",
            incrementBy: 10,
            journal: true,
        } as const

        @Entity()
        class Note {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 10, nullable: true }) shelf!: string | null
            @AutoSequenceColumn(options) number!: number
        }
        @Entity()
        class Slip {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 10, nullable: true }) shelf!: string | null
            @AutoSequenceColumn(options) number!: number
        }
        const dataSource = tables([Note, Slip])

        it("are numbers of the series, which no row of any of them has", async () => {
            await dataSource().manager.save(
                Note,
                Array.from({ length: 6 }, () => ({})),
            )
            const skip = (from: number, to: number) =>
                seriesOf(dataSource(), Slip, "number").skip(
                    dataSource().manager,
                    { shelf: null },
                    { from, to, reason: "a" },
                )
            for (const [from, to] of [
                [55, 65],
                [61, 65],
            ] as const) {
                const error = await rejection(skip(from, to))
                expect(error).to.be.instanceOf(InvalidNumberError)
                expect(error.message).to.include("are 10 apart: 51, 61, 71.")
            }
            const taken = await rejection(skip(1, 61))
            expect(taken).to.be.instanceOf(NumberTakenError)
            expect(taken.message).to.include("rows have 1, 11, 21, 31, 41 and others")
            await skip(61, 71)
            expect(await dataSource().manager.save(Slip, {})).to.include({ number: 81 })
        })
    },
    (way) => way.movesCounter || way.isInDatabase,
)

onEachCell(
    "Numbers that can't be skipped",
    ({ way, tables }) => {
        const Invoice = invoicesWith(way.options)
        const dataSource = tables([Invoice])
        it("are those without a counter, or that may be taken ahead", async () => {
            const series = seriesOf(dataSource(), Invoice, "number")
            const attempt = series.skip(dataSource().manager, SCOPE, {
                from: 1,
                to: 2,
                reason: "a",
            })
            expect(await rejection(attempt)).to.be.instanceOf(
                way.isGapless ? InvalidOptionError : UnsupportedError,
            )
        })
    },
    (way) => !(way.movesCounter || way.isInDatabase),
)
