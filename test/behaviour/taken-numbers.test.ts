import { expect } from "chai"
import { Column, type DataSource, Entity, IsNull, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    CounterBehindError,
    DocumentNumber,
    NumberOverflowError,
    NumberTakenError,
    resyncCounters,
    Sequence,
    verifyAutoSequence,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { entitiesOf, MAX_INT } from "../support/numbered-entities"
import { counterTable, expectNext, storedCounters } from "../support/stored"

onEachCell("A number that is there already", ({ way, database, tables }) => {
    const { Customer, Invoice, Ticket, Draft } = entitiesOf(way)
    const dataSource = tables([Customer, Invoice, Ticket, Draft])

    it("is refused on a copy of a stored row, by a name", async () => {
        const customers = dataSource().getRepository(Customer)
        const [ada, bob] = await customers.save([{ name: "Ada" }, { name: "Bob" }])
        const invoices = dataSource().getRepository(Invoice)
        const [first] = await invoices.save([{ customer: ada }, { customer: ada }])
        const error = await rejection(invoices.save({ ...first, id: undefined, note: "copy" }))
        expect(error).to.be.instanceOf(NumberTakenError).and.include({ code: "NUMBER_TAKEN" })
        expect(error.message).to.include("Invoice.number").and.include("copy")
        await invoices.save({ ...first, id: undefined, number: undefined, note: "copy" })
        await expectNext(invoices, { customer: ada }, [1, 2, 3, 4], way)
        await expectNext(invoices, { customer: bob }, [1], way)
    })

    it("is refused in a row that sets it, alone or beside others", async () => {
        const tickets = dataSource().getRepository(Ticket)
        await tickets.save([{}, {}])
        for (const rows of [[{ number: 2 }], [{ number: 1 }, {}]])
            expect(await rejection(tickets.save(rows))).to.be.instanceOf(NumberTakenError)
        await expectNext(tickets, {}, [1, 2, 3], way)
    })

    if (way.hasDrafts)
        it("is refused for a draft", async () => {
            const drafts = dataSource().getRepository(Draft)
            await drafts.save([{}, {}])
            const draft = await drafts.save({ number: null })
            const error = await rejection(drafts.save({ ...draft, number: 2 }))
            expect(error).to.be.instanceOf(NumberTakenError)
            await drafts.delete({ number: IsNull() })
            await expectNext(drafts, {}, [1, 2, 3], way)
        })

    if (way.options.strategy === "table-lock") return

    async function setCounters(to: number) {
        const name = (column: string) => dataSource().driver.escape(column)
        await dataSource().query(`UPDATE ${counterTable(dataSource())} SET ${name("last")} = ${to}`)
    }
    const seriesOf = async (of: DataSource) => (await storedCounters(of))[0]?.series ?? ""

    it("since its counter is behind is named so, found by verifyAutoSequence, and mended", async () => {
        const tickets = dataSource().getRepository(Ticket)
        await tickets.save([{}, {}, {}, {}, {}])
        await verifyAutoSequence(dataSource(), { counters: true })
        await setCounters(2)
        for (const rows of [[{}], [{}, {}]]) {
            const error = await rejection(tickets.save(rows))
            expect(error)
                .to.be.instanceOf(CounterBehindError)
                .and.include({ code: "COUNTER_BEHIND" })
            expect(error.message).to.include("Ticket.number").and.include("resyncCounters")
            await setCounters(2)
        }
        await verifyAutoSequence(dataSource())
        const problem = await rejection(verifyAutoSequence(dataSource(), { counters: true }))
        expect(problem.message).to.include("Ticket.number").and.include("resyncCounters")

        expect(await resyncCounters(dataSource())).to.eql([await seriesOf(dataSource())])
        expect(await resyncCounters(dataSource())).to.eql([])
        await verifyAutoSequence(dataSource(), { counters: true })
        await expectNext(tickets, {}, [1, 2, 3, 4, 5, 6], way)
    })

    it("leaves counters that are ahead to those who delete them", async () => {
        const own = await database().connect([Ticket])
        const tickets = own.getRepository(Ticket)
        await tickets.save([{}, {}])
        const far = await tickets.save({ number: MAX_INT })
        expect(await rejection(tickets.save({}))).to.be.instanceOf(NumberOverflowError)
        await tickets.delete(far.id)
        expect(await resyncCounters(own)).to.eql([])
        expect(await new Sequence(await seriesOf(own)).delete(own)).to.equal(true)
        await resyncCounters(own)
        await expectNext(tickets, {}, [1, 2, 3], way)
    })
})

onEachCell("A number that is there already, and its text", ({ way, tables }) => {
    @Entity()
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 9, default: "" }) box!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "box" }) number!: number
        @DocumentNumber({ of: "number", format: "L-{00}" }) text!: string
    }
    const dataSource = tables([Letter])

    it("are refused by the name of the number, whichever index is the first", async () => {
        const letters = dataSource().getRepository(Letter)
        const [first] = await letters.save([{}, {}])
        for (const text of [undefined, "L-01"]) {
            const copy = { ...first, id: undefined, text }
            const error = await rejection(letters.save(copy))
            expect(error).to.be.instanceOf(NumberTakenError)
            expect(error.message).to.include("Letter.number").and.include("copy")
        }
        if (way.options.strategy !== "table-lock") {
            const name = (column: string) => dataSource().driver.escape(column)
            await dataSource().query(`UPDATE ${counterTable(dataSource())} SET ${name("last")} = 1`)
            if (way.options.gapless !== false) {
                const behind = await rejection(letters.save({}))
                expect(behind).to.be.instanceOf(CounterBehindError)
                expect(behind.message).to.include("Letter.number").and.include("resyncCounters")
            }
            await resyncCounters(dataSource())
        }
        await expectNext(letters, { box: "" }, [1, 2, 3], way)
    })
})
