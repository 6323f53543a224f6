import { expect } from "chai"
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, InvalidOptionError, Sequence, sequenceOf } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectRejects, expectThrows } from "../support/errors"

@Entity({ name: "company" })
class Company {
    @PrimaryGeneratedColumn() id!: number
}

class Place {
    @Column({ type: "varchar", length: 2 }) country!: string
}

@Entity({ name: "invoice" })
class Invoice {
    @PrimaryGeneratedColumn() id!: number

    @ManyToOne(() => Company, { nullable: false })
    company!: Company

    @ManyToOne(() => Company)
    @JoinColumn({ name: "branch_id" })
    branch?: Promise<Company | null>

    @Column({ name: "branch_id", nullable: true }) branchId!: number | null

    @Column() year!: number
    @Column(() => Place) place!: Place

    @AutoSequenceColumn({
        strategy: "counter",
        uniqueWith: ["company", "branch", "year", "place.country"],
        startAt: 10,
        incrementBy: 5,
    })
    number!: number

    @AutoSequenceColumn({ strategy: "counter", type: "bigint", startAt: 2 ** 40 })
    total!: string
}

@Entity({ name: "letter" })
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column() year!: number
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}

onEveryDatabase("The series of a column as a Sequence", (database) => {
    const connect = async () => {
        const dataSource = await database().connect([Company, Invoice])
        const [company, branch] = await dataSource.getRepository(Company).save([{}, {}])
        if (!company || !branch) throw new Error("They were saved.")
        const save = async (year: number) => {
            const row = { company, branchId: branch.id, year, place: { country: "DE" } }
            return (await dataSource.getRepository(Invoice).save(row)).number
        }
        return { dataSource, company, branch, save }
    }

    it("counts with its rows, in the scope that is named, as the column says", async () => {
        const { dataSource, company, branch, save } = await connect()
        const scope = { "place.country": "DE", year: 2030, company, branch: branch.id }
        const numbers = sequenceOf(Invoice, "number", scope, { dataSource })
        expect(numbers.name).to.equal("Invoice.number")
        expect(await numbers.last()).to.equal(null)
        expect(await numbers.nextMany(2)).to.eql([10, 15])
        expect(await save(2030)).to.equal(20)
        await dataSource.transaction(async (manager) => {
            const same = sequenceOf(Invoice, "number", { ...scope, company: company.id, branch })
            expect(await same.next(manager)).to.equal(25)
        })
        expect(await save(2030)).to.equal(30)
        expect(await save(2031)).to.equal(10)
        expect(await numbers.last()).to.equal(30)
        const none = { ...scope, branch: null }
        expect(await sequenceOf(Invoice, "number", none).next(dataSource)).to.equal(10)
        expect(
            await numbers.inScope({ ...scope, company: company.id, year: 2031 }).last(),
        ).to.equal(10)
    })

    it("has the type that is asked for, and ends where the column does", async () => {
        const { dataSource, save } = await connect()
        const total = sequenceOf(Invoice, "total", {}, { type: "bigint" })
        expect(await total.next(dataSource)).to.equal(2n ** 40n)
        await save(2030)
        expect(await sequenceOf(Invoice, "total").next(dataSource)).to.equal(2 ** 40 + 2)
    })

    it("refuses what the entity does not have, and a scope that lacks something", async () => {
        const { dataSource, company, save } = await connect()
        const refuse = (numbers: Sequence, ...texts: string[]) =>
            expectRejects(numbers.next(dataSource), InvalidOptionError, ...texts)
        const scope = { company, branch: null, year: 2030, "place.country": "DE" }
        const wanted = "{ company, branch, year, place.country }"
        const lacking = { company, branch: null, "place.country": "DE" }
        await refuse(sequenceOf(Invoice, "year"), "Invoice.year is not numbered", "number, total")
        await refuse(sequenceOf(Letter, "number"), '"Letter", which is no entity')
        await refuse(sequenceOf(Invoice, "number"), wanted, "undefined is no company")
        await refuse(sequenceOf(Invoice, "number", lacking), wanted, "undefined is no year")
        await refuse(
            sequenceOf(Invoice, "number", { ...scope, id: 1 }),
            `counts with Invoice.number. Its scope is ${wanted}, and has no "id".`,
        )
        await refuse(
            sequenceOf(Invoice, "number", { ...scope, company: {} }),
            "undefined is no company",
        )
        await refuse(
            sequenceOf(Invoice, "number", { ...scope, year: Promise.resolve(2030) }),
            "[object Promise] is no year",
        )
        await refuse(sequenceOf(Invoice, "total", { year: 2030 }), "leave out scope")
        expectThrows(
            () => sequenceOf(Invoice, "total", {}, { startAt: 5 } as object),
            InvalidOptionError,
            'no option "startAt"',
        )
        expect(await save(2030)).to.equal(10)
    })

    it("is refused by names that change places, and of a column that keeps no counter", async () => {
        const { dataSource, company, branch, save } = await connect()
        const options = { startAt: 10, incrementBy: 5 }
        const next = (scope: object) =>
            new Sequence("invoice.number", { ...options, scope: scope as [] }).next(dataSource)
        await expectRejects(
            next([company.id, 2030, branch.id, "DE"]),
            InvalidOptionError,
            "Give scope as an object: { company, branch, year, place.country }.",
        )
        const scope = { year: 2030, company: company.id, "place.country": "DE", branch: branch.id }
        expect(await next(scope)).to.equal(10)
        expect(await save(2030)).to.equal(15)
        await expectRejects(next({ ...scope, yeer: 2030 }), InvalidOptionError, 'has no "yeer"')

        const locked = await database().connect([Letter])
        for (const sequence of [
            new Sequence("letter.number", { scope: [2030] }),
            sequenceOf(Letter, "number", { year: 2030 }),
        ])
            await expectRejects(
                sequence.next(locked),
                InvalidOptionError,
                'Letter.number, whose strategy "table-lock" keeps no counter',
            )
    })
})
