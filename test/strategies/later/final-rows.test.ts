import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    ManyToOne,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    DateOrderError,
    NotDeletableError,
    UnsupportedError,
} from "../../../src"
import { expectRejects, rejection, triggerError } from "../../support/errors"
import { mustWait, sessionOf } from "../../support/waiting"
import { upTo } from "../../support/invoices"
import { onMariaDb, onPostgres, onTriggerDatabases, table } from "../trigger/statement-entities"

const strategy = "trigger"

@Entity({ name: "owner" })
class Owner {
    @PrimaryGeneratedColumn() id!: number
}

@Entity({ name: "kept" })
class Kept {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: true }) isFinal!: boolean
    @AutoSequenceColumn({ strategy, deletable: false, when: { isFinal: true } })
    number!: number | null
}

@Entity({ name: "owned" })
class Owned {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Owner, { onDelete: "CASCADE" }) owner!: Owner | null
    @AutoSequenceColumn({ strategy, deletable: false }) number!: number
}

@Entity({ name: "entry" })
class Entry {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 10 }) book!: string
    @Column({ type: "date", nullable: true }) day!: string | null
    @AutoSequenceColumn({
        strategy,
        uniqueWith: "book",
        period: { of: "day", by: "month" },
        dates: "ascending",
    })
    number!: number
    numberPeriod!: string
}

@Entity({ name: "first_memo" })
class FirstMemo {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "date" }) day!: string
    @AutoSequenceColumn({
        strategy,
        series: "memos",
        period: { of: "day", by: "year" },
        dates: "ascending",
    })
    number!: number
    numberPeriod!: string
}

@Entity({ name: "second_memo" })
class SecondMemo {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "date" }) sentOn!: string
    @AutoSequenceColumn({
        strategy,
        series: "memos",
        period: { of: "sentOn", by: "year" },
        dates: "ascending",
    })
    number!: number
    numberPeriod!: string
}

onTriggerDatabases("Rows with numbers that can't be deleted", (database) => {
    let dataSource: DataSource
    let kept: string
    const rows = () => dataSource.getRepository(Kept)
    const left = async () =>
        (await rows().find({ order: { id: "ASC" } })).map(({ number }) => number)
    beforeEach(async () => {
        dataSource = await database().connect([Kept])
        kept = table(dataSource, Kept)
    })

    it("are refused by remove(), delete() and raw SQL; drafts may go", async () => {
        const [first, draft, second] = await rows().save(
            [true, false, true].map((isFinal) => rows().create({ isFinal })),
        )
        await expectRejects(rows().remove({ ...first } as Kept), NotDeletableError)
        await expectRejects(rows().delete({ id: second?.id }), NotDeletableError)
        await expectRejects(rows().delete({ id: first?.id }), NotDeletableError, "Kept.number")
        const all = await rejection(dataSource.query(`DELETE FROM ${kept}`))
        expect(all).to.be.instanceOf(triggerError(database().kind, NotDeletableError))
        expect(await left()).to.eql([1, null, 2])
        await rows().delete({ id: draft?.id })
        await rows().save({ id: first?.id, isFinal: false })
        await expectRejects(rows().delete({ id: first?.id }), NotDeletableError)
        await rows().save(rows().create({}))
        expect(await left()).to.eql([1, 2, 3])
    })

    it("are deleted where the session allows changes", async () => {
        const [first] = await rows().save(upTo(2).map(() => rows().create({})))
        await dataSource.transaction(async (manager) => {
            await manager.query(
                database().can.tableLock
                    ? "SET LOCAL autosequence.allow_changes = 'on'"
                    : "SET @autosequence_allow_changes = TRUE",
            )
            await manager.delete(Kept, { id: first?.id })
            if (!database().can.tableLock)
                await manager.query("SET @autosequence_allow_changes = NULL")
        })
        await rows().save(rows().create({}))
        expect(await left()).to.eql([2, 3])
    })
})

onPostgres("Rows with numbers that can't be deleted, and foreign keys", (database) => {
    it("are not deleted by them either", async () => {
        const dataSource = await database().connect([Owner, Owned])
        const owner = await dataSource.getRepository(Owner).save({})
        const own = () => dataSource.getRepository(Owned).save({ owner })
        await own()
        await expectRejects(dataSource.manager.delete(Owner, { id: owner.id }), NotDeletableError)
        await own()
        const owned = await dataSource.manager.find(Owned, { order: { id: "ASC" } })
        expect(owned.map(({ number }) => number)).to.eql([1, 2])
    })
})

onMariaDb("Rows with numbers that can't be deleted, and foreign keys", (database) => {
    it("are refused, as no trigger sees them", async () => {
        const attempt = database().connect([Owner, Owned])
        await expectRejects(attempt, UnsupportedError, "onDelete")
    })
})

onTriggerDatabases("Numbers in the order of dates", (database) => {
    let dataSource: DataSource
    const entries = () => dataSource.getRepository(Entry)
    const save = (day: string | null, values: Partial<Entry> = {}) =>
        entries().save(entries().create({ book: "A", day, ...values }))
    const stored = async () =>
        (await entries().find({ order: { book: "ASC", numberPeriod: "ASC", number: "ASC" } })).map(
            ({ book, day, number }) => `${book} ${day} ${number}`,
        )
    beforeEach(async () => {
        dataSource = await database().connect([Entry])
    })

    it("refuse a date before that of the last number of scope and period, and leave no gap", async () => {
        await save("2026-05-10")
        await save("2026-05-10")
        await expectRejects(save("2026-05-09"), DateOrderError, "Entry.number", "day")
        await save("2026-04-01")
        await save("2026-05-01", { book: "B" })
        await save("2026-05-11")
        await expectRejects(save("2026-05-10"), DateOrderError)
        expect(await stored()).to.eql([
            ...["A 2026-04-01 1", "A 2026-05-10 1", "A 2026-05-10 2", "A 2026-05-11 3"],
            "B 2026-05-01 1",
        ])
    })

    it("refuse rows of one statement that are out of order, all of them", async () => {
        const insert = (...days: string[]) =>
            entries().insert(days.map((day) => ({ book: "A", day })))
        await insert("2026-05-01", "2026-05-02", "2026-05-02", "2026-05-03")
        await expectRejects(insert("2026-05-04", "2026-05-06", "2026-05-05"), DateOrderError)
        await expectRejects(insert("2026-05-04", "2026-05-05", "2026-05-01"), DateOrderError)
        await insert("2026-06-02", "2026-05-03", "2026-05-04", "2026-06-03")
        expect((await stored()).map((row) => row.slice(2))).to.eql([
            ...["2026-05-01 1", "2026-05-02 2", "2026-05-02 3", "2026-05-03 4", "2026-05-03 5"],
            ...["2026-05-04 6", "2026-06-02 1", "2026-06-03 2"],
        ])
    })

    it("look at the numbers beside one that is set", async () => {
        await save("2026-05-10", { number: 10 })
        await save("2026-05-20", { number: 20 })
        await expectRejects(save("2026-05-09", { number: 15 }), DateOrderError)
        await expectRejects(save("2026-05-21", { number: 15 }), DateOrderError)
        await expectRejects(save("2026-05-11", { number: 5 }), DateOrderError)
        await save("2026-05-15", { number: 15 })
        await expectRejects(save("2026-05-19"), DateOrderError)
        await save("2026-05-20")
        expect((await stored()).map((row) => row.slice(2))).to.eql([
            ...["2026-05-10 10", "2026-05-15 15", "2026-05-20 20", "2026-05-20 21"],
        ])
    })

    it("hold for writers at once: none has a lower date than the one before", async () => {
        const connected = await database().connect([Entry], { connections: 6 })
        const done = await Promise.all(
            upTo(6).map(async (writer) => {
                let count = 0
                for (const turn of upTo(10)) {
                    const day = `2026-05-${String(((turn * 7 + writer * 5) % 28) + 1).padStart(2, "0")}`
                    const saving = connected.manager.insert(Entry, { book: "A", day })
                    const [result] = await Promise.allSettled([saving])
                    if (result.status === "fulfilled") count += 1
                    else expect(result.reason).to.be.instanceOf(DateOrderError)
                }
                return count
            }),
        )
        const rows = await connected.manager.find(Entry, { order: { number: "ASC" } })
        expect(rows.map(({ number }) => number)).to.eql(upTo(done.reduce((a, b) => a + b, 0)))
        const days = rows.map(({ day }) => day)
        expect(days).to.eql([...days].sort())
        await connected.manager.insert(Entry, { book: "A", day: "2026-05-31" })
        expect(await connected.manager.maximum(Entry, "number")).to.equal(rows.length + 1)
    })

    it("hold for two that set numbers below the last at once", async function () {
        // It has one session, where nobody waits.
        if (database().kind === "pglite") return this.skip()
        const connected = await database().connect([Entry], { connections: 3 })
        const insert = (manager: EntityManager, number: number, day: string) =>
            manager.insert(Entry, { book: "A", day, number })
        await insert(connected.manager, 10, "2026-05-10")
        await insert(connected.manager, 20, "2026-05-20")
        const [first, second] = [connected.createQueryRunner(), connected.createQueryRunner()]
        const session = await sessionOf(second.manager)
        await first.startTransaction()
        await insert(first.manager, 15, "2026-05-12")
        const refused = rejection(insert(second.manager, 14, "2026-05-13"))
        await mustWait(connected, session, refused)
        await first.commitTransaction()
        expect(await refused).to.be.instanceOf(DateOrderError)
        await first.release()
        await second.release()
        await insert(connected.manager, 14, "2026-05-11")
        expect(await connected.manager.count(Entry)).to.equal(4)
    })

    it("hold across the tables of a series", async () => {
        const shared = await database().connect([FirstMemo, SecondMemo])
        const first = (day: string) => shared.manager.save(FirstMemo, { day })
        const second = (sentOn: string) => shared.manager.save(SecondMemo, { sentOn })
        await first("2026-05-05")
        await expectRejects(second("2026-05-04"), DateOrderError, "SecondMemo.number")
        await second("2026-05-06")
        await expectRejects(first("2026-05-05"), DateOrderError, "FirstMemo.number")
        await second("2026-05-06")
        expect(await first("2026-05-07")).to.include({ number: 4 })
        const counted = await shared.query<{ n: string }[]>(
            `SELECT COUNT(*) AS n FROM ${table(shared, SecondMemo)}`,
        )
        expect(Number(counted[0]?.n)).to.equal(2)
    })
})
