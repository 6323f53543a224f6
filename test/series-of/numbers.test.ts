import { expect } from "chai"
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    CounterLockedError,
    InvalidNumberError,
    InvalidOptionError,
    NumberOverflowError,
    NumberTakenError,
    seriesOf,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell("The series of a column", ({ way, can, tables }) => {
    @Entity({ name: "company" })
    class Company {
        @PrimaryGeneratedColumn() id!: number
    }

    class Place {
        @Column({ type: "varchar", length: 2 }) country!: string
    }

    @Entity({ name: "invoice" })
    class Invoice {
        @PrimaryGeneratedColumn() id!: number

        @ManyToOne(() => Company, { nullable: false })
        company!: Company

        @ManyToOne(() => Company)
        @JoinColumn({ name: "branch_id" })
        branch?: Promise<Company | null>

        @Column({ name: "branch_id", nullable: true }) branchId!: number | null

        @Column() year!: number
        @Column(() => Place) place!: Place

        @AutoSequenceColumn({
            ...way.options,
            uniqueWith: ["company", "branch", "year", "place.country"],
            startAt: 10,
            incrementBy: 5,
        })
        number!: number
    }

    @Entity({ name: "letter" })
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) text!: string
        @AutoSequenceColumn({ ...way.options, type: "bigint", startAt: 2 ** 40 })
        total!: string
    }

    const dataSource = tables([Company, Invoice, Letter])
    const hasCounters = way.options.strategy !== "table-lock"

    const start = async () => {
        const [company, branch] = await dataSource().getRepository(Company).save([{}, {}])
        if (!company || !branch) throw new Error("They were saved.")
        const scope = { "place.country": "DE", year: 2030, company, branch: branch.id }
        const save = async (year: number) => {
            const row = { company, branchId: branch.id, year, place: { country: "DE" } }
            return (await dataSource().getRepository(Invoice).save(row)).number
        }
        return { numbers: seriesOf(dataSource(), Invoice, "number"), company, branch, scope, save }
    }

    it("tells the last number and the next one, in the scope that is named", async () => {
        const { numbers, company, branch, scope, save } = await start()
        const first = { number: 10, text: "10", reserved: false }
        expect(await numbers.last(scope)).to.equal(null)
        expect(await numbers.preview(scope)).to.eql(first)
        expect([await save(2030), await save(2030), await save(2031)]).to.eql([10, 15, 10])
        expect(await numbers.last(scope)).to.equal(15)
        expect(await numbers.last({ ...scope, company: company.id, branch })).to.equal(15)
        expect(await numbers.last({ ...scope, year: 2031 })).to.equal(10)
        expect(await numbers.preview(scope)).to.eql({ number: 20, text: "20", reserved: false })
        for (const other of [{ branch: null }, { "place.country": "FR" }, { company: branch }])
            expect(await numbers.preview({ ...scope, ...other })).to.eql(first)
        expect([await save(2030), await save(2031)]).to.eql([20, 15])
    })

    it("tells them inside of a transaction, as they are there", async () => {
        const { numbers, company, scope, save } = await start()
        await save(2030)
        await dataSource().transaction(async (manager) => {
            const row = { company, branchId: scope.branch, year: 2030, place: { country: "DE" } }
            await manager.save(Invoice, row)
            expect(await numbers.last(scope, manager)).to.equal(15)
            expect((await numbers.preview(scope, manager)).number).to.equal(20)
            if (can.parallel) expect(await numbers.last(scope)).to.equal(way.isGapless ? 10 : 15)
        })
        expect(await numbers.last(scope)).to.equal(15)
    })

    it("has the type of its column", async () => {
        const letters = seriesOf(dataSource(), Letter, "total")
        const [first, second] = [String(2 ** 40), String(2 ** 40 + 1)]
        const last: string | null = await letters.last()
        expect(last).to.equal(null)
        expect(await letters.preview()).to.eql({ number: first, text: first, reserved: false })
        await dataSource().getRepository(Letter).save({})
        expect(await letters.last({})).to.equal(first)
        if (hasCounters) expect(await letters.next(dataSource())).to.equal(second)
    })

    it("refuses what is not numbered, and a scope that lacks something", async () => {
        const { numbers, company, scope, save } = await start()
        const wanted = "The scope is { company, branch, year, place.country }."
        const lacking = { ...scope, year: undefined }
        const wrong: [object | null, string][] = [
            [{}, "undefined is not a valid company"],
            [lacking, "undefined is not a valid year"],
            [{ ...scope, id: 1 }, 'There is no "id" in it.'],
            [{ ...scope, company: {} }, "undefined is not a valid company"],
            [{ ...scope, year: Promise.resolve(2030) }, "[object Promise] is not a valid year"],
            [{ ...scope, period: "2030" }, 'There is no "period" in it.'],
        ]
        for (const [given, problem] of wrong) {
            const error = await rejection(numbers.last(given as typeof scope))
            expect(error).to.be.instanceOf(InvalidOptionError)
            expect(error.message).to.include(wanted).and.include(problem)
        }
        const other = await rejection(numbers.last(null as never))
        expect(other.message).to.include("the scope is null")
        const unknown = seriesOf(dataSource(), Invoice, "year")
        const notNumbered = await rejection(unknown.last(scope))
        expect(notNumbered.message).to.include("Invoice.year is not numbered").and.include("number")
        const single = await rejection(seriesOf(dataSource(), Letter, "total").last({ text: "" }))
        expect(single.message).to.include("leave the scope out")
        expect(await numbers.last({ ...scope, company: company.id })).to.equal(null)
        expect(await save(2030)).to.equal(10)
    })

    if (!hasCounters) {
        it("has no counter to take a number from, or to set", async () => {
            const { numbers, scope, save } = await start()
            for (const attempt of [
                () => numbers.next(dataSource(), scope),
                () => numbers.nextMany(dataSource(), scope, 2),
                () => numbers.setNext(dataSource().manager, scope, 100),
            ]) {
                const error = await rejection(attempt())
                expect(error).to.be.instanceOf(InvalidOptionError)
                expect(error.message).to.include('"table-lock"').and.include('strategy "counter"')
            }
            expect([await save(2030), await save(2030)]).to.eql([10, 15])
        })
        return
    }

    it("gives numbers for rows that are written otherwise", async () => {
        const { numbers, scope, save } = await start()
        await save(2030)
        const taken = await dataSource().transaction(async (manager) => [
            await numbers.next(manager, scope),
            ...(await numbers.nextMany(manager, scope, 2)),
            ...(await numbers.nextMany(manager, scope, 0)),
        ])
        expect(taken).to.eql([15, 20, 25])
        expect(await numbers.last(scope)).to.equal(25)
        const attempt = dataSource().transaction(async (manager) => {
            expect(await numbers.next(manager, scope)).to.equal(30)
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect(await save(2030)).to.equal(30)
        expect(await numbers.next(dataSource(), scope)).to.equal(35)
        expect([await save(2030), await save(2031)]).to.eql([40, 10])
    })

    if (can.parallel)
        it("does not wait for others, if that is asked for", async () => {
            const { numbers, scope } = await start()
            await dataSource().transaction(async (manager) => {
                expect(await numbers.next(manager, scope)).to.equal(10)
                const error = await rejection(numbers.next(dataSource(), scope, { nowait: true }))
                expect(error).to.be.instanceOf(CounterLockedError)
            })
            expect(await numbers.next(dataSource(), scope, { nowait: true })).to.equal(15)
        })

    it("goes on where it is set to", async () => {
        const { numbers, scope, save } = await start()
        const { manager } = dataSource()
        await numbers.setNext(manager, scope, 100)
        expect(await numbers.last(scope)).to.equal(95)
        expect([await save(2030), await save(2031)]).to.eql([100, 10])
        await dataSource().transaction((inner) => numbers.setNext(inner, scope, "203"))
        expect([await save(2030), await save(2030), await save(2031)]).to.eql([203, 208, 15])
        await numbers.setNext(manager, scope, 213n, { reason: "as it is", by: "Ada" })
        expect(await save(2030)).to.equal(213)
    })

    it("is set back with the transaction", async () => {
        const { numbers, scope, save } = await start()
        await save(2030)
        const attempt = dataSource().transaction(async (manager) => {
            await numbers.setNext(manager, scope, 100)
            expect((await numbers.preview(scope, manager)).number).to.equal(100)
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect([await save(2030), await save(2030)]).to.eql([15, 20])
    })

    it("is never set to a number that was given, or that a row has", async () => {
        const { numbers, company, scope, save } = await start()
        const { manager } = dataSource()
        expect([await save(2030), await save(2030)]).to.eql([10, 15])
        const row = { company, branchId: null, year: 2040, place: { country: "DE" }, number: 40 }
        await manager.save(Invoice, row)
        const unused = { ...scope, year: 2050 }
        const stored = { ...scope, year: 2040, branch: null }
        for (const [place, number, next] of [
            [scope, 15, 20],
            [scope, 19, 20],
            [scope, 1, 20],
            [unused, 9, 10],
            [stored, 44, 45],
        ] as const) {
            const error = await rejection(numbers.setNext(manager, place, number))
            expect(error, String(number)).to.be.instanceOf(NumberTakenError)
            expect(error.message).to.include(`Give ${next} or a higher number`)
        }
        for (const wrong of [0, -1, "-5", 0n, 1.5]) {
            const error = await rejection(numbers.setNext(manager, unused, wrong))
            expect(error, String(wrong)).to.be.instanceOf(InvalidNumberError)
            expect(error.message).to.include("nteger")
        }
        for (const wrong of [1.5, "x", null, undefined, NaN, 2 ** 31]) {
            const error = await rejection(numbers.setNext(manager, scope, wrong as number))
            expect(error).to.have.property("code")
        }
        await numbers.setNext(manager, scope, 20)
        expect([await save(2030), await save(2030), await save(2050)]).to.eql([20, 25, 10])
    })

    it("ends where its column does", async () => {
        const { numbers, scope, save } = await start()
        const last = 2 ** 31 - 1
        await numbers.setNext(dataSource().manager, scope, last - 3)
        const many = await rejection(numbers.nextMany(dataSource(), scope, 2))
        expect(many).to.be.instanceOf(NumberOverflowError)
        expect(many.message).to.include("the largest number of its column")
        expect(await save(2030)).to.equal(last - 3)
        for (const attempt of [
            () => numbers.next(dataSource(), scope),
            () => numbers.preview(scope),
            () => numbers.setNext(dataSource().manager, scope, last),
        ])
            expect(await rejection(attempt())).to.be.instanceOf(NumberOverflowError)
        expect(await numbers.last(scope)).to.equal(last - 3)
    })

    it("works in transactions of its own data source alone", async () => {
        const { numbers, scope, save } = await start()
        for (const other of [{}, null, undefined, 5]) {
            const error = await rejection(numbers.next(other as never, scope))
            expect(error).to.be.instanceOf(InvalidOptionError)
        }
        expect(await save(2030)).to.equal(10)
    })
})
