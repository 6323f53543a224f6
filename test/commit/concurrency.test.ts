import { expect } from "chai"
import { Column, type DataSource, Entity, IsNull, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, resyncCounters } from "../../src"
import { upTo } from "../support/invoices"
import { sessionOf, Signal, waitForLocks } from "../support/waiting"
import { Customer, ENTITIES, Invoice, LATE, onCounters } from "./entities"

const WRITERS = 16
const EACH = 12
const SCOPES = 5

onCounters("Writers whose numbers are made at COMMIT", ({ tables, can }) => {
    /** Of two series, in scopes that cross each other. */
    @Entity()
    class Entry {
        @PrimaryGeneratedColumn() id!: number
        @Column() book!: number
        @Column() box!: number
        @AutoSequenceColumn({ ...LATE, uniqueWith: "book" }) inBook!: number | null
        @AutoSequenceColumn({ ...LATE, uniqueWith: "box", series: "boxes" }) inBox!: number | null
    }
    const dataSource: () => DataSource = tables([...ENTITIES, Entry])

    it("don't wait for the rest of a transaction", async () => {
        if (!can.parallel) return
        const ada = await dataSource().getRepository(Customer).save({ name: "Ada" })
        const save = () => dataSource().getRepository(Invoice).save({ customer: ada })
        await save()
        const first = await dataSource().transaction(async (manager) => {
            const row = await manager.save(Invoice, { customer: ada })
            // Another one of the scope comes and goes meanwhile.
            expect(await save()).to.include({ number: 2 })
            return row
        })
        expect(first).to.include({ number: 3 })
    })

    it("wait for the COMMIT of those before them alone", async () => {
        if (!can.parallel) return
        const ada = await dataSource().getRepository(Customer).save({ name: "Ada" })
        const invoices = dataSource().getRepository(Invoice)
        await invoices.save({ customer: ada })
        const other = dataSource().createQueryRunner()
        await other.startTransaction()
        // A number that is set moves the counter at once.
        await other.manager.save(Invoice, { customer: ada, number: 7 })
        const begun = new Signal()
        let session = ""
        const waiting = dataSource().transaction(async (manager) => {
            session = await sessionOf(manager)
            const row = await manager.save(Invoice, { customer: ada })
            begun.send()
            return row
        })
        await begun.promise
        await waitForLocks(dataSource(), session)
        await other.commitTransaction()
        await other.release()
        expect(await waiting).to.include({ number: 8 })
    })

    it("number each scope from 1 to N, where rows come, go, and are rolled back", async () => {
        const writers = Array.from({ length: WRITERS }, (_, at) => at)
        const rollback = new Error("roll back")
        const shown: [Entry, boolean][] = []
        const write = async (writer: number) => {
            for (let at = 0; at < EACH; at += 1) {
                const rows = Array.from({ length: 1 + ((writer + at) % 4) }, (_, i) => ({
                    book: (writer + i) % SCOPES,
                    box: (at * 3 + (writer % 2 === 0 ? i : -i) + SCOPES) % SCOPES,
                })) as Entry[]
                const isLost = (writer * at) % 5 === 1
                for (const row of rows) shown.push([row, isLost])
                await dataSource()
                    .transaction(async (manager) => {
                        for (const row of rows) await manager.save(Entry, row)
                        if (isLost) throw rollback
                    })
                    .catch((error: unknown) => {
                        if (error !== rollback) throw error
                    })
            }
        }
        // On MySQL writers of a scope that has no counter yet may be a deadlock.
        for (let scope = 0; scope < SCOPES; scope += 1)
            await dataSource().getRepository(Entry).save({ book: scope, box: scope })
        if (can.parallel) await Promise.all(writers.map(write))
        else for (const writer of writers) await write(writer)

        const entries = dataSource().getRepository(Entry)
        for (let scope = 0; scope < SCOPES; scope += 1)
            await entries.save({ book: scope, box: scope })
        const rows = await entries.find()
        expect(rows).to.have.length(2 * SCOPES + shown.filter(([, isLost]) => !isLost).length)
        for (let scope = 0; scope < SCOPES; scope += 1) {
            const sorted = (all: (number | null)[]) => all.sort((a, b) => Number(a) - Number(b))
            const inBook = rows.filter(({ book }) => book === scope).map((row) => row.inBook)
            const inBox = rows.filter(({ box }) => box === scope).map((row) => row.inBox)
            expect(sorted(inBook), `book ${scope}`).to.eql(upTo(inBook.length))
            expect(sorted(inBox), `box ${scope}`).to.eql(upTo(inBox.length))
        }
        const byId = new Map(rows.map((row) => [row.id, row]))
        for (const [row, isLost] of shown)
            if (isLost) expect([row.inBook ?? null, row.inBox ?? null]).to.eql([null, null])
            else expect(row).to.include(byId.get(row.id))
        expect(await resyncCounters(dataSource())).to.eql([])
    })

    it("of one scope number it in the order of COMMIT", async () => {
        const ada = await dataSource().getRepository(Customer).save({ name: "Ada" })
        const invoices = dataSource().getRepository(Invoice)
        await invoices.save({ customer: ada })
        const committed: number[][] = []
        const write = async () => {
            for (let at = 0; at < EACH; at += 1) {
                const rows = await dataSource().transaction((manager) =>
                    manager.save(Invoice, [{ customer: ada }, { customer: ada }]),
                )
                committed.push(rows.map(({ number }) => number ?? 0))
            }
        }
        if (can.parallel) await Promise.all(Array.from({ length: WRITERS }, write))
        else for (let writer = 0; writer < WRITERS; writer += 1) await write()
        for (const [first = 0, second] of committed) expect(second).to.equal(first + 1)
        const all = committed.flat().sort((a, b) => a - b)
        expect(all).to.eql(upTo(all.length + 1).slice(1))
        expect(await invoices.countBy({ number: IsNull() })).to.equal(0)
    })
})
