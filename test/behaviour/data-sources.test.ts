import { expect } from "chai"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { numbersOf } from "../support/rows"
import { upTo } from "../support/invoices"
import { SnakeCase } from "../support/snake-case"
import { storedNumbers } from "../support/stored"

onEachCell("Data sources", ({ way, database }) => {
    const { Ticket, TwoNumbers } = entitiesOf(way)
    async function connectTickets() {
        const dataSource = await database().connect([Ticket])
        return { dataSource, tickets: dataSource.getRepository(Ticket) }
    }

    it("number apart from each other", async () => {
        const one = await connectTickets()
        const other = await connectTickets()
        expect(numbersOf(await one.tickets.save([{}, {}]))).to.eql([1, 2])
        expect(numbersOf(await other.tickets.save([{}]))).to.eql([1])
        expect(numbersOf(await one.tickets.save([{}]))).to.eql([3])
    })

    it("that are connected to the same database go on after each other", async () => {
        const { dataSource, tickets } = await connectTickets()
        await tickets.save([{}, {}])
        const other = await database().connect([Ticket], {
            sameAs: dataSource,
            synchronize: false,
        })
        expect((await other.getRepository(Ticket).save({})).number).to.equal(3)
        await other.getRepository(Ticket).delete({ number: 3 })
        const next = await other.getRepository(Ticket).save({})
        expect(next.number).to.equal(way.isReusing ? 3 : 4)
    })

    it("may name tables and columns by a strategy of their own", async () => {
        const namingStrategy = new SnakeCase()
        const dataSource = await database().connect([TwoNumbers], { namingStrategy })
        const rows = dataSource.getRepository(TwoNumbers)
        const saved = await rows.save([{ year: "a" }, { year: "b" }, { year: "a" }])
        saved.push(await rows.save({ year: "b" }))
        expect(saved.map(({ ofYear }) => ofYear)).to.eql([1, 1, 2, 2])
        expect(rows.metadata.tableName).to.equal("two_numbers")
        expect(await storedNumbers(rows, "total")).to.eql(upTo(4))
    })
})
