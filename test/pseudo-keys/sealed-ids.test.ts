import { expect } from "chai"
import {
    Column,
    Entity,
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
} from "../../src"
import { keySealOf } from "../../src/keys/sealed/composite-seal"
import { onEveryDatabase } from "../support/databases"
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
    @ManyToOne(() => Client, { nullable: true }) client?: Client | null
    @Column({ type: "int", nullable: true }) payerId?: number | null
    @ManyToOne(() => Client, { nullable: true })
    @JoinColumn({ name: "payerId" })
    payer?: Client | null
    @PseudoKey({ prefix: "bil", seal }) publicId!: string
    @SealedReference("client") clientKey!: string | null
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
        for (const id of ["x", {}, 1.5, [1, 2]])
            expect(() => sealKey(dataSource, Client, id as never)).to.throw(InvalidKeyError)
        expect(() => sealKey(dataSource, Former, 1)).to.throw(InvalidOptionError)
        expect(() => sealKeys(dataSource, Client, 1 as never)).to.throw(InvalidOptionError)
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

    it("is shown for foreign keys, and by rows that are mapped to other properties", async () => {
        const dataSource = await database().connect([Client, Bill, Seat], { emptied: true })
        const { manager } = dataSource
        const [a, b] = await manager.save(Client, [{ name: "a" }, { name: "b" }])
        const saved = await manager.save(Bill, { client: a, payerId: b!.id })
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
        expect(JSON.parse(JSON.stringify(bill))).to.include({ payerKey: b!.publicId })
        expect(() => (bill.payerKey = a!.publicId)).to.throw(InvalidKeyError)
        await refused(manager.save(Bill, { clientKey: a!.publicId }), InvalidKeyError)

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
        }
        for (const [entity, property, relation, text] of [
            [Town, "houseKey", "houses", "no many-to-one or owning one-to-one"],
            [House, "key", "nothing", "no many-to-one or owning one-to-one"],
            [House, "key", "named", "not that of the primary key"],
            [House, "key", "next", "House has no sealed key"],
            [House, "name", "town", "but is a column as well"],
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
