import { expect } from "chai"
import {
    BeforeInsert,
    Column,
    Entity,
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
    @PseudoKey({ derive: (shop: Shop) => shop.name, uniqueWith: "tenant" }) slug!: string
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
    @PseudoKey({ derive: (meter: Meter) => meter.name }) slug!: string
}

@Entity()
class Guarded {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ derive: (row: Guarded) => row.name }) slug!: string
    @PseudoKey() code!: string

    @BeforeInsert()
    async check(): Promise<void> {
        await Promise.resolve()
        if (this.name === "bad") throw new Error("not valid")
    }
}

onEveryDatabase("A row that an upsert finds", (database) => {
    it("has its own primary key, never that of another scope with the same key", async () => {
        const { manager } = await database().connect([Shop])
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

    it("may have a primary key that is no JSON", async () => {
        const { manager } = await database().connect([Meter])
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
        const dataSource = await database().connect([Guarded])
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
