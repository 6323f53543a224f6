import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    InvalidNumberError,
    NumberTakenError,
    seriesOf,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

const thousand = {
    to: (value: unknown) => (typeof value === "number" ? value - 1000 : value),
    from: (value: unknown) => (typeof value === "number" ? value + 1000 : value),
}
const currency = {
    to: (value: { code: string } | null | undefined) => value?.code ?? null,
    from: (code: string | null) => code && { code },
}

onEachCell(
    "Numbers and scopes that entities have by a transformer",
    ({ way, tables }) => {
        @Entity()
        class Bill {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 3, transformer: currency })
            currency!: { code: string }
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "currency",
                journal: true,
                transformer: thousand,
            })
            number!: number
            @DocumentNumber({ of: "number", format: "B-{000}", uniqueWith: ["currency"] })
            text!: string
        }

        const dataSource = tables([Bill])
        const bills = () => dataSource().getRepository(Bill)
        const numbers = () => seriesOf(dataSource(), Bill, "number")
        const scope = { currency: { code: "EUR" } }
        const other = { currency: { code: "USD" } }
        const reason = "moved"
        const save = async () => (await bills().save(bills().create(scope))).number
        const events = async (options = {}) =>
            (await numbers().events(scope, options)).map(({ kind, first, last }) => {
                return [kind, first, last]
            })

        it("are asked for, skipped and set as entities have them", async () => {
            const { manager } = dataSource()
            expect(await numbers().last(scope)).to.equal(null)
            const settings = numbers().settings(scope)
            await settings.setFirstNumber(manager, 1003, { reason })
            expect(await save()).to.equal(1003)
            expect(await numbers().last(scope)).to.equal(1003)
            const { number: next } = await numbers().preview(scope)
            await numbers().skip(manager, scope, { from: next, to: next + 1, reason })
            expect(await save()).to.equal(1006)
            await numbers().setNext(manager, scope, 1010)
            expect(await numbers().next(manager, scope)).to.equal(1010)
            expect((await numbers().preview(other)).number).to.equal(1001)
            const all = [
                ["set", 1001, 1002],
                ["skip", 1004, 1005],
                ["set", 1007, 1009],
            ]
            expect(await events()).to.eql(all)
            expect(await events({ from: 1004, to: 1004 })).to.eql([all[1]])
        })

        it("are named so in errors", async () => {
            const { manager } = dataSource()
            await save()
            const skip = (from: number, to: number) =>
                rejection(numbers().skip(manager, scope, { from, to, reason }))
            expect(await skip(1005, 1006))
                .to.be.instanceOf(InvalidNumberError)
                .and.have.property("message")
                .that.includes("Numbers 1005 to 1006")
                .and.includes("is 1002.")
            expect((await skip(1001, 1001)).message)
                .to.include("Numbers 1001 to 1001")
                .and.include("rows have 1001")
            expect(await rejection(numbers().setNext(manager, scope, 1001)))
                .to.be.instanceOf(NumberTakenError)
                .and.have.property("message")
                .that.includes("given 1001")
                .and.includes("Give 1002")
        })

        it("are imported", async () => {
            const rows = [{ number: 1020 }, { text: "B-030" }, { number: 1040, text: "B-040" }]
            await numbers().import(
                dataSource(),
                rows.map((row) => ({ ...scope, ...row })),
                { reason },
            )
            const stored = await bills().find({ order: { number: "ASC" } })
            expect(stored.map(({ number, text }) => `${number} ${text}`)).to.eql([
                ...["1020 B-020", "1030 B-030", "1040 B-040"],
            ])
            expect(await save()).to.equal(1041)
        })
    },
    (way) => way.isGapless && !way.isReusing,
)
