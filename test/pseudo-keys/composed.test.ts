import { expect } from "chai"
import {
    Column,
    Entity,
    type FindOptionsWhere,
    In,
    IsNull,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    findByPseudoKey,
    findManyByPseudoKey,
    InvalidKeyError,
    InvalidOptionError,
    KeyTakenError,
    NotInstalledError,
    PseudoKey,
    releaseKey,
    verifyAutoSequence,
    wherePseudoKey,
} from "../../src"
import { tableName } from "../../src/typeorm/names"
import { onEveryDatabase } from "../support/databases"
import { storedRows } from "../support/errors"
import { expectLeads, refused } from "./history-entities"

const secret = "a secret of at least thirty-two bytes"

@Entity()
class Market {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ derive: (market: Market) => market.name }) slug!: string
    @PseudoKey({ prefix: "mkt", seal: { column: "id", secret } }) sealed!: string
}

@Entity()
class Stall {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @ManyToOne(() => Market, { nullable: true }) market!: Market | null
    @PseudoKey({ derive: (stall: Stall) => stall.name, uniqueWith: "market" }) slug!: string
    @PseudoKey({ prefix: "stl", select: false }) hidden!: string
    @PseudoKey({ prefix: "old", history: true }) publicId!: string
}

@Entity({ name: "stall" })
class Kept {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ prefix: "new", formerPrefixes: ["old"], series: "stalls", history: true })
    publicId!: string
}

@Entity()
class Port {
    @PrimaryColumn({ type: "varchar", length: 20 }) code!: string
    @Column({ default: 1 }) rank!: number
    @PseudoKey({ prefix: "prt", history: true }) publicId!: string
}

/** A history within related rows: by numbers, and by texts, one of them beside a value. */
@Entity()
class Berth {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @ManyToOne(() => Market, { nullable: true }) market!: Market | null
    @ManyToOne(() => Port, { nullable: true }) port!: Port | null
    @Column({ type: "int", nullable: true }) side!: number | null
    @PseudoKey({
        derive: (berth: Berth) => berth.name,
        uniqueWith: ["side", "market"],
        history: true,
    })
    slug!: string
    @PseudoKey({
        prefix: "ber",
        generate: (berth: Berth) => berth.name,
        uniqueWith: "port",
        history: true,
    })
    code!: string
}

onEveryDatabase("Look-ups that compose", (database) => {
    async function connect() {
        const dataSource = await database().connect([Market, Stall], { emptied: true })
        const { manager } = dataSource
        const [north, south] = await manager.save(Market, [{ name: "North" }, { name: "South" }])
        const stalls = await manager.save(Stall, [
            { name: "Tea", market: north },
            { name: "Tea", market: south },
            { name: "Fish", market: south },
        ])
        return { dataSource, manager, north: north!, south: south!, stalls }
    }

    it("take the key of another row for their scope", async () => {
        const { dataSource, manager, south, stalls } = await connect()
        for (const key of ["south", south.sealed]) {
            const market = wherePseudoKey(dataSource, Market, key)
            const row = await findByPseudoKey(manager, Stall, "tea", { where: { market } })
            expect(row?.id, key).to.equal(stalls[1]!.id)
        }
        const market = wherePseudoKey(dataSource, Market, "nowhere")
        expect(await findByPseudoKey(manager, Stall, "tea", { where: { market } })).to.equal(null)
        await refused(findByPseudoKey(manager, Stall, "tea"), InvalidOptionError)
    })

    it("take it for the scope of a key with a history as well", async () => {
        const dataSource = await database().connect([Market, Port, Berth], { emptied: true })
        const { manager } = dataSource
        const [north, south] = await manager.save(Market, [{ name: "North" }, { name: "South" }])
        const [a, b] = await manager.save(Port, [{ code: "a" }, { code: "B" }])
        const berths = await manager.save(Berth, [
            { name: "one", market: north, port: a, side: 1 },
            { name: "one", market: south, port: b, side: null },
            { name: "one", market: south, port: null, side: 1 },
        ])
        const [first, second, third] = berths.map(({ id }) => id)
        const former = b!.publicId
        await manager.save(Port, { code: "B", publicId: "prt_b" })
        // Now one has it that another one had before.
        await manager.save(Berth, { id: second!, slug: "two", code: "ber_two" })
        const marketOf = (slug: string) => wherePseudoKey(dataSource, Market, slug)
        const portOf = (key: string) => wherePseudoKey(dataSource, Port, key)
        const expected = [
            ["one", { market: marketOf("north"), side: 1 }, first],
            ["one", { market: marketOf("north"), side: IsNull() }, null],
            ["one", { market: marketOf("south"), side: 1 }, third],
            ["one", { market: marketOf("south"), side: IsNull() }, second],
            ["two", { market: marketOf("south"), side: null as never }, second],
            ["two", { market: { ...marketOf("south"), name: "South" }, side: IsNull() }, second],
            ["two", { market: { ...marketOf("south"), name: "x" }, side: IsNull() }, null],
            // Values beside it are no parameters of the condition.
            ["two", { name: "one", market: marketOf("south"), side: IsNull() }, second],
            ["one", { name: "one", id: first!, side: 1, market: marketOf("north") }, first],
            ["one", { market: marketOf("nowhere"), side: 1 }, null],
            ["ber_one", { port: portOf(a!.publicId) }, first],
            ["ber_one", { port: portOf(former) }, second],
            ["ber_two", { port: portOf("prt_b") }, second],
            ["ber_two", { port: portOf(a!.publicId) }, null],
            ["ber_one", { port: { rank: 1, code: "B" } }, second],
            ["ber_one", { port: { rank: 2 } }, null],
        ] as const
        for (const [key, where, id] of expected) {
            const row = await findByPseudoKey(manager, Berth, key, { where })
            expect(row?.id ?? null, `${key} ${JSON.stringify(where)}`).to.equal(id)
            const [same] = await findManyByPseudoKey(manager, Berth, [key], { where })
            expect(same?.id ?? null).to.equal(id)
        }
        const where = { market: marketOf("south"), side: IsNull() }
        const either = [where, { market: marketOf("north"), side: IsNull() }]
        for (const of of [either, [...either].reverse()]) {
            const row = await findByPseudoKey(manager, Berth, "one", { where: of })
            expect(row?.id).to.equal(second)
        }
        expect(await findByPseudoKey(manager, Berth, "one", { where, retired: false })).to.equal(
            null,
        )
        for (const wrong of [
            { side: 1 },
            { market: marketOf("south") },
            { market: {}, side: 1 },
            { market: { name: undefined }, side: 1 },
        ])
            await refused(
                findByPseudoKey(manager, Berth, "one", { where: wrong }),
                InvalidOptionError,
            )
        // An UPDATE by other means has passed the key on: it is the one that has it now.
        const table = tableName(dataSource.getMetadata(Berth))
        await dataSource.query(`UPDATE ${table} SET slug = 'one', side = NULL WHERE id = ${third}`)
        const now = await findByPseudoKey(manager, Berth, "one", { where })
        expect(now?.id).to.equal(third)
    })

    it("find the rows of many keys, in their order", async () => {
        const { manager, stalls, north, south } = await connect()
        const [one, two, three] = stalls
        const [a, b, c] = stalls.map(({ id }) => id)
        const former = two!.publicId
        await manager.save(Stall, { id: two!.id, publicId: "old_b" })
        const keys = [
            three!.publicId,
            "old_x",
            former,
            one!.publicId,
            "old_b",
            "no key at all",
            one!.hidden,
        ]
        const found = await findManyByPseudoKey(manager, Stall, keys)
        expect(found.map((row) => row?.id ?? null)).to.eql([c, null, b, a, b, null, a])
        const now = await findManyByPseudoKey(manager, Stall, keys, { retired: false })
        expect(now.map((row) => row?.id ?? null)).to.eql([c, null, null, a, b, null, a])
        const where = { market: { id: north.id } }
        const own = await findManyByPseudoKey(manager, Stall, keys, { where })
        expect(own.map((row) => row?.id ?? null)).to.eql([null, null, null, a, null, null, a])
        const slugs = await findManyByPseudoKey(manager, Stall, ["fish", "tea"], { where })
        expect(slugs.map((row) => row?.id ?? null)).to.eql([null, a])
        const markets = await findManyByPseudoKey(manager, Market, ["south", north.sealed, "mkt_x"])
        expect(markets.map((row) => row?.id ?? null)).to.eql([south.id, north.id, null])
        expect(await findManyByPseudoKey(manager, Market, [])).to.eql([])
    })

    it("are no rows: a key that leads nowhere is refused before anything is written", async () => {
        const { dataSource, manager, south } = await connect()
        const stalls = manager.getRepository(Stall)
        const before = await storedRows(stalls)
        for (const key of ["south", "mkt_x", "no key at all", `${south.sealed}x`]) {
            const market = wherePseudoKey(dataSource, Market, key) as Market
            await refused(stalls.save({ name: "Salt", market }), InvalidKeyError)
            await refused(stalls.save(stalls.create({ name: "Salt", market })), InvalidKeyError)
            await refused(stalls.save({ id: 1, market }), InvalidKeyError)
        }
        expect(await storedRows(stalls)).to.eql(before)
        const market = wherePseudoKey(dataSource, Market, south.sealed) as Market
        const saved = await stalls.save(stalls.create({ name: "Salt", market }))
        const row = await stalls.findOneOrFail({
            where: { id: saved.id },
            relations: { market: true },
        })
        expect(row.market?.id).to.equal(south.id)
    })
})

onEveryDatabase("A key that is given up", (database) => {
    it("leads nowhere, and any row may have it", async () => {
        const dataSource = await database().connect([Market, Stall], { emptied: true })
        const { manager } = dataSource
        const [a, b] = await manager.save(Stall, [{ name: "a" }, { name: "b" }])
        const former = a!.publicId
        await refused(releaseKey(manager, Stall, former), KeyTakenError)
        await manager.save(Stall, { id: a!.id, publicId: "old_a" })
        await refused(manager.save(Stall, { id: b!.id, publicId: former }), KeyTakenError)
        expect(await releaseKey(manager, Stall, former)).to.equal(true)
        await expectLeads(manager, Stall, { [former]: null, old_a: a!.id })
        expect(await releaseKey(manager, Stall, former)).to.equal(false)
        await manager.save(Stall, { id: b!.id, publicId: former })
        await expectLeads(manager, Stall, { [former]: b!.id })
        await refused(releaseKey(manager, Stall, b!.hidden), InvalidOptionError)
    })

    it("is released in the scope of the one related row that meets a condition", async () => {
        const dataSource = await database().connect([Market, Port, Berth], { emptied: true })
        const { manager } = dataSource
        const markets = await manager.save(Market, [{ name: "one" }, { name: "two" }])
        for (const market of markets) {
            const berth = await manager.save(Berth, {
                name: "a",
                code: `ber_${market.id}`,
                side: 1,
                market,
            })
            await manager.save(Berth, { id: berth.id, slug: `b${market.id}` })
        }
        const release = (market: FindOptionsWhere<Market>) =>
            releaseKey(manager, Berth, "a", { where: { side: 1, market } })
        await refused(release({ name: In(["one", "two"]) }), InvalidOptionError)
        expect(await release({ name: "none" })).to.equal(false)
        for (const isThere of [true, false])
            expect(await release(wherePseudoKey(dataSource, Market, "one"))).to.equal(isThere)
        expect(await release({ name: "two" })).to.equal(true)
    })

    it("of a prefix from before is found where that is named, and noticed where it is not", async () => {
        const dataSource = await database().connect([Kept])
        const { manager } = dataSource
        const row = await manager.save(Kept, { name: "a", publicId: "old_a" })
        const other = await manager.save(Kept, { name: "b" })
        expect(other.publicId).to.match(/^new_/)
        await expectLeads(manager, Kept, { old_a: row.id, [other.publicId]: other.id })
        await manager.save(Kept, { id: row.id, publicId: null as never })
        await expectLeads(manager, Kept, { old_a: row.id })
        await manager.save(Kept, { id: other.id, publicId: "old_b" })
        await verifyAutoSequence(dataSource)
        const table = tableName(dataSource.getMetadata(Kept))
        const column = dataSource.driver.escape("publicId")
        // One in the midst of many is enough, whatever it begins with.
        const many = Array.from({ length: 300 }, (_, at) => ({ name: `row ${at}` }))
        const rows = await manager.save(Kept, many)
        const { id } = rows[150]!
        const set = (key: string) =>
            dataSource.query(`UPDATE ${table} SET ${column} = '${key}' WHERE id = ${id}`)
        for (const wrong of ["inv_x", "neww", "new", "NEW_x", "ne", "new-x", "o", "zzz"]) {
            await set(wrong)
            const error = await refused(verifyAutoSequence(dataSource), NotInstalledError)
            expect(error.message, wrong).to.include('"new_"').and.include("formerPrefixes")
        }
        for (const right of ["old_x", "new_x", "new_~", "old_-"]) {
            await set(right)
            await verifyAutoSequence(dataSource)
        }
    })
})
