import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, InvalidOptionError, Sequence, type SequenceScope } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectRejects, expectThrows } from "../support/errors"

@Entity({ name: "branch_receipt" })
class Receipt {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    branch!: string

    @AutoSequenceColumn({ strategy: "counter", series: "receipts", uniqueWith: "branch" })
    number!: number
}

onEveryDatabase("A Sequence in another scope", (database) => {
    it("counts on its own, and is the one that was created with that scope", async () => {
        const dataSource = await database().connect([])
        const receipts = new Sequence("a", { scope: ["north"], dataSource })
        const south = receipts.inScope(["south"])
        expect(await receipts.nextMany(3)).to.eql([1, 2, 3])
        expect(await south.next()).to.equal(1)
        expect(await new Sequence("a", { scope: ["south"], dataSource }).next()).to.equal(2)
        expect(await new Sequence("a", { dataSource }).last()).to.equal(null)
        expect(await south.delete()).to.equal(true)
        expect(await receipts.last()).to.equal(3)
    })

    it("replaces the scope, and leaves the first one as it is", async () => {
        const dataSource = await database().connect([])
        const all = new Sequence("a", { dataSource })
        const ofYear = all.inScope({ branch: 7, year: 2030 })
        await ofYear.next()
        expect(await all.last()).to.equal(null)
        expect(await ofYear.inScope({ year: 2030, branch: "7" }).last()).to.equal(1)
        expect(await ofYear.inScope({ branch: 7 }).last()).to.equal(null)
        expect(await ofYear.inScope([]).last()).to.equal(null)
        expect(await all.next()).to.equal(1)
        expect(await all.inScope([]).last()).to.equal(1)
    })

    it("keeps the name and the options", async () => {
        const dataSource = await database().connect([])
        const options = { startAt: 10, incrementBy: 5, resetAt: 21, type: "bigint" } as const
        const scoped = new Sequence("loop", { ...options, dataSource }).inScope(["north"])
        expect(scoped.name).to.equal("loop")
        expect(scoped).to.be.instanceOf(Sequence)
        expect(await scoped.nextMany(4)).to.eql([10n, 15n, 20n, 10n])
    })

    it("is not changed with the options that the first one was created with", async () => {
        const dataSource = await database().connect([])
        const options = { startAt: 10, dataSource }
        const sequence = new Sequence("a", options)
        options.startAt = 100
        expect(await sequence.inScope(["north"]).next()).to.equal(10)
    })

    it("is that of the rows, where columns share the series", async () => {
        const dataSource = await database().connect([Receipt])
        await dataSource.getRepository(Receipt).save([{ branch: "north" }, { branch: "north" }])
        const receipts = new Sequence("receipts", { dataSource })
        expect(await receipts.inScope(["north"]).next()).to.equal(3)
        expect(await receipts.inScope(["south"]).next()).to.equal(1)
        expect(await receipts.inScope({ branch: "north" }).next()).to.equal(4)
        const scopes: SequenceScope[] = [
            [],
            ["north", 1],
            { branch: "north", year: 1 },
            { brunch: "north" },
        ]
        for (const wrong of scopes)
            await expectRejects(
                receipts.inScope(wrong).next(),
                InvalidOptionError,
                'Sequence "receipts" counts with Receipt.number.',
                "{ branch }",
            )
    })
})

describe("A Sequence", () => {
    it("refuses a scope that is none at once", () => {
        const sequence = new Sequence("a")
        const wrong: unknown[] = [
            "north",
            7,
            null,
            new Date(),
            [undefined],
            [Number.NaN],
            { a: {} },
        ]
        for (const scope of wrong)
            expectThrows(() => sequence.inScope(scope as []), InvalidOptionError, 'Sequence "a"')
    })
})
