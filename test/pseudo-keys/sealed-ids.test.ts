import { expect } from "chai"
import {
    Column,
    Entity,
    EntitySchema,
    type EntitySubscriberInterface,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    findByPseudoKey,
    InvalidKeyError,
    InvalidOptionError,
    openKey,
    openKeys,
    PseudoKey,
    resolvePseudoKey,
    sealKey,
    sealKeys,
    SealedReference,
    verifyAutoSequence,
    withPseudoKeys,
    withSealedReferences,
} from "../../src"
import { keySealOf } from "../../src/keys/sealed/composite-seal"
import { tableName } from "../../src/typeorm/names"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { refused } from "./history-entities"

const SECRET = "a secret of at least thirty-two bytes"
const seal = { column: "id", secret: SECRET } as const

@Entity()
class Client {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ prefix: "cli", seal }) publicId!: string
}

@Entity()
class Bill {
    @PrimaryGeneratedColumn("uuid") id!: string
    @Column({ default: "" }) name!: string
    @ManyToOne(() => Client, { nullable: true }) client?: Client | null
    @Column({ type: "int", nullable: true }) payerId?: number | null
    @ManyToOne(() => Client, { nullable: true })
    @JoinColumn({ name: "payerId" })
    payer?: Client | null
    @PseudoKey({ prefix: "bil", seal }) publicId!: string
    @ManyToOne(() => Client, { nullable: true }) agent?: Client | null
    @SealedReference("client") clientKey!: string | null
    @SealedReference("agent") agentKey!: string | null
    @SealedReference("payer") payerKey!: string | null
}

@Entity()
class Seat {
    @PrimaryColumn({ type: "int" }) hall!: number
    @PrimaryColumn({ type: "uuid" }) place!: string
    @Column({ default: "" }) name!: string
    @PseudoKey({ seal: { column: ["hall", "place"], secret: SECRET } }) key!: string
}

@Entity()
class Account {
    @PrimaryColumn({ type: "bigint" }) id!: string
    @PseudoKey({ prefix: "acc", seal }) publicId!: string
}

/** Part of its foreign key may be NULL, and then it leads nowhere. */
@Entity()
class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) hall?: number | null
    @Column({ type: "uuid", nullable: true }) place?: string | null
    @ManyToOne(() => Seat)
    @JoinColumn([
        { name: "hall", referencedColumnName: "hall" },
        { name: "place", referencedColumnName: "place" },
    ])
    seat?: Seat
    @SealedReference("seat") seatKey?: string | null
}

/** Any value of one column can be one of the other. */
@Entity()
class Box {
    @PrimaryColumn({ type: "int" }) hall!: number
    @PrimaryColumn({ type: "bigint" }) number!: string
    @PseudoKey({ seal: { column: ["hall", "number"], secret: SECRET } }) key!: string
}

@Entity()
class Album {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "alb", seal }) publicId!: string
    @OneToMany(() => Track, (track) => track.album, { cascade: true }) tracks!: Track[]
}

@Entity()
class Track {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Album, (album) => album.tracks) album?: Album | null
    // The first one is there for all of them.
    @Column({ type: "int", default: 1 }) coverId?: number
    @ManyToOne(() => Album, { lazy: true })
    @JoinColumn({ name: "coverId" })
    cover?: Promise<Album>
    @SealedReference("album") albumKey!: string | null
    @SealedReference("cover") coverKey!: string
}

/** What the clients were before their prefix changed. */
@Entity({ name: "client" })
class Former {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ prefix: "old", seal }) publicId!: string
}

@Entity({ name: "client" })
class Renamed {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ prefix: "cli", delimiter: "-", formerPrefixes: ["old_"], seal }) publicId!: string
}

const PLACE = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"

describe("A sealed key of several columns", () => {
    const [old, recent] = [SECRET, `${SECRET}, and more`]
    const seal = (secrets: string[], context = "seat", types = ["integer", "uuid"] as const) =>
        keySealOf(types, secrets, context)
    const key = seal([old]).seal([1n, PLACE])

    it("is read with each of the secrets, for its entity alone", () => {
        expect(seal([recent, old]).open(key)).to.eql([1n, PLACE])
        expect(seal([recent, old]).seal([1n, PLACE])).not.to.equal(key)
        expect(seal([recent]).open(key)).to.equal(undefined)
        expect(seal([old], "seats").open(key)).to.equal(undefined)
        expect(seal([old], "seat", ["uuid", "integer"] as never).open(key)).to.equal(undefined)
        expect(seal([old]).accepts([1n])).to.equal(false)
        for (const id of [-1n, 2n ** 63n - 1n, -(2n ** 63n)])
            expect(seal([old]).open(seal([old]).seal([id, PLACE]))).to.eql([id, PLACE])
    })

    it("does not change from version to version", () => {
        expect(key).to.equal("dR1EGRu_bfM4le5m4yuJorNfAxpC9CZlK9t0YIWyoWEi5tqXhnA6yw")
    })

    it("is refused when anything of it is altered", () => {
        for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            for (const at of [0, 30, key.length - 1]) {
                const forged = key.slice(0, at) + letter + key.slice(at + 1)
                if (forged !== key) expect(seal([old]).open(forged), forged).to.equal(undefined)
            }
        for (const forged of ["", key.slice(0, -2), key.slice(2), `${key}AA`, `${key}=`])
            expect(seal([old]).open(forged), forged).to.equal(undefined)
    })
})

onEveryDatabase("A sealed key without its row", (database) => {
    it("of a bigint leads to its text, as TypeORM has it, also past 2^53", async () => {
        const dataSource = await database().connect([Account], { emptied: true })
        for (const id of ["7", "9007199254740993"]) {
            const { publicId } = await dataSource.manager.save(Account, { id })
            expect(sealKey(dataSource, Account, id)).to.equal(publicId)
            expect(openKey(dataSource, Account, publicId)).to.equal(id)
        }
    })

    it("is made of primary keys and leads back to them, many at once", async () => {
        const dataSource = await database().connect([Client, Bill, Seat], { emptied: true })
        const { manager } = dataSource
        const clients = await manager.save(Client, [{ name: "a" }, { name: "b" }])
        const keys = clients.map(({ publicId }) => publicId)
        expect(sealKeys(dataSource, Client, [1, null, "2", undefined, 2n])).to.eql([
            ...[keys[0], null, keys[1], null, keys[1]],
        ])
        expect(sealKey(manager, Client, { id: 1 })).to.equal(keys[0])
        expect(openKeys(dataSource, Client, [...keys, "x", `${keys[0]!}x`])).to.eql([
            1,
            2,
            null,
            null,
        ])
        const bill = await manager.save(new Bill())
        expect(sealKey(dataSource, Bill, bill.id)).to.equal(bill.publicId)
        expect(openKey(dataSource, Bill, bill.publicId)).to.equal(bill.id)
        expect(openKey(dataSource, Client, bill.publicId)).to.equal(null)
        for (const id of ["x", {}, 1.5, [1, 2], 2n ** 63n, "9223372036854775808"])
            expect(() => sealKey(dataSource, Client, id as never)).to.throw(InvalidKeyError)
        expect(() => sealKey(dataSource, Bill, `${bill.id}0`)).to.throw(InvalidKeyError)
        const content = keys[0]!.slice("cli_".length)
        for (const key of [content, `cli${content}`, `cli-${content}`, `bil_${content}`, 1, null])
            expect(openKey(dataSource, Client, key as never), String(key)).to.equal(null)
        expect(() => sealKey(dataSource, Former, 1)).to.throw(InvalidOptionError)
        expect(() => sealKeys(dataSource, Client, 1 as never)).to.throw(InvalidOptionError)
        expect(() => openKeys(dataSource, Client, "cli_x" as never)).to.throw(InvalidOptionError)
    })

    it("is made of all columns of a primary key", async () => {
        const dataSource = await database().connect([Client, Bill, Seat], { emptied: true })
        const { manager } = dataSource
        const seats = [
            { hall: 1, place: PLACE },
            { hall: 2, place: PLACE },
        ]
        const saved = await manager.save(Seat, seats)
        const [one, two] = saved.map(({ key }) => key)
        expect(one)
            .to.match(/^[\w-]{54}$/)
            .and.not.equal(two)
        expect(sealKey(dataSource, Seat, { hall: 1, place: PLACE })).to.equal(one)
        expect(openKey(dataSource, Seat, two!)).to.eql({ hall: 2, place: PLACE })
        expect(await findByPseudoKey(manager, Seat, two!)).to.include({ hall: 2 })
        const forged = `${two!.slice(0, 30)}${two![30] === "A" ? "B" : "A"}${two!.slice(31)}`
        expect(openKey(dataSource, Seat, forged)).to.equal(null)
        expect(await findByPseudoKey(manager, Seat, forged)).to.equal(null)
        expect(await manager.find(Seat, { order: { hall: "ASC" } })).to.eql(
            saved.map((seat) => Object.assign(new Seat(), { ...seat, name: "" })),
        )
    })

    it("is made of each column as TypeORM has it, and of none in the place of all", async () => {
        const dataSource = await database().connect([Box], { emptied: true })
        const id = { hall: 7, number: "9007199254740993" }
        const { key } = await dataSource.manager.save(Box, { ...id })
        expect(sealKey(dataSource, Box, id)).to.equal(key)
        expect(openKey(dataSource, Box, key)).to.eql(id)
        for (const part of [7, "7", { hall: 7 }, { ...id, number: 2n ** 63n }])
            expect(() => sealKey(dataSource, Box, part)).to.throw(InvalidKeyError)
    })

    it("is shown for foreign keys, and by rows that are mapped to other properties", async () => {
        const dataSource = await database().connect([Client, Bill, Seat], { emptied: true })
        const { manager } = dataSource
        const [a, b] = await manager.save(Client, [{ name: "a" }, { name: "b" }])
        const saved = await manager.save(Bill, { client: a, agent: b, payerId: b!.id })
        expect(saved).to.include({ clientKey: a!.publicId, payerKey: b!.publicId })
        await manager.save(Bill, [{}, { client: b, payer: null }])
        const bills = await manager.find(Bill)
        const shown = bills.map(({ clientKey, payerKey }) => `${clientKey} ${payerKey}`)
        expect(shown).to.have.members([
            `${a!.publicId} ${b!.publicId}`,
            "null null",
            `${b!.publicId} null`,
        ])
        const joined = await manager.find(Bill, { relations: { client: true, payer: true } })
        expect(joined.map(({ clientKey, payerKey }) => `${clientKey} ${payerKey}`)).to.have.members(
            shown,
        )
        const bill = bills.find(({ payerKey }) => payerKey)!
        expect(JSON.parse(JSON.stringify(bill))).to.include({
            payerKey: b!.publicId,
            agentKey: b!.publicId,
        })
        expect(() => (bill.payerKey = a!.publicId)).to.throw(InvalidKeyError)
        await refused(manager.save(Bill, { clientKey: a!.publicId }), InvalidKeyError)
        // Of two that contradict each other, neither is taken.
        const { id } = saved
        const moved = { id, client: b, clientKey: a!.publicId }
        await refused(manager.save(Bill, moved), InvalidKeyError)
        for (const nothing of [undefined, null, ""]) {
            const none = { clientKey: nothing as never, payerKey: nothing as never }
            const made = await manager.save(Bill, { client: a, ...none })
            expect(made.clientKey).to.equal(a!.publicId)
            await manager.save(Bill, { id: made.id, name: "changed", ...none })
            const where = { id: made.id, name: "changed" }
            expect(await manager.findOneBy(Bill, where)).to.include({ clientKey: a!.publicId })
            await manager.delete(Bill, made.id)
        }
        // Without its primary key nobody can ask for it.
        const [selected] = await manager.find(Bill, { where: { id }, select: { name: true } })
        expect(selected).to.include({ name: "", clientKey: undefined })

        const mapped = await manager
            .createQueryBuilder(Bill, "bill")
            .leftJoinAndMapOne("bill.payment", Client, "payment", "payment.id = bill.payerId")
            .leftJoinAndMapMany("bill.all", Client, "all_of", "all_of.id > 0")
            .getMany()
        const found = mapped.find(({ payerId }) => payerId) as unknown as {
            payment: Client
            all: Client[]
        }
        expect(found.payment.publicId).to.equal(b!.publicId)
        expect(found.all.map(({ publicId }) => publicId)).to.have.members([
            a!.publicId,
            b!.publicId,
        ])
    })

    it("is shown by no entity of the same name that another data source has", async () => {
        interface Same {
            id: number
            next: string | null
            nextKey: string | null
        }
        const schema = (next: object) =>
            new EntitySchema<Same>({
                name: "same",
                columns: { id: { type: "int", primary: true, generated: true } } as never,
                ...next,
            })
        const relations = { next: { type: "many-to-one", target: "same" } }
        const keyed = withPseudoKeys(schema({ relations }), { publicId: { seal } } as never)
        const one = await database().connect([withSealedReferences(keyed, { nextKey: "next" })])
        expect(await one.manager.save(keyed, {} as Same)).to.include({ nextKey: null })
        const other = await database().connect([schema({})])
        expect(await other.manager.save("same", {})).to.eql({ id: 1 })
    })

    it("of a row that part of a foreign key is missing for is NULL", async () => {
        const dataSource = await database().connect([Client, Bill, Seat, Ticket], { emptied: true })
        const { manager } = dataSource
        const { key } = await manager.save(Seat, { hall: 1, place: PLACE })
        await manager.save(Ticket, [
            { hall: 1, place: PLACE },
            { hall: 1, place: null },
            { hall: null, place: PLACE },
        ])
        const tickets = await manager.find(Ticket, { order: { id: "ASC" } })
        expect(tickets.map(({ seatKey }) => seatKey)).to.eql([key, null, null])
    })

    it("is not known of a row that is gone before its foreign keys are read", async () => {
        const dataSource = await database().connect([Client, Bill, Seat], { emptied: true })
        const { manager } = dataSource
        const client = await manager.save(Client, { name: "a" })
        const { publicId } = client
        const rows = ["gone", "kept"].map((name) => ({ name, client, payer: client }))
        await manager.save(Bill, rows)
        const table = tableName(manager.getRepository(Bill).metadata)
        const subscriber: EntitySubscriberInterface<Bill> = {
            listenTo: () => Bill,
            // Over the same connection, so that it comes before the query for the foreign keys.
            async afterLoad({ name }, event) {
                if (name === "gone")
                    await event?.queryRunner.query(`DELETE FROM ${table} WHERE name = 'gone'`)
            },
        }
        dataSource.subscribers.push(subscriber)
        const shown = (await manager.find(Bill, { order: { name: "ASC" } })).map(
            ({ name, clientKey, agentKey, payerKey }) => ({ name, clientKey, agentKey, payerKey }),
        )
        expect(shown).to.eql([
            { name: "gone", clientKey: undefined, agentKey: undefined, payerKey: publicId },
            { name: "kept", clientKey: publicId, agentKey: null, payerKey: publicId },
        ])
        expect(await manager.count(Bill)).to.equal(1)
    })

    it("is that of where a saved row leads, also when the entity tells it no longer", async () => {
        const dataSource = await database().connect([Client, Bill, Seat], { emptied: true })
        const { manager } = dataSource
        const [a, b] = await manager.save(Client, [{ name: "a" }, { name: "b" }])
        const { id } = await manager.save(Bill, { client: a })
        const bill = await manager.findOneByOrFail(Bill, { id })
        const shown = (client?: Client) => {
            bill.client = client
            return bill.clientKey
        }
        expect(shown(b)).to.equal(b!.publicId)
        // It is not saved.
        expect(shown()).to.equal(a!.publicId)
        await manager.save(Object.assign(bill, { client: b }))
        expect(shown()).to.equal(b!.publicId)
        await rejection(
            dataSource.transaction(async (inner) => {
                await inner.save(Object.assign(bill, { client: a }))
                expect(shown()).to.equal(a!.publicId)
                throw new Error("roll back")
            }),
        )
        expect(shown()).to.equal(b!.publicId)
        await manager.save(Object.assign(bill, { name: "changed" }))
        expect(shown()).to.equal(b!.publicId)
        await manager.save(Object.assign(bill, { client: null }))
        expect(shown()).to.equal(null)
        expect(await manager.findOneBy(Bill, { id })).to.include({
            clientKey: null,
            name: "changed",
        })

        // TypeORM says NULL of a column that was left as it is.
        await manager.save(Bill, { id, payerId: b!.id })
        await manager.save(Object.assign(bill, { payerId: undefined, name: "again" }))
        bill.payerId = undefined
        expect(bill.payerKey).to.equal(undefined)

        const made = await manager.save(manager.create(Bill, { client: a! }))
        expect(made).to.include({ clientKey: a!.publicId, payerKey: null })
        made.client = undefined
        expect(made.clientKey).to.equal(a!.publicId)

        const lost = manager.create(Bill, { client: a! })
        await rejection(
            dataSource.transaction(async (inner) => {
                await inner.save(lost)
                throw new Error("roll back")
            }),
        )
        lost.client = undefined
        expect(lost.clientKey).to.equal(undefined)
    })

    it("is NULL for a new row that has no relation, where nothing else can have given it one", async () => {
        const dataSource = await database().connect([Album, Track], { emptied: true })
        const { manager } = dataSource
        const { publicId } = await manager.save(Album, { tracks: [] })
        // Nobody asks whether it is from the list of an album.
        const album = await manager.save(Album, { tracks: [{}, {}] as Track[] })
        for (const { albumKey, coverKey } of album.tracks)
            expect([albumKey, coverKey]).to.eql([undefined, publicId])
        expect(await manager.findBy(Track, { album: { id: album.id } })).to.have.length(2)
        const bills = await database().connect([Client, Bill, Seat], { emptied: true })
        expect(await bills.manager.save(new Bill())).to.include({ clientKey: null, payerKey: null })
        // What was there is left as it was.
        const client = await bills.manager.save(Client, { name: "a" })
        const { id } = await bills.manager.save(Bill, { client })
        const again = { id, payerId: client.id } as Bill
        await bills.manager.upsert(Bill, again, ["id"])
        expect(again).to.include({ clientKey: undefined, payerKey: client.publicId })
    })

    it("leads to its row after the prefix has changed, and is retired", async () => {
        const former = await database().connect([Former], { emptied: true })
        const { publicId } = await former.manager.save(Former, { name: "a" })
        const dataSource = await database().connect([Renamed], { emptied: true })
        const row = await dataSource.manager.save(Renamed, { name: "a" })
        expect(row.publicId).to.match(/^cli-/)
        expect(openKey(dataSource, Renamed, publicId)).to.equal(1)
        const text = sealKey(former, Former, row.id)
        const found = await resolvePseudoKey(dataSource, text)
        expect(found).to.include({ key: row.publicId, isRetired: true })
        expect(
            await findByPseudoKey(dataSource.manager, Renamed, text, { retired: false }),
        ).to.equal(null)
        await verifyAutoSequence(dataSource)
    })

    it("is no key of what has none, or is related otherwise", async () => {
        @Entity()
        class Town {
            @PrimaryGeneratedColumn() id!: number
            @Column({ unique: true }) code!: string
            @PseudoKey({ seal }) publicId!: string
            @OneToMany(() => House, (house) => house.town) houses!: House[]
        }
        @Entity()
        class House {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: "" }) name!: string
            @ManyToOne(() => Town, (town) => town.houses) town!: Town
            @ManyToOne(() => Town)
            @JoinColumn({ name: "townCode", referencedColumnName: "code" })
            named!: Town
            @ManyToOne(() => House) next!: House
            @ManyToOne(() => Town) other!: object
        }
        for (const [entity, property, relation, text] of [
            [Town, "houseKey", "houses", "no many-to-one or owning one-to-one"],
            [House, "key", "nothing", "no many-to-one or owning one-to-one"],
            [House, "key", "named", "not that of the primary key"],
            [House, "key", "next", "House has no sealed key"],
            [House, "name", "town", "but is a column as well"],
            [House, "other", "other", "but is a column as well"],
        ] as const) {
            class Other extends entity {}
            Entity({ name: "other" })(Other)
            SealedReference(relation)(Other.prototype, property)
            const error = await refused(
                database().connect([Town, House, Other]),
                InvalidOptionError,
            )
            expect(error.message).to.include(text)
        }
    })
})
