import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { findByPseudoKey, InvalidKeyError, PseudoKey, resolvePseudoKey, slugify } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { storedRows } from "../support/errors"
import { expectLeads, refused } from "./history-entities"

@Entity()
class Place {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ derive: (place: Place) => place.name, letters: "unicode", history: true })
    slug!: string
}

/** Between words is what is behind the prefix as well. */
@Entity()
class Room {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({
        ...{ prefix: "room", delimiter: "-", length: 10, letters: "unicode" },
        derive: (room: Room) => room.name,
    })
    slug!: string
}

@Entity()
class Code {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) name!: string
    @PseudoKey({ prefix: "inv", generate: "typeid" }) typeId!: string
    @PseudoKey({
        prefix: "c",
        delimiter: ".",
        pattern: /[A-Z]{2}-\d{3}/g,
        generate: ({ name }: Code, attempt) => `${name}-${String(attempt).padStart(3, "0")}`,
    })
    code!: string
}

const TYPEID = /^inv_0[0-9a-hjkmnp-tv-z]{25}$/

onEveryDatabase("Letters of the world", (database) => {
    it("stay as they are, and are found in both forms", async () => {
        const dataSource = await database().connect([Place])
        const { manager } = dataSource
        const names = ["東京 タワー", "Αθήνα", "שלום עולם", "हिन्दी", "Cafe\u0301 Ü"]
        const places = await manager.save(
            Place,
            names.map((name) => ({ name })),
        )
        const slugs = places.map(({ slug }) => slug)
        expect(slugs).to.eql(["東京-タワー", "αθήνα", "שלום-עולם", "हिन्दी", "café-ü"])
        for (const [at, slug] of slugs.entries())
            for (const text of [slug, encodeURIComponent(slug), slug.normalize("NFD")])
                expect(await findByPseudoKey(manager, Place, text)).to.include({ id: at + 1 })
        expect(await manager.save(Place, { name: "東京 タワー" })).to.include({
            slug: "東京-タワー-2",
        })
        const set = await manager.save(Place, { name: "x", slug: "e\u0301te\u0301" })
        expect(set.slug).to.equal("été")
        await manager.save(Place, { id: set.id, slug: "ο\u0308" })
        await expectLeads(manager, Place, {
            été: set.id,
            "ο\u0308": set.id,
            "e\u0301te\u0301": set.id,
        })
        expect(
            await resolvePseudoKey(dataSource, encodeURIComponent("αθήνα"), { entity: Place }),
        ).to.include({
            isRetired: false,
        })
        const before = await storedRows(manager.getRepository(Place))
        for (const slug of ["a b", "a/b", "東京?", "\u200d", "%", "🎉", "x".repeat(256)]) {
            await refused(manager.save(Place, { name: "y", slug }), InvalidKeyError)
            expect(await findByPseudoKey(manager, Place, slug)).to.equal(null)
        }
        expect(await storedRows(manager.getRepository(Place))).to.eql(before)
    })
})

onEveryDatabase("A text of which little is left", (database) => {
    it("is no key without a letter, and its prefix is no word of it", async () => {
        const { manager } = await database().connect([Room])
        const marks = "\u0301".repeat(30)
        const names = ["Incomprehensible", "Incomprehensible", "A \u2764\ufe0f", "\u2764\ufe0f"]
        const rooms: Room[] = []
        for (const name of [...names, `e${marks}`])
            rooms.push(await manager.save(Room, { name } as Room))
        const slugs = rooms.map(({ slug }) => slug)
        expect(slugs.slice(0, 3)).to.eql(["room-incomprehe", "room-incompre-2", "room-a"])
        for (const slug of slugs.slice(3)) expect(slug).to.match(/^room-[\w-]{10}$/)
        await expectLeads(manager, Room, Object.fromEntries(rooms.map((r) => [r.slug, r.id])))
    })
})

onEveryDatabase("A format of one's own", (database) => {
    it("is checked, whoever makes a key", async () => {
        const { manager } = await database().connect([Code])
        const codes = manager.getRepository(Code)
        const [a, b] = await codes.save([{ name: "AB" }, { name: "AB" }])
        expect([a!.code, b!.code]).to.eql(["c.AB-000", "c.AB-001"])
        const before = await storedRows(codes)
        await refused(codes.save({ name: "ab" }), InvalidKeyError)
        for (const code of ["c.ab-123", "AB-123", "c.AB-1234", "c_AB-123"]) {
            await refused(codes.save({ code }), InvalidKeyError)
            await refused(codes.save({ id: 1, code }), InvalidKeyError)
        }
        expect(await storedRows(codes)).to.eql(before)
        await codes.save({ id: 1, code: "c.ZZ-999" })
        await expectLeads(manager, Code, { "c.ZZ-999": 1, "c.AB-001": 2, "c_ZZ-999": null })
    })

    it("may be a TypeID, whose keys are in the order in which they were made", async () => {
        const { manager } = await database().connect([Code])
        const codes = manager.getRepository(Code)
        const first = await codes.save({ name: "AA" })
        await new Promise((done) => setTimeout(done, 2))
        const second = await codes.save({ name: "BB" })
        expect(first.typeId).to.match(TYPEID)
        expect(second.typeId).to.match(TYPEID)
        expect(first.typeId < second.typeId).to.equal(true)
        const known = "inv_01h455vb4pex5vsknk084sn02q"
        await codes.save({ name: "CC", typeId: known })
        await expectLeads(manager, Code, { [known]: 3, [first.typeId]: 1 })
        for (const typeId of [
            "inv_81h455vb4pex5vsknk084sn02q",
            "inv_01H455VB4PEX5VSKNK084SN02Q",
            "inv_x",
        ])
            await refused(codes.save({ name: "DD", typeId }), InvalidKeyError)
    })
})

describe("slugify", () => {
    const EXPECTED: [string, Parameters<typeof slugify>[1], string][] = [
        ["Αθήνα", {}, "athina"],
        ["Ευρώπη, Λουτρά & Αύγουστος", {}, "evropi-loutra-avgoustos"],
        ["Crème brûlée, 50 %", {}, "creme-brulee-50"],
        ["Größe", { language: "de-AT", case: "keep" }, "Groesse"],
        ["Größe", {}, "grosse"],
        ["STRAẞE", {}, "strasse"],
        ["Smørrebrød på Å", { language: "da" }, "smoerrebroed-paa-aa"],
        ["Київ", { language: "uk" }, "kyiv"],
        ["Щастие", { language: "bg" }, "shtastie"],
        ["IĞDIR", { language: "tr" }, "igdir"],
        ["IĞDIR", { language: "tr", letters: "unicode" }, "ığdır"],
        ["I \u2764\ufe0f NY", {}, "i-ny"],
        ["I \u2764\ufe0f NY", { letters: "unicode" }, "i-ny"],
        ["\u2764\ufe0f", { letters: "unicode" }, ""],
        ["_\u0301", { letters: "unicode" }, "_"],
        ["\u0301a\u0323", { letters: "unicode" }, "ạ"],
        ["北京", {}, "bei-jing"],
        ["東京タワー", {}, "tawa"],
        ["東京", { language: "ja" }, ""],
        ["ﬁn ① ＡＢＣ", {}, "fin-1-abc"],
        ["Tea for two", { separator: "_", length: 8 }, "tea_for"],
        ["Incomprehensible", { length: 5 }, "incom"],
        ["  -- a -- b -- ", { separator: "." }, "a.b"],
        ["", {}, ""],
    ]
    for (const [text, options, expected] of EXPECTED)
        it(`makes "${expected}" of ${JSON.stringify(text)} ${JSON.stringify(options)}`, () => {
            expect(slugify(text, options)).to.equal(expected)
        })
})
