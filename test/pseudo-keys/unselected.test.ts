import { expect } from "chai"
import {
    Column,
    Entity,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
} from "typeorm"
import { PseudoKey } from "../../src"
import { tableName } from "../../src/typeorm/names"
import { onEveryDatabase } from "../support/databases"
import { expectLeads } from "./history-entities"

interface Row extends ObjectLiteral {
    id: number
    shelf: number
    name: string
    slug: string
}

@Entity("unselected_box")
class Box implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 1 }) shelf!: number
    @Column() name!: string
    @PseudoKey({
        ...{ select: false, uniqueWith: "shelf" },
        derive: { from: (box: Box) => box.name, follow: true },
    })
    slug!: string
}

@Entity("unselected_kept_box")
class KeptBox implements Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 1 }) shelf!: number
    @Column() name!: string
    @PseudoKey({
        ...{ select: false, uniqueWith: "shelf", history: true },
        derive: { from: (box: KeptBox) => box.name, follow: true },
    })
    slug!: string
}

@Entity("unselected_draft")
class Draft {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", nullable: true }) name!: string | null
    @PseudoKey({
        ...{ select: false, nullable: true, history: true },
        derive: (draft: Draft) => draft.name,
    })
    slug!: string | null
}

@Entity("unselected_invitation")
class Invitation {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ select: false, nullable: true }) code!: string | null
}

onEveryDatabase("A key that is not selected", (database) => {
    const stored = ({ manager, metadata }: Repository<Row>) =>
        manager
            .query<{ slug: string }[]>(`SELECT slug FROM ${tableName(metadata)} ORDER BY id`)
            .then((rows) => rows.map(({ slug }) => slug))

    for (const entity of [Box, KeptBox])
        describe(entity === Box ? "without a history" : "with one", () => {
            const where = { where: { shelf: 1 } }

            it("follows its fields, whether or not the entity has it", async () => {
                const { manager } = await database().connect([entity])
                const boxes = manager.getRepository<Row>(entity)
                const box = await boxes.save(boxes.create({ name: "One" }))
                await boxes.save({ ...box, name: "Two" })
                expect(await stored(boxes)).to.eql(["two"])
                const loaded = await boxes.findOneByOrFail({ id: box.id })
                expect(loaded.slug).to.equal(undefined)
                for (const name of ["Three", "Four", "Four!"]) {
                    loaded.name = name
                    await boxes.save(loaded)
                }
                expect(loaded.slug).to.equal("four")
                // One that is set goes before, and what is neither set nor changed stays.
                await boxes.save(Object.assign(loaded, { name: "Five", slug: "set" }))
                await boxes.save(loaded)
                expect(await stored(boxes)).to.eql(["set"])
                await boxes.save(boxes.create({ name: "Six", shelf: 2 }))
                await boxes.save(Object.assign(loaded, { name: "Six", shelf: 2 }))
                expect(await stored(boxes)).to.eql(["six-2", "six"])
                const next = await boxes.save(boxes.create({ name: "Six" }))
                await expectLeads(manager, entity, { six: next.id }, where)
            })

            it("is swapped with that of another row", async () => {
                const { manager } = await database().connect([entity])
                const boxes = manager.getRepository<Row>(entity)
                const [a, b, c] = (await boxes.save(
                    boxes.create([{ name: "a" }, { name: "b" }, { name: "c" }]),
                )) as [Row, Row, Row]
                ;[a.slug, b.slug, c.slug] = [b.slug, c.slug, a.slug]
                await boxes.save([a, b, c])
                expect(await stored(boxes)).to.eql(["b", "c", "a"])
                await expectLeads(manager, entity, { a: c.id, b: a.id, c: b.id }, where)
                const next = await boxes.save(boxes.create({ name: "a" }))
                expect(next.slug).to.equal("a-2")
            })
        })

    it("is made by the change of a row that was inserted without one", async () => {
        const { manager } = await database().connect([Draft])
        const drafts = manager.getRepository(Draft)
        const draft = await drafts.save(drafts.create({ name: null }))
        await drafts.save(Object.assign(draft, { name: "Tea" }))
        expect(draft.slug).to.equal("tea")
        await expectLeads(manager, Draft, { tea: draft.id })
    })

    it("stays where an entity that lacks it is saved again, and is taken off by null", async () => {
        const { manager } = await database().connect([Invitation])
        const invitations = manager.getRepository(Invitation)
        const { id, code } = await invitations.save(invitations.create({ name: "One" }))
        const loaded = await invitations.findOneByOrFail({ id })
        for (const row of [loaded, invitations.create({ id })])
            for (const name of ["Two", "Three", "Four"])
                await invitations.save(Object.assign(row, { name }))
        await expectLeads(manager, Invitation, { [code as string]: id })
        await manager
            .transaction(async (within) => {
                await within.save(Object.assign(loaded, { name: "Five" }))
                throw new Error("roll back")
            })
            .catch(() => {})
        await invitations.save(loaded)
        await expectLeads(manager, Invitation, { [code as string]: id })
        await invitations.save(Object.assign(loaded, { code: null }))
        await expectLeads(manager, Invitation, { [code as string]: null })
    })
})
