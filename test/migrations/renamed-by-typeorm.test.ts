import { expect } from "chai"
import { randomUUID } from "node:crypto"
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    generateMigration,
    PseudoKey,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

interface Shape extends AutoSequenceColumnOptions {
    readonly format?: string
}

/** Ids tell no order. */
function notes({ format, ...options }: Shape) {
    @Entity("note")
    class Note {
        @PrimaryColumn({ type: "varchar", length: 36 }) id!: string
        @Column({ type: "varchar", length: 10, default: "A" }) kind!: string
        @AutoSequenceColumn({ strategy: "counter", ...options }) number!: number | null
        text!: string | null
    }
    if (format) DocumentNumber({ of: "number", format })(Note.prototype, "text")
    return [Note]
}

onEveryDatabase("a number whose column TypeORM renames", (db) => {
    const ways = ["a migration", "synchronize()"] as const
    const renamed = async (
        before: Awaited<ReturnType<ReturnType<typeof db>["connect"]>>,
        shape: Shape,
        way: (typeof ways)[number],
    ) => {
        const entities = notes({ name: "seq", ...shape })
        const changed =
            way === "a migration"
                ? (await migrate(db(), before, entities)).dataSource
                : await db().connect(entities, { sameAs: before })
        await expectUpToDate(changed)
        return changed
    }
    const stored = async (dataSource: Awaited<ReturnType<typeof renamed>>) => {
        const rows = await dataSource.getRepository("Note").find()
        return rows.map(({ number, text }) => [number, text] as unknown[])
    }

    for (const way of ways) {
        it(`needs no order of rows that have one: ${way}`, async () => {
            const before = await db().connect(notes({}))
            for (let at = 0; at < 3; at++)
                await before.getRepository("Note").save({ id: randomUUID() })
            const after = await renamed(before, {}, way)
            const { number } = await after.getRepository("Note").save({ id: randomUUID() })
            expect(number).to.equal(4)
        })

        it(`keeps the texts of a former format, which tell no number: ${way}`, async () => {
            const before = await db().connect(notes({ format: "X{0}" }))
            await before.getRepository("Note").save({ id: "a" })
            const other = await changeEntities(db(), before, notes({ format: "INV-{000}" }))
            await other.getRepository("Note").save({ id: "b" })
            const after = await renamed(other, { format: "INV-{000}" }, way)
            await after.getRepository("Note").save({ id: "c" })
            expect(await stored(after)).to.have.deep.members([
                [1, "X1"],
                [2, "INV-002"],
                [3, "INV-003"],
            ])
        })

        it(`leaves rows without one that may be: ${way}`, async () => {
            const before = await db().connect(notes({ nullable: true }))
            await before.getRepository("Note").save([{ id: "a" }, { id: "b", number: null }])
            const after = await renamed(before, { nullable: true }, way)
            await after.getRepository("Note").save({ id: "c" })
            expect((await stored(after)).map(([number]) => number)).to.have.members([1, null, 2])
        })

        it(`is made where the column was none of a number: ${way}`, async () => {
            @Entity("note")
            class Note {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "int", nullable: true }) weight!: number | null
            }
            @Entity("note")
            class Numbered {
                @PrimaryGeneratedColumn() id!: number
                @AutoSequenceColumn({ strategy: "counter", nullable: true }) number!: number | null
            }
            const before = await db().connect([Note])
            await before.getRepository(Note).save([{}, {}])
            const { dataSource } =
                way === "a migration"
                    ? await migrate(db(), before, [Numbered])
                    : { dataSource: await db().connect([Numbered], { sameAs: before }) }
            const rows = await dataSource.getRepository(Numbered).find()
            expect(rows.map(({ number }) => number)).to.have.members([1, 2])
        })
    }
})

onEveryDatabase("a key whose column TypeORM renames", (db) => {
    it("is not made anew", async function () {
        // There its type is said to change as well, which is refused.
        if (db().kind === "mariadb") this.skip()
        const coupons = (name: string) => {
            @Entity("coupon")
            class Coupon {
                @PrimaryGeneratedColumn() id!: number
                @PseudoKey({ name }) code!: string
            }
            return [Coupon]
        }
        const before = await db().connect(coupons("code"))
        await before.getRepository("Coupon").save([{}, {}])
        const stored = await before.getRepository("Coupon").find({ order: { id: "ASC" } })
        const after = await db().connect(coupons("token"), { sameAs: before, synchronize: false })
        const { up = [] } = (await generateMigration(after)) ?? {}
        expect(up.filter((step) => "entity" in step)).to.eql([])
        const { dataSource } = await migrate(db(), before, coupons("token"))
        await expectUpToDate(dataSource)
        const rows = await dataSource.getRepository("Coupon").find({ order: { id: "ASC" } })
        expect(rows.map(({ code }) => code as string)).to.eql(
            stored.map(({ code }) => code as string),
        )
    })
})
