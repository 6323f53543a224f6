import { expect } from "chai"
import { ChildEntity, Column, Entity, PrimaryGeneratedColumn, TableInheritance } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    InvalidOptionError,
    PseudoKey,
} from "../../src"
import { expectRejects } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { tableName } from "../support/typeorm"
import { expectNext } from "../support/stored"

function receipts(options: AutoSequenceColumnOptions) {
    @Entity()
    @TableInheritance({ column: { name: "kind", type: "varchar", length: 20 } })
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @Column() shop!: number
        @AutoSequenceColumn({ uniqueWith: "shop", ...options }) number!: number
    }
    @ChildEntity()
    class Sale extends Receipt {}
    @ChildEntity()
    class Refund extends Receipt {}
    return { Receipt, Sale, Refund }
}

onEachCell("classes of one table", ({ way, tables }) => {
    const { Receipt, Sale, Refund } = receipts(way.options)
    const shared = tables([Receipt, Sale, Refund])

    it("are numbered together in one call, those of each class in the order given", async () => {
        const dataSource = shared()
        for (const before of [0, 4]) {
            const rows = [new Sale(), new Refund(), new Sale(), new Refund()]
            for (const row of rows) row.shop = 1
            await dataSource.manager.save(rows)
            const numbers = rows.map(({ number }) => number)
            expect([...numbers].sort()).to.eql([1, 2, 3, 4].map((n) => n + before))
            expect(numbers[0]).to.be.lessThan(numbers[2]!)
            expect(numbers[1]).to.be.lessThan(numbers[3]!)
        }
        const repository = dataSource.getRepository(Receipt)
        await expectNext(repository, { shop: 1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9], way)
    })

    it("go on after a number that a row of one of them has been given", async () => {
        const { manager } = shared()
        for (const [Class, number] of [
            [Sale, 3],
            [Refund, 7],
        ] as const) {
            await manager.save(Object.assign(new Class(), { shop: 1 }))
            await manager.save(Object.assign(new Class(), { shop: 1, number }))
        }
        await expectNext(manager.getRepository(Receipt), { shop: 1 }, [1, 3, 4, 7, 8], way)
    })
})

onEachCell("classes of one table, each with its own drafts", ({ way, tables }) => {
    const options = { ...way.options, when: { status: "final" } }

    @Entity()
    @TableInheritance({ column: { name: "kind", type: "varchar", length: 20 } })
    class Paper {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "draft" }) status!: string
    }
    @ChildEntity()
    class Bill extends Paper {
        @AutoSequenceColumn(options) bill!: number | null
    }
    @ChildEntity()
    class Credit extends Paper {
        @AutoSequenceColumn(options) credit!: number | null
    }
    @ChildEntity()
    class Note extends Paper {}
    const dataSource = tables([Paper, Bill, Credit, Note])

    it("have numbers of their own class alone", async () => {
        const { manager } = dataSource()
        const papers = await manager.save([new Bill(), new Credit(), new Note(), new Bill()])
        await manager.save(Object.assign(papers[0]!, { status: "final" }))
        await manager.save(Object.assign(papers[2]!, { status: "final" }))
        await manager.transaction((own) =>
            own.update(Paper, { status: "draft" }, { status: "final" }),
        )
        await manager.save([
            Object.assign(new Credit(), { status: "final" }),
            Object.assign(new Bill(), { status: "final" }),
        ])
        const rows = await manager.query<{ bill: unknown; credit: unknown }[]>(
            `SELECT bill, credit FROM ${tableName(dataSource().getMetadata(Paper))} ORDER BY kind, id`,
        )
        expect(rows.map(({ bill, credit }) => [bill, credit])).to.eql([
            [1, null],
            [2, null],
            [3, null],
            [null, 1],
            [null, 2],
            [null, null],
        ])
    })
})

onEachCell("classes of one table that declare one property", ({ way, database }) => {
    const classes = (
        ...[bill, credit]: {
            readonly startAt?: number
            readonly format?: string
            readonly prefix?: string
            readonly name?: string
            readonly nullable?: boolean
            readonly textName?: string
            readonly keyName?: string
        }[]
    ) => {
        @Entity()
        @TableInheritance({ column: { name: "kind", type: "varchar", length: 20 } })
        class Paper {
            @PrimaryGeneratedColumn() id!: number
        }
        @ChildEntity()
        class Bill extends Paper {
            @AutoSequenceColumn({
                ...way.options,
                startAt: bill?.startAt,
                name: bill?.name,
                nullable: bill?.nullable,
            })
            number!: number
            @DocumentNumber({
                of: "number",
                format: bill?.format ?? "P-{000}",
                name: bill?.textName,
            })
            text!: string
            @PseudoKey({ prefix: bill?.prefix ?? "p", name: bill?.keyName }) key!: string
        }
        @ChildEntity()
        class Credit extends Paper {
            @AutoSequenceColumn({
                ...way.options,
                startAt: credit?.startAt,
                name: credit?.name,
                nullable: credit?.nullable,
            })
            number!: number
            @DocumentNumber({
                of: "number",
                format: credit?.format ?? "P-{000}",
                name: credit?.textName,
            })
            text!: string
            @PseudoKey({ prefix: credit?.prefix ?? "p", name: credit?.keyName }) key!: string
        }
        return { all: [Paper, Bill, Credit], Bill, Credit }
    }

    it("share its series, with the same options", async () => {
        const { all, Bill, Credit } = classes({}, {})
        const { manager } = await database().connect(all)
        for (const [at, Class] of [Bill, Credit, Bill].entries())
            expect(await manager.save(new Class()))
                .to.include({ number: at + 1, text: `P-00${at + 1}` })
                .and.property("key")
                .match(/^p_/)
    })

    it("are refused where the options differ, those of one would do nothing", async () => {
        const differing = [
            [{ startAt: 5 }, {}],
            [{}, { format: "C-{000}" }],
            [{ prefix: "b" }, {}],
            [{ name: "no" }, {}],
            // Strategy "trigger" takes no such column.
            ...(way.options.strategy === "trigger" ? [] : [[{}, { nullable: true }]]),
            [{ textName: "shown" }, {}],
            [{}, { keyName: "code" }],
        ]
        for (const options of differing)
            await expectRejects(
                database().connect(classes(...options).all),
                InvalidOptionError,
                "Credit.",
                "and Bill.",
                "are one column of their table, and their options differ",
            )
    })

    it("are refused where one has a column without a number", async () => {
        @Entity()
        @TableInheritance({ column: { name: "kind", type: "varchar", length: 20 } })
        class Paper {
            @PrimaryGeneratedColumn() id!: number
        }
        @ChildEntity()
        class Bill extends Paper {
            @Column({ type: "int", nullable: true }) number!: number | null
            @Column({ type: "varchar", nullable: true }) key!: string | null
        }
        const numbered = class extends Paper {}
        AutoSequenceColumn(way.options)(numbered.prototype, "number" as never)
        const keyed = class extends Paper {}
        PseudoKey()(keyed.prototype, "key")
        for (const Class of [numbered, keyed]) {
            ChildEntity()(Class)
            await expectRejects(
                database().connect([Paper, Bill, Class]),
                InvalidOptionError,
                "and Bill.",
                "are one column of their table, and their options differ",
            )
        }
    })
})
