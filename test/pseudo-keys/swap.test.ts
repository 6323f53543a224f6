import { expect } from "chai"
import {
    ChildEntity,
    Column,
    Entity,
    EntitySchema,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
    TableInheritance,
} from "typeorm"
import { InvalidKeyError, KeyTakenError, PseudoKey, withPseudoKeys } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { storedRows } from "../support/errors"
import { expectLeads, refused, rolledBack } from "./history-entities"

interface Row extends ObjectLiteral {
    id: number
    shelf: number
    name: string
    slug: string
}

@Entity()
class Box implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 0 }) shelf!: number
    @Column() name!: string
    @PseudoKey({ derive: (box: Box) => box.name }) slug!: string
}

@Entity()
class KeptBox implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 0 }) shelf!: number
    @Column() name!: string
    @PseudoKey({ derive: (box: KeptBox) => box.name, history: true }) slug!: string
}

@Entity()
class ShelfBox implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 0 }) shelf!: number
    @Column() name!: string
    @PseudoKey({ derive: (box: ShelfBox) => box.name, uniqueWith: "shelf" }) slug!: string
}

@Entity()
class KeptShelfBox implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 0 }) shelf!: number
    @Column() name!: string
    @PseudoKey({
        derive: (box: KeptShelfBox) => box.name,
        uniqueWith: "shelf",
        history: "forever",
    })
    slug!: string
}

/** Keys that nobody looks for. */
const SchemaBox = withPseudoKeys(
    new EntitySchema<Row>({
        name: "schema_box",
        columns: {
            id: { type: "int", primary: true, generated: true },
            shelf: { type: "int", default: 0 },
            name: { type: "varchar" },
        },
    }),
    { slug: { prefix: "box", history: true } },
)

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Vessel implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 0 }) shelf!: number
    @Column() name!: string
    @PseudoKey({ derive: (vessel: Vessel) => vessel.name, history: true }) slug!: string
}
@ChildEntity()
class Jar extends Vessel {}
@ChildEntity()
class Jug extends Vessel {}

const ENTITIES = [Box, KeptBox, ShelfBox, KeptShelfBox, SchemaBox, Vessel, Jar, Jug]

onEveryDatabase("Rows of one call that swap their keys", (database) => {
    async function connect() {
        const dataSource = await database().connect(ENTITIES, { emptied: true, connections: 32 })
        const { manager } = dataSource
        return {
            dataSource,
            manager,
            of: (entity: object) => manager.getRepository<Row>(entity as never),
        }
    }

    /** Rows with the keys that they are named by. */
    async function store(rows: Repository<Row>, ...names: string[]) {
        const head = rows.metadata.name === "schema_box" ? "box_" : ""
        return rows.save(names.map((name) => ({ name, slug: head + name })))
    }

    function swap(one: Row, other: Row): Row[] {
        ;[one.slug, other.slug] = [other.slug, one.slug]
        return [one, other]
    }

    it("have those of each other, with and without a history and a scope, and can swap back", async () => {
        const { manager, of } = await connect()
        for (const entity of [Box, KeptBox, ShelfBox, KeptShelfBox, SchemaBox, Vessel]) {
            const rows = of(entity)
            const [one, two] = (await store(rows, "one", "two")) as [Row, Row]
            const [a, b] = [one.slug, two.slug]
            const isScoped = entity === ShelfBox || entity === KeptShelfBox
            const options = isScoped ? { where: { shelf: 0 } } : {}
            // The same keys elsewhere are none of their business.
            if (isScoped)
                await rows.save([
                    { name: "one", shelf: 1 },
                    { name: "two", shelf: 1 },
                ])
            one.name = "first"
            await rows.save(swap(one, two))
            expect([one.slug, two.slug]).to.eql([b, a])
            const stored = await rows.findBy({ id: one.id })
            expect(stored).to.containSubset([{ slug: b, name: "first" }])
            await expectLeads(manager, entity as typeof Box, { [a]: two.id, [b]: one.id }, options)
            await rows.save(swap(two, one))
            await expectLeads(manager, entity as typeof Box, { [a]: one.id, [b]: two.id }, options)
            // Nothing is left behind: both keys are those of their rows, and of no others.
            await refused(rows.save({ name: "x", slug: a }), KeyTakenError)
            const three = await rows.save({ name: "one" })
            if (entity !== SchemaBox) expect(three.slug).to.equal("one-2")
            two.slug = `${b}-moved`
            await rows.save(two)
            const kept = entity === Box || entity === ShelfBox ? null : two.id
            await expectLeads(manager, entity as typeof Box, { [a]: one.id, [b]: kept }, options)
        }
    })

    it("are of several classes, more than two, and of several scopes", async () => {
        const { manager, of } = await connect()
        const [jar] = await store(of(Jar), "jar")
        const [jug] = await store(of(Jug), "jug")
        await manager.save(Vessel, swap(jar!, jug!))
        await expectLeads(manager, Vessel, { jar: jug!.id, jug: jar!.id })

        for (const entity of [Box, KeptBox]) {
            const [a, b, c, d] = (await store(of(entity), "a", "b", "c", "d")) as [
                Row,
                Row,
                Row,
                Row,
            ]
            ;[a.slug, b.slug, c.slug] = [b.slug, c.slug, a.slug]
            d.slug = "e"
            await of(entity).save([a, d, c, b])
            const kept = entity === KeptBox ? d.id : null
            const leads = { a: c.id, b: a.id, c: b.id, d: kept, e: d.id }
            await expectLeads(manager, entity, leads)
        }

        const shelves = of(KeptShelfBox)
        const rows = await shelves.save(
            [0, 1].flatMap((shelf) => [
                { name: "a", shelf },
                { name: "b", shelf },
            ]),
        )
        const [a0, b0, a1, b1] = rows as [Row, Row, Row, Row]
        await shelves.save([...swap(a0, b0), ...swap(a1, b1)])
        await expectLeads(manager, KeptShelfBox, { a: b0.id, b: a0.id }, { where: { shelf: 0 } })
        await expectLeads(manager, KeptShelfBox, { a: b1.id, b: a1.id }, { where: { shelf: 1 } })
    })

    it("take those of others that get new ones, but for keys that a history keeps", async () => {
        const { manager, of } = await connect()
        const boxes = of(Box)
        const [one, two] = (await store(boxes, "one", "two")) as [Row, Row]
        await boxes.save([
            { id: one.id, slug: "two" },
            { id: two.id, slug: "three" },
        ])
        await expectLeads(manager, Box, { one: null, two: one.id, three: two.id })

        const kept = of(KeptBox)
        const [k1, k2] = (await store(kept, "one", "two")) as [Row, Row]
        const before = await storedRows(kept)
        const chain = [
            { id: k1.id, slug: "two" },
            { id: k2.id, slug: "three" },
        ]
        await refused(kept.save(chain), KeyTakenError)
        expect(await storedRows(kept)).to.eql(before)
        await expectLeads(manager, KeptBox, { one: k1.id, two: k2.id, three: null })
        // Nor is a retired key passed on.
        await kept.save({ id: k2.id, slug: "three" })
        await refused(
            kept.save([
                { id: k1.id, slug: "two" },
                { id: k2.id, slug: "one" },
            ]),
            KeyTakenError,
        )
        await expectLeads(manager, KeptBox, { one: k1.id, two: k2.id, three: k2.id })
    })

    it("are as they were after a refusal or a rollback, and the transaction may go on", async () => {
        const { dataSource, manager, of } = await connect()
        for (const entity of [Box, KeptBox]) {
            const rows = of(entity)
            const [one, two, three] = (await store(rows, "one", "two", "three")) as [Row, Row, Row]
            const before = await storedRows(rows)
            const { id } = one
            await rolledBack(dataSource, (inner) =>
                inner.getRepository(entity).save(swap({ ...one }, { ...two })),
            )
            await dataSource.transaction(async (inner) => {
                const again = inner.getRepository(entity)
                const attempts = [
                    // The last one's is taken, two want the same, and one is no key.
                    [
                        { id, slug: "two" },
                        { id: two.id, slug: "three" },
                    ],
                    [
                        { id, slug: "two" },
                        { id: two.id, slug: "one" },
                        { id: three.id, slug: "one" },
                    ],
                ]
                for (const attempt of attempts)
                    if (!database().can.failOnce) await refused(again.save(attempt), KeyTakenError)
                await refused(
                    again.save([
                        { id, slug: "two" },
                        { id: two.id, slug: "a b" },
                    ]),
                    InvalidKeyError,
                )
            })
            expect(await storedRows(rows)).to.eql(before)
            await expectLeads(manager, entity, { one: id, two: two.id, three: three.id })
            await refused(
                rows.save(swap({ ...one }, { ...two }), { transaction: false }),
                // With a history it is refused before.
                (entity === Box ? KeyTakenError : Error) as typeof KeyTakenError,
            )
            expect(await storedRows(rows)).to.eql(before)
        }
    })

    it("do so once where 32 calls want the same, and nobody fails", async () => {
        const { of } = await connect()
        for (const entity of [Box, KeptShelfBox]) {
            const rows = of(entity)
            const [a, b] = (await store(rows, "a", "b")) as [Row, Row]
            const writers = Array.from({ length: database().can.parallel ? 32 : 2 }, (_, at) => {
                const swapped = swap({ ...a }, { ...b })
                return rows.save(at % 2 === 0 ? swapped : swapped.reverse())
            })
            await Promise.all(writers)
            const now = await rows.find({ order: { id: "ASC" } })
            expect(now.map(({ slug }) => slug)).to.eql(["b", "a"])
            const another = await rows.save({ name: "a" })
            expect(another.slug).to.equal("a-2")
        }
    })
})
