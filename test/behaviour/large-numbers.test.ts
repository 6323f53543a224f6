import { expect } from "chai"
import type { Repository } from "typeorm"
import { NumberOverflowError, TransactionAbortedError } from "../../src"
import { expectRefuses, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { entitiesOf, MAX_INT } from "../support/numbered-entities"
import { numbersOf, unhandledDuring } from "../support/rows"
import { expectNext, storedNumbers, storedTexts } from "../support/stored"

onEachCell("Large numbers", ({ way, can, tables }) => {
    const { Ticket, FromHundredByTen, Big, Customer, Invoice } = entitiesOf(way)
    const dataSource = tables([Ticket, FromHundredByTen, Big, Customer, Invoice])
    const ticketsOf = () => dataSource().getRepository(Ticket)
    const bigsOf = () => dataSource().getRepository(Big)

    async function expectOverflow(attempt: Promise<unknown>, ...texts: string[]): Promise<void> {
        const error = await rejection(attempt)
        expect(error).to.be.instanceOf(NumberOverflowError)
        for (const text of texts) expect(error.message).to.contain(text)
    }

    it("are given up to the largest int, and refused past it", async () => {
        const tickets = ticketsOf()
        await tickets.save({ number: MAX_INT - 1 })
        await expectNext(tickets, {}, [MAX_INT - 1, MAX_INT])
        await expectRefuses(tickets, () => tickets.save({}), NumberOverflowError, "Ticket.number")
    })

    it("are refused where a step leads over the largest", async () => {
        const rows = dataSource().getRepository(FromHundredByTen)
        await rows.save({ number: MAX_INT - 5 })
        await expectRefuses(rows, () => rows.save({}), NumberOverflowError)
        expect(await storedNumbers(rows)).to.eql([MAX_INT - 5])
    })

    if (way.isGapless)
        it("that are refused in a transaction leave no gap", async () => {
            const tickets = ticketsOf()
            await tickets.save({ number: MAX_INT - 2 })
            // TypeORM sends rows without values one by one, and these together.
            const overflow = (own: Repository<InstanceType<typeof Ticket>>) =>
                expectOverflow(own.save(["a", "b", "c"].map((title) => ({ title }))))
            await overflow(tickets)
            const work = () =>
                dataSource().transaction(async (manager) => {
                    const own = manager.getRepository(Ticket)
                    expect((await own.save({})).number).to.equal(MAX_INT - 1)
                    await overflow(own)
                    expect((await own.save({})).number).to.equal(MAX_INT)
                    await overflow(own)
                })
            if (can.failOnce && !way.refusesOverflowFirst) {
                expect((await rejection(work())).message).to.contain("aborted")
                const caught = dataSource().transaction(async (manager) => {
                    const own = manager.getRepository(Ticket)
                    await own.save({})
                    await overflow(own)
                })
                expect(await rejection(caught)).to.be.instanceOf(TransactionAbortedError)
                expect(await storedNumbers(tickets)).to.eql([MAX_INT - 2])
                expect(numbersOf(await tickets.save([{}, {}]))).to.eql([MAX_INT - 1, MAX_INT])
            } else await work()
            await expectOverflow(tickets.save({}))
            expect(await storedNumbers(tickets)).to.eql([MAX_INT - 2, MAX_INT - 1, MAX_INT])
        })

    if (way.isGapless && way.refusesOverflowFirst)
        it("that are refused leave no gap in scopes that come behind theirs", async () => {
            const [full, other] = await dataSource()
                .getRepository(Customer)
                .save([{ name: "full" }, { name: "other" }])
            const invoices = dataSource().getRepository(Invoice)
            await invoices.save({ customer: full, number: MAX_INT })
            await dataSource().transaction((manager) =>
                expectOverflow(
                    manager.insert(Invoice, [{ customer: full }, { customer: other }] as never),
                ),
            )
            expect((await invoices.save({ customer: other })).number).to.equal(1)
        })

    it("are refused by one error, and none is left that nobody handles", async () => {
        const tickets = ticketsOf()
        await tickets.save({ number: MAX_INT })
        const unhandled = await unhandledDuring(() => expectOverflow(tickets.save({})))
        expect(unhandled).to.eql([])
        expect(await storedNumbers(tickets)).to.eql([MAX_INT])
    })

    it("of type bigint are strings, exact past 2^53", async () => {
        const rows = bigsOf()
        const expected = ["9007199254740991", "9007199254740993", "9007199254740995"]
        const saved = await rows.save([{}, {}])
        saved.push(await rows.save({}))
        expect(numbersOf(saved)).to.eql(expected)
        expect(await storedTexts(rows)).to.eql(expected)
        await rows.save({ number: "9223372036854775804" })
        expect((await rows.save({})).number).to.equal("9223372036854775806")
        expect(await storedTexts(rows)).to.eql([
            ...expected,
            "9223372036854775804",
            "9223372036854775806",
        ])
    })

    it("of type bigint are refused past the largest", async () => {
        const rows = bigsOf()
        await rows.save({ number: "9223372036854775804" })
        for (const save of [() => rows.save([{}, {}]), () => rows.save([{}, {}])])
            await expectOverflow(save())
        expect((await rows.save({})).number).to.equal("9223372036854775806")
        await expectOverflow(rows.save({}), "Big.number")
        await expectOverflow(rows.save({ number: "9223372036854775808" }), "Big.number")
        expect(await storedTexts(rows)).to.eql(["9223372036854775804", "9223372036854775806"])
    })
})
