import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { KeyTakenError, PseudoKey, regenerateKey, releaseKey, resolvePseudoKey } from "../../../src"
import { KEY_ENTITY } from "../../../src/declared/own-tables"
import { tableName } from "../../../src/typeorm/names"
import { onEveryDatabase } from "../../support/databases"
import { storedRows } from "../../support/errors"
import { changeRaw, deleteRaw, expectLeads, refused } from "../history-entities"

const followed = { derive: { from: ({ title }: { title: string }) => title, follow: true } }

@Entity()
class Note {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey({ ...followed, history: true }) slug!: string
}

@Entity("note")
class NoteOfToday {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey(followed) slug!: string
}

@Entity()
class Code {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey({ ...followed, suffix: false, history: true }) slug!: string
}

@Entity()
class Cup {
    @PrimaryGeneratedColumn() id!: number
    @Column() box!: number
    @Column() title!: string
    @PseudoKey({ ...followed, uniqueWith: "box" }) slug!: string
}

@Entity()
class KeptCup {
    @PrimaryGeneratedColumn() id!: number
    @Column() box!: number
    @Column() title!: string
    @PseudoKey({ ...followed, uniqueWith: "box", history: true }) slug!: string
}

@Entity()
class Name {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey({ ...followed, history: "forever", nullable: true, reserved: ["new"] })
    slug!: string | null
}

const ENTITIES = [Note, Code, Cup, KeptCup, Name]

onEveryDatabase("What the matrix of keys has found", (database) => {
    async function connect() {
        const { manager } = await database().connect(ENTITIES, { emptied: true })
        return { manager }
    }

    it("a key that is made again stays with the number that it has, or had", async () => {
        const { manager } = await connect()
        const [, two] = await manager.save(Note, [{ title: "Tea" }, { title: "Tea" }])
        const row = await manager.findOneByOrFail(Note, { id: two!.id })
        expect(await regenerateKey(manager, row)).to.equal("tea-2")
        for (const title of ["Coffee", "Tea", "Coffee", "Tea"])
            await manager.save(Note, { id: row.id, title })
        await expectLeads(manager, Note, { "tea-2": row.id, coffee: row.id, "tea-3": null })
        expect((await manager.findOneByOrFail(Note, { id: row.id })).slug).to.equal("tea-2")
        // One with another text in front of it is none of these.
        await manager.save(Note, { id: row.id, title: "Green tea 2" })
        await manager.save(Note, { title: "Green tea" })
        await manager.save(Note, { id: row.id, title: "Tea 2" })
        expect((await manager.findOneByOrFail(Note, { id: row.id })).slug).to.equal("tea-2")
    })

    it("a key without suffixes that another row has, or had, is taken, and not stale", async () => {
        const { manager } = await connect()
        const [one, two] = await manager.save(Code, [{ title: "One" }, { title: "Two" }])
        await manager.save(Code, { id: one!.id, title: "Uno" })
        const before = await storedRows(manager.getRepository(Code))
        for (const title of ["Uno", "One"]) {
            const change = { id: two!.id, title }
            await refused(manager.save(Code, change), KeyTakenError)
            // Nor is it committed where the error is caught.
            await manager
                .transaction((inner) => inner.save(Code, change).catch(() => undefined))
                .catch(() => undefined)
            expect(await storedRows(manager.getRepository(Code))).to.eql(before)
        }
        await expectLeads(manager, Code, { one: one!.id, uno: one!.id, two: two!.id })
    })

    it("a row that moves gets a key that others have in the place that it leaves", async () => {
        const { manager } = await connect()
        for (const entity of [Cup, KeptCup]) {
            const rows = manager.getRepository<Cup>(entity)
            const [one, two] = await rows.save([
                { box: 1, title: "Tea" },
                { box: 1, title: "Tea" },
            ])
            await rows.save({ id: two!.id, box: 2 })
            await expectLeads(manager, entity, { tea: one!.id }, { where: { box: 1 } })
            await expectLeads(manager, entity, { tea: two!.id }, { where: { box: 2 } })
        }
    })

    it("a row that moves leaves behind what is another row's there, where its key is made anew", async () => {
        const { manager } = await connect()
        const rows = manager.getRepository(KeptCup)
        const [here, there] = await rows.save([
            { box: 1, title: "Tea" },
            { box: 2, title: "Tea" },
        ])
        await rows.save({ id: here!.id, title: "Milk" })
        await rows.save({ id: here!.id, title: "Tea", box: 2 })
        const leads = { tea: there!.id, "tea-2": here!.id, milk: here!.id }
        await expectLeads(manager, KeptCup, leads, { where: { box: 2 } })
        await expectLeads(manager, KeptCup, { tea: null, milk: null }, { where: { box: 1 } })
    })

    it("what is reserved for ever is released, whoever has deleted its row", async () => {
        const { manager } = await connect()
        const rows = manager.getRepository(Name)
        await rows.save([{ title: "One" }, { title: "Two" }])
        await refused(releaseKey(manager, Name, "one"), KeyTakenError)
        await deleteRaw(rows, "title", "One")
        await rows.delete({ title: "Two" })
        for (const key of ["one", "two"]) {
            await refused(rows.save({ title: "x", slug: key }), KeyTakenError)
            expect(await releaseKey(manager, Name, key)).to.equal(true)
            expect(await releaseKey(manager, Name, key)).to.equal(false)
            await rows.save({ title: "x", slug: key })
        }
    })

    it("a key that a row lost by plain SQL is released, and one that it was given by it is not", async () => {
        const { manager } = await connect()
        for (const entity of [Note, Name]) {
            const rows = manager.getRepository<Note>(entity)
            const { id } = await rows.save({ title: "One" })
            await changeRaw(rows, "slug", "one", "uno")
            await refused(rows.save({ title: "x", slug: "one" }), KeyTakenError)
            await refused(releaseKey(manager, entity, "uno"), KeyTakenError)
            expect(await releaseKey(manager, entity, "one")).to.equal(true)
            expect(await releaseKey(manager, entity, "one")).to.equal(false)
            await expectLeads(manager, entity, { one: null, uno: id })
            const other = await rows.save({ title: "x", slug: "one" })
            await expectLeads(manager, entity, { one: other.id, uno: id })
        }
    })

    it("a key that is only shown is none that a row has now", async () => {
        const { manager } = await connect()
        const row = await manager.save(Name, { title: "One" })
        await manager.save(Name, { id: row.id, title: "Two", slug: null })
        const found = await resolvePseudoKey(manager, "one", { entity: Name })
        expect(found).to.include({ key: "", isRetired: true })
    })

    it("a key is set where a row without one would get the same, and is none where a loaded row shows it", async () => {
        const { manager } = await connect()
        const names = manager.getRepository(Name)
        const rows = await names.save([{ title: "One" }, { title: "Two" }, { title: "New" }])
        await names.save(rows.map(({ id }) => ({ id, slug: null })))
        await manager.query(`DELETE FROM ${tableName(manager.connection.getMetadata(KEY_ENTITY))}`)
        const shown = await names.find({ order: { id: "ASC" } })
        // What is reserved is not what it would get.
        expect(shown.map(({ slug }) => slug)).to.eql(["one", "two", null])
        await names.save(shown)
        await names.save({ id: rows[1]!.id, slug: "two" })
        expect((await storedRows(names)).map(({ slug }) => slug)).to.eql([null, "two", null])
        // It has got its key since it was loaded.
        await names.save(shown[1]!)
        expect((await storedRows(names)).map(({ slug }) => slug)).to.eql([null, "two", null])
        await names.save({ title: "Two" })
        await expectLeads(manager, Name, { two: rows[1]!.id, one: null })
    })

    it("a row does not bring former keys along to where a row from before the history has them", async () => {
        const { manager } = await connect()
        const cups = manager.getRepository(KeptCup)
        const [here, there] = await cups.save([
            { box: 1, title: "Tea" },
            { box: 2, title: "Tea" },
        ])
        await manager.query(`DELETE FROM ${tableName(manager.connection.getMetadata(KEY_ENTITY))}`)
        await cups.save({ id: here!.id, title: "Milk" })
        const before = await storedRows(cups)
        await refused(cups.save({ id: here!.id, box: 2, slug: "mine" }), KeyTakenError)
        expect(await storedRows(cups)).to.eql(before)
        await cups.save({ id: there!.id, title: "Coffee" })
        await expectLeads(manager, KeptCup, { tea: there!.id }, { where: { box: 2 } })
        await expectLeads(manager, KeptCup, { tea: here!.id }, { where: { box: 1 } })
    })

    it("a history that was switched off leaves its rows free to change, and each key to the row that has it", async () => {
        const kept = await database().connect([Note])
        const [one, two] = await kept
            .getRepository(Note)
            .save([{ title: "Tea" }, { title: "Milk" }])
        const off = await database().connect([NoteOfToday], { sameAs: kept, synchronize: false })
        const notes = off.getRepository(NoteOfToday)
        await notes.save({ id: one!.id, title: "Salt" })
        await notes.save({ id: two!.id, title: "Tea" })

        const on = await database().connect([Note], { sameAs: kept, synchronize: false })
        const rows = on.getRepository(Note)
        await expectLeads(on.manager, Note, { tea: two!.id, salt: one!.id })
        await rows.save({ id: one!.id, title: "Tea" })
        await expectLeads(on.manager, Note, { tea: two!.id, "tea-2": one!.id, salt: one!.id })
        await rows.save({ id: two!.id, title: "Honey" })
        const { id } = await rows.save({ title: "Tea" })
        const leads = { tea: two!.id, "tea-2": one!.id, "tea-3": id, honey: two!.id, salt: one!.id }
        await expectLeads(on.manager, Note, leads)
    })
})
