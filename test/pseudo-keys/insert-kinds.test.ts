import { expect } from "chai"
import { KeyTakenError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { company, Company } from "./insert-entities"
import { Animal, Article, Blue, Cat, Dog, PersonEntity, Red, Room } from "./insert-kinds-entities"
import { storedKeys } from "./insert-rows"

onEveryDatabase("Pseudo keys", (database) => {
    it("of a single-table inheritance are unique among all its classes", async () => {
        const { manager } = await database().connect([Animal, Cat, Dog], { emptied: true })
        const animal = await manager.save(Animal, { name: "Rex" })
        const cat = await manager.save(Cat, { name: "Rex", lives: 9 })
        const dog = await manager.save(Dog, { name: "Rex" })
        const other = await manager.save(Dog, { name: "Tom" })
        await manager.insert(Cat, { name: "Rex", lives: 9 })
        expect([animal, cat, dog, other].map(({ slug }) => slug)).to.eql([
            ...["Rex", "Rex-2", "Rex-3", "Tom"],
        ])
        expect(await storedKeys({ manager }, Animal)).to.eql([
            ...["Rex", "Rex-2", "Rex-3", "Tom", "Rex-4"],
        ])
        expect(await storedKeys({ manager }, Cat, "catId")).to.eql([
            ...[null, "cat_Rex-9", null, null, "cat_Rex-9-2"],
        ])
        expect(cat.catId).to.equal("cat_Rex-9")
        const dogIds = await storedKeys({ manager }, Dog, "dogId")
        expect(dogIds).to.eql([null, null, dog.dogId, other.dogId, null])
        expect(dog.dogId).to.match(/^dog_[\w-]{21}$/)
        const attempt = manager.save(Cat, { name: "Tom", slug: "Rex-3" })
        expect(await rejection(attempt)).to.be.instanceOf(KeyTakenError)
    })

    it("are made in an embedded entity, of its own fields", async () => {
        const { manager } = await database().connect([Article], { emptied: true })
        const a = await manager.save(Article, { links: { title: "Tea" } })
        const b = await manager.save(Article, { links: { title: "Tea" } })
        expect([a.links.slug, b.links.slug]).to.eql(["Tea", "Tea-2"])
        expect(a.links.publicId).to.match(/^pub_[\w-]{21}$/)
        const set = { title: "Mine", slug: "mine", publicId: "pub_mine" }
        await manager.insert(Article, { links: { ...set } })
        await manager.insert(Article, { links: { title: "Tea" } })
        expect(await storedKeys({ manager }, Article, "links.slug")).to.eql([
            ...["Tea", "Tea-2", "mine", "Tea-3"],
        ])
        expect((await storedKeys({ manager }, Article, "links.publicId")).slice(0, 3)).to.eql([
            ...[a.links.publicId, b.links.publicId, "pub_mine"],
        ])
    })

    it("are made for an EntitySchema", async () => {
        const { manager } = await database().connect([PersonEntity], { emptied: true })
        const rows = [{ name: "Ada" }, { name: "Ada" }, { name: "Bob", slug: "bobby" }]
        const saved = await manager.save(PersonEntity, rows)
        await manager.insert(PersonEntity, { name: "Ada" })
        expect(saved.map(({ slug }) => slug)).to.eql(["Ada", "Ada-2", "bobby"])
        expect(saved[0]?.publicId).to.match(/^per_[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
        expect(await storedKeys({ manager }, PersonEntity)).to.eql([
            ...["Ada", "Ada-2", "bobby", "Ada-3"],
        ])
    })

    it("are made with a composite primary key, before the INSERT and after it", async () => {
        const { manager } = await database().connect([Room], { emptied: true })
        const rooms = [
            { house: "A", id: 1 },
            { house: "B", id: 2 },
            { house: "A", id: 3 },
            { house: "A", id: 4, slug: "room-5" },
        ]
        await manager.save(Room, rooms)
        await manager.transaction((inner) => inner.insert(Room, { house: "A", id: 5 }))
        const slugs = ["room-1", "room-2", "room-3", "room-5", "room-5-2"]
        expect(await storedKeys({ manager }, Room)).to.eql(slugs)
        const late = ["A-blue", "B-blue", "A-blue-2", "A-blue-3", "A-blue-4"]
        expect(await storedKeys({ manager }, Room, "late")).to.eql(late)
        expect(rooms.map((room) => (room as Room).late)).to.eql(late.slice(0, 4))
    })

    it("are inherited from an abstract class, and unique in each table", async () => {
        const { manager } = await database().connect([Red, Blue], { emptied: true })
        const red = await manager.save(Red, { name: "Sky" })
        const blue = await manager.save(Blue, [{ name: "Sky" }, { name: "Sky" }])
        expect(red.slug).to.equal("Sky")
        expect(await storedKeys({ manager }, Blue)).to.eql(["Sky", "Sky-2"])
        expect(await storedKeys({ manager }, Blue, "publicId")).to.eql(
            blue.map(({ publicId }) => publicId),
        )
    })

    it("of two data sources have nothing to do with each other", async () => {
        const one = await database().connect([Company], { emptied: true })
        const other = await database().connect([Company], { emptied: true })
        await one.transaction(async (manager) => {
            await manager.save(company("acme"))
            // PGlite has one connection, and all its data sources are in one database.
            if (database().kind === "pglite") return
            const saved = await other.manager.save([company("acme"), company("acme")])
            expect(saved.map(({ slug }) => slug)).to.eql(["acme", "acme-2"])
        })
        await other.manager.save(company("beta"))
        await one.manager.save(company("acme"))
        expect(await storedKeys(one, Company)).to.eql(["acme", "acme-2"])
    })
})
