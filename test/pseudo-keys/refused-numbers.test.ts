import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    InvalidNumberError,
    PseudoKey,
    Sequence,
    transactionWithRetry,
} from "../../src"
import { onEveryDatabase, onOnePostgres } from "../support/databases"
import { expectRejects, rejection, sqlState } from "../support/errors"
import { sessionOf, Signal, waitForLocks } from "../support/waiting"

@Entity({ name: "numbered_page" })
class Page {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    title!: string

    @AutoSequenceColumn({ strategy: "counter", series: "pages" })
    number!: number

    @PseudoKey({ case: "keep", derive: ({ title }: Page) => title })
    slug!: string
}

onEveryDatabase("A row with a number and a derived key", (database) => {
    it("is not stored when its number is refused, and says why", async () => {
        const dataSource = await database().connect([Page], { emptied: true })
        const pages = dataSource.getRepository(Page)
        await expectRejects(pages.save({ title: "Tea", number: 1.5 }), InvalidNumberError)
        expect(await pages.count()).to.equal(0)
        expect(await pages.save({ title: "Tea" })).to.include({ number: 1, slug: "Tea" })
    })

    it("leaves the transaction usable when its number is refused", async () => {
        const dataSource = await database().connect([Page], { emptied: true })
        await dataSource.transaction(async (manager) => {
            const pages = manager.getRepository(Page)
            await expectRejects(pages.save({ title: "Tea", number: 1.5 }), InvalidNumberError)
            expect(await pages.save({ title: "Tea" })).to.include({ number: 1, slug: "Tea" })
        })
    })
})

@Entity({ name: "numbered_bill" })
class Bill {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter" })
    number!: number

    @PseudoKey({ derive: ({ number }: Bill) => `bill ${number}` })
    slug!: string
}

onEveryDatabase("A key that is made of a number that another row has", (database) => {
    it("is refused by an error that speaks of the number, whichever index refuses the row", async () => {
        const dataSource = await database().connect([Bill], { emptied: true })
        const bills = dataSource.getRepository(Bill)
        await bills.save({})
        const error = await rejection(bills.save({ number: 1 }))
        expect(error.name).to.be.oneOf(["NumberTakenError", "KeyTakenError"])
        expect(error.message).to.match(/number that was set .* another row.* undefined/)
        expect(await bills.save({})).to.include({ number: 2, slug: "bill-2" })
    })
})

onOnePostgres("A row with a number and a derived key", (database) => {
    it("shows the database's own error when its counter is not free in time", async () => {
        const dataSource = await database().connect([Page], { emptied: true })
        await dataSource.transaction(async (outer) => {
            await outer.save(Page, { title: "Tea" })
            const attempt = dataSource.transaction(async (inner) => {
                await inner.query("SET LOCAL lock_timeout = '50ms'")
                await inner.save(Page, { title: "Coffee" })
            })
            expect(await sqlState(attempt)).to.equal("55P03")
        })
    })

    it("is saved again after a deadlock", async () => {
        const dataSource = await database().connect([Page], { emptied: true })
        const third = new Sequence("third")
        await third.next(dataSource)
        await dataSource.getRepository(Page).save({ title: "First" })

        const hasCounter = new Signal()
        const isCrossed = new Signal()
        let session = ""
        const first = dataSource.transaction(async (manager) => {
            // The other one finds out, and is ended.
            await manager.query("SET LOCAL deadlock_timeout = '60s'")
            session = await sessionOf(manager)
            await manager.save(Page, { title: "Second" })
            hasCounter.send()
            await isCrossed.promise
            await third.next(manager)
        })
        await hasCounter.promise
        let attempts = 0
        const page = await transactionWithRetry(dataSource, async (manager) => {
            attempts += 1
            await manager.query("SET LOCAL deadlock_timeout = '10ms'")
            await third.next(manager)
            isCrossed.send()
            if (attempts === 1) await waitForLocks(dataSource, session)
            return manager.save(Page, { title: "Third" })
        })
        await first
        expect([attempts, page.number]).to.eql([2, 3])
    })
})
