import { expect } from "chai"
import {
    BeforeInsert,
    Column,
    Entity,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Unique,
} from "typeorm"
import { PseudoKey } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { storedKeys } from "./insert-rows"

@Entity()
@Unique(["code"])
class Shop {
    @PrimaryGeneratedColumn() id!: number
    @Column() tenant!: number
    @Column({ length: 50 }) code!: string
    @Column() name!: string
    @PseudoKey({ case: "keep", derive: (shop: Shop) => shop.name, uniqueWith: "tenant" })
    slug!: string
    @PseudoKey({ prefix: "shp", seal: { column: "id", secret: "s".repeat(32) } }) publicId!: string
}

const bigints = {
    to: (value?: bigint | null) => value?.toString(),
    from: (value: unknown) => (typeof value === "string" ? BigInt(value) : value),
}

@Entity()
class Meter {
    @PrimaryColumn({ type: "bigint", transformer: bigints }) id!: bigint
    @Column() name!: string
    @Column({ default: 0 }) value!: number
    @PseudoKey({ case: "keep", derive: (meter: Meter) => meter.name }) slug!: string
}

/** Two columns, and nothing that TypeORM would ask the INSERT for. */
@Entity()
class Reading {
    @PrimaryColumn({ type: "bigint", transformer: bigints }) meterId!: bigint
    @PrimaryColumn() day!: number
    @ManyToOne(() => Meter) meter!: Meter
    @Column({ type: "int" }) value!: number
    @PseudoKey({
        case: "keep",
        derive: (row: Reading) => `${row.meter.name}-${row.meter.id}-${row.value}`,
        relations: ["meter"],
        history: true,
    })
    slug!: string
    @PseudoKey({
        case: "keep",
        derive: (row: Reading) => `${row.meterId}-${row.value}`,
        after: "insert",
    })
    late!: string
}

@Entity()
class Guarded {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ case: "keep", derive: (row: Guarded) => row.name }) slug!: string
    @PseudoKey() code!: string

    @BeforeInsert()
    async check(): Promise<void> {
        await Promise.resolve()
        if (this.name === "bad") throw new Error("not valid")
    }
}

onEveryDatabase("A row that an upsert finds", (database) => {
    it("has its own primary key, never that of another scope with the same key", async () => {
        const { manager } = await database().connect([Shop], { emptied: true })
        const own = await manager.save(Shop, { tenant: 1, code: "a", name: "Old" })
        const other = await manager.save(Shop, { tenant: 2, code: "b", name: "Acme" })
        const row = manager.create(Shop, { tenant: 1, code: "a", name: "Acme" })
        await manager.upsert(Shop, row, ["code"])
        expect(row.id).to.equal(own.id).and.not.equal(other.id)
        expect(row).to.include({ slug: "Old", publicId: own.publicId })

        const next = manager.create(Shop, { tenant: 1, code: "c", name: "Acme" })
        await manager.upsert(Shop, next, ["code"])
        const stored = await manager.find(Shop, { order: { id: "ASC" } })
        expect(stored.map(({ tenant, slug, name }) => [tenant, slug, name])).to.eql([
            [1, "Old", "Acme"],
            [2, "Acme", "Acme"],
            [1, "Acme", "Acme"],
        ])
        expect(next).to.include({ id: stored[2]?.id, publicId: stored[2]?.publicId })
    })

    it("has no primary key where it was left out, as nobody tells which row it is", async () => {
        const dataSource = await database().connect([Shop], { emptied: true })
        const { manager } = dataSource
        await manager.save(Shop, { tenant: 1, code: "a", name: "Old" })
        await manager.save(Shop, { tenant: 2, code: "b", name: "Acme" })
        const row = manager.create(Shop, { tenant: 1, code: "a", name: "Acme" })
        await dataSource.createQueryBuilder().insert().into(Shop).values([row]).orIgnore().execute()
        expect([row.id, row.slug, row.publicId]).to.eql([undefined, undefined, undefined])
        const next = await manager.save(Shop, { tenant: 1, code: "c", name: "Acme" })
        expect(next.slug).to.equal("Acme")
        expect(await storedKeys(dataSource, Shop)).to.eql(["Old", "Acme", "Acme"])
    })

    it("may have a primary key of several columns, and related rows, that are no JSON", async () => {
        const { manager } = await database().connect([Meter, Reading], { emptied: true })
        const { id } = await manager.save(Meter, manager.create(Meter, { id: 7n, name: "Tea" }))
        const reading = (day: number, value: number) =>
            manager.create(Reading, { meterId: id, meter: { id } as Meter, day, value })
        await manager.save(reading(1, 5))
        const [row, other] = [reading(1, 6), reading(2, 5)]
        await manager.transaction((inner) =>
            inner.upsert(Reading, [row, other], ["meterId", "day"]),
        )
        expect([row.slug, row.late]).to.eql(["Tea-7-5", "7-5"])
        expect([other.slug, other.late]).to.eql(["Tea-7-5-2", "7-5-2"])
        await manager.save(reading(3, 6))
        const stored = await manager.find(Reading, { order: { day: "ASC" } })
        expect(stored.map(({ value, slug, late }) => [value, slug, late])).to.eql([
            [6, "Tea-7-5", "7-5"],
            [5, "Tea-7-5-2", "7-5-2"],
            [6, "Tea-7-6", "7-6"],
        ])
    })

    it("may have a primary key that is no JSON", async () => {
        const { manager } = await database().connect([Meter], { emptied: true })
        await manager.insert(Meter, { id: 7n, name: "Tea" })
        const row = manager.create(Meter, { id: 7n, name: "Tea", value: 5 })
        const other = manager.create(Meter, { id: 8n, name: "Cup", value: 6 })
        await manager.upsert(Meter, [row, other], ["id"])
        expect([row.slug, other.slug]).to.eql(["Tea", "Cup"])
        await manager.save(Meter, manager.create(Meter, { id: 9n, name: "Tea" }))
        const stored = await manager.find(Meter, { order: { id: "ASC" } })
        expect(stored.map(({ id, slug, value }) => [String(id), slug, value])).to.eql([
            ["7", "Tea", 5],
            ["8", "Cup", 6],
            ["9", "Tea-2", 0],
        ])
    })
})

onEveryDatabase("A row whose listener throws", (database) => {
    it("has no key, and keeps none from the others", async () => {
        const dataSource = await database().connect([Guarded], { emptied: true })
        const bad = dataSource.manager.create(Guarded, { name: "bad" })
        const sibling = dataSource.manager.create(Guarded, { name: "Tea" })
        await dataSource.transaction(async (manager) => {
            expect((await rejection(manager.save([sibling, bad]))).message).to.equal("not valid")
            expect([sibling.slug, sibling.code, bad.slug, bad.code]).to.eql(
                Array(4).fill(undefined),
            )
            const next = await manager.save(Guarded, manager.create(Guarded, { name: "Tea" }))
            expect(next.slug).to.equal("Tea")
        })
        // Somebody else would find a key that is locked, and go round it.
        const free = dataSource.manager.create(Guarded, { name: "bad" })
        await rejection(dataSource.manager.save(free))
        free.name = "free"
        await dataSource.manager.save(free)
        expect(await storedKeys(dataSource, Guarded)).to.eql(["Tea", "free"])
    })
})
