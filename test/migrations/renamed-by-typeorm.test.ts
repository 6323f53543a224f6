import { expect } from "chai"
import { randomUUID } from "node:crypto"
import {
    Column,
    type DataSource,
    Entity,
    Not,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    DocumentNumberError,
    DuplicateRowsError,
    generateMigration,
    PseudoKey,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities, expectUpToDate, migrate, shapeOf } from "./migrate"

type Entities = ReturnType<typeof notes>

interface Shape extends AutoSequenceColumnOptions {
    readonly format?: string
}

/** Ids tell no order. */
function notes({ format, ...options }: Shape, { kind = "kind" } = {}) {
    @Entity("note")
    class Note {
        @PrimaryColumn({ type: "varchar", length: 36 }) id!: string
        @Column({ type: "varchar", length: 10, default: "A", name: kind }) kind!: string
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

        it(`needs no order of drafts, nor texts of rows that have one: ${way}`, async () => {
            const drafts = (...[name, condition]: [string, string]) => {
                @Entity("note")
                class Draft {
                    @PrimaryColumn({ type: "varchar", length: 36 }) id!: string
                    @Column({ type: "varchar", length: 10, name: condition }) kind!: string
                    @AutoSequenceColumn({ strategy: "counter", name, when: { kind: Not("draft") } })
                    number!: number | null
                    // What SQL could not make.
                    @DocumentNumber({ of: "number", format: () => "N{0}" })
                    text!: string | null
                }
                return [Draft]
            }
            let dataSource = await db().connect(drafts("number", "kind"))
            const add = () =>
                dataSource.getRepository("Draft").save([
                    { id: randomUUID(), kind: "final" },
                    { id: randomUUID(), kind: "draft" },
                ])
            await add()
            for (const [at, names] of [drafts("seq", "kind"), drafts("seq", "state")].entries()) {
                dataSource =
                    way === "a migration"
                        ? (await migrate(db(), dataSource, names)).dataSource
                        : await db().connect(names, { sameAs: dataSource })
                await expectUpToDate(dataSource)
                expect((await add())[0]).to.include({ number: at + 2, text: `N${at + 2}` })
            }
            const rows = await dataSource.getRepository("Draft").find()
            expect(rows.map(({ number }) => number as unknown)).to.have.members(
                [1, 2, 3].flatMap((number) => [number, null]),
            )
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
            const { dataSource, migration } =
                way === "a migration"
                    ? await migrate(db(), before, [Numbered])
                    : {
                          dataSource: await db().connect([Numbered], { sameAs: before }),
                          migration: undefined,
                      }
            // Whoever reads it sees that these may be no numbers.
            if (migration)
                expect(migration.source.match(/note\.weight.*/g)).to.eql([
                    "note.weight for number, which gets its values.",
                ])
            const rows = await dataSource.getRepository(Numbered).find()
            expect(rows.map(({ number }) => number)).to.have.members([1, 2])
        })
    }

    it("is renamed first where a condition is added, and texts of a former format tell no number", async () => {
        const before = await db().connect(notes({ format: "X{0}" }))
        await before.getRepository("Note").save({ id: "a" })
        const shape = { name: "seq", format: "INV-{000}", when: { kind: "A" } }
        const changed = await changeEntities(db(), before, notes(shape))
        expect(await rejection(generateMigration(changed)))
            .to.be.instanceOf(DocumentNumberError)
            .with.property("message")
            .that.includes("another name, rename that first (ALTER TABLE)")
    })
})

onEveryDatabase("numbers of a scope that changes while TypeORM renames a column", (db) => {
    const ways: Record<string, (entities: Entities, before: DataSource) => Promise<DataSource>> = {
        "a migration": async (entities, before) =>
            (await migrate(db(), before, entities)).dataSource,
        "synchronize()": (entities, before) => db().connect(entities, { sameAs: before }),
    }
    const start = async () => {
        const before = await db().connect(notes({ uniqueWith: "kind" }))
        for (const [id, kind] of ["AB", "BA", "CB"].map(
            (text) => text.split("") as [string, string],
        ))
            await before.getRepository("Note").save({ id, kind })
        return before
    }
    for (const [way, go] of Object.entries(ways)) {
        it(`are refused where they are there twice, before anything is written: ${way}`, async () => {
            const before = await start()
            const shape = await shapeOf(before, "Note")
            const error = await rejection(go(notes({ name: "seq" }), before))
            expect(error)
                .to.be.instanceOf(DuplicateRowsError)
                .with.property("message")
                .that.matches(/1 number in .*note.number occurs .*SELECT .number., COUNT/)
            expect(await shapeOf(before, "Note")).to.eql(shape)
        })

        it(`are not taken for equal where the column is one of the scope: ${way}`, async () => {
            const changed = await go(notes({ uniqueWith: "kind" }, { kind: "sort" }), await start())
            await expectUpToDate(changed)
            const rows = await changed.getRepository("Note").save([
                { id: "D", kind: "A" },
                { id: "E", kind: "B" },
            ])
            expect(rows.map(({ number }) => number as unknown)).to.eql([2, 3])
        })
    }
})

onEveryDatabase("a key whose column TypeORM renames", (db) => {
    const coupons = (names: { code: string; shop: string }) => {
        @Entity("coupon")
        class Coupon {
            @PrimaryGeneratedColumn() id!: number
            @Column({ name: names.shop }) shop!: string
            @PseudoKey({ name: names.code, uniqueWith: "shop" }) code!: string
        }
        return [Coupon]
    }
    const before = { code: "code", shop: "shop" }

    for (const after of [
        { ...before, code: "token" },
        { ...before, shop: "store" },
    ])
        it(`is not made anew: ${Object.values(after).join()}`, async () => {
            const codes = async (dataSource: DataSource) =>
                (await dataSource.getRepository("Coupon").find({ order: { id: "ASC" } })).map(
                    ({ code, shop }) => [code, shop] as unknown[],
                )
            const first = await db().connect(coupons(before))
            await first.getRepository("Coupon").save([{ shop: "a" }, { shop: "b" }])
            const stored = await codes(first)
            const { dataSource, migration } = await migrate(db(), first, coupons(after))
            await expectUpToDate(dataSource)
            expect(migration.up.filter((step) => "entity" in step)).to.eql([])
            // Nor can it be NULL meanwhile.
            const sql = migration.up.map((step) => ("sql" in step ? step.sql : "")).join(";\n")
            expect(sql).not.to.match(/DROP (NOT NULL|COLUMN)|varchar\(255\)( NULL|[,)])/)
            expect(await codes(dataSource)).to.eql(stored)
            await dataSource.undoLastMigration()
            expect(await codes(await changeEntities(db(), dataSource, coupons(before)))).to.eql(
                stored,
            )
            const again = await db().connect(coupons(after), { sameAs: dataSource })
            await expectUpToDate(again)
            expect(await codes(again)).to.eql(stored)
        })
})
