import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, ReadOnlyNumberError } from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { expectRefuses, expectSqlState } from "../../support/errors"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn() number!: number
}

@Entity()
class FromThousand {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ startAt: 1000 }) number!: number
}

@Entity()
class ByTen {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ incrementBy: 10 }) number!: number
}

@Entity()
class FromHundredByTen {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ startAt: 100, incrementBy: 10 }) number!: number
}

@Entity()
class Big {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ type: "bigint" }) number!: string
}

@Entity()
class BigByStep {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ type: "bigint", startAt: 2 ** 53 - 1, incrementBy: 2 }) number!: string
}

@Entity()
class BigInteger {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn({
        type: "bigint",
        transformer: {
            to: (value?: bigint) => value?.toString(),
            from: (value: string) => BigInt(value),
        },
    })
    number!: bigint
}

@Entity()
class Draft {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn({ nullable: true }) number?: number | null
}

onEachDatabase("numbers", (db) => {
    const numbersOf = (rows: readonly { number?: unknown }[]) => rows.map(({ number }) => number)

    describe("set by the caller", () => {
        it("may be numeric strings where the type is bigint", async () => {
            const repo = (await db().connect([Big])).getRepository(Big)
            const rows = await repo.save([{ number: "9" }, {}, { number: "100" }, {}])
            expect(numbersOf(rows)).to.eql(["9", "10", "100", "101"])
        })
    })

    describe("of stored rows", () => {
        async function connect() {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            await repo.save([{}, {}, {}])
            return { ds, repo, row: await repo.findOneByOrFail({ number: 2 }) }
        }

        it("are used again when the last row is deleted", async () => {
            const { repo } = await connect()
            await repo.delete({ number: 3 })
            expect((await repo.save({})).number).to.equal(3)
        })

        it("are not used again when another row is deleted", async () => {
            const { repo } = await connect()
            await repo.delete({ number: 2 })
            expect((await repo.save({})).number).to.equal(4)
        })

        it("are used again from the first when all rows are deleted", async () => {
            const { repo } = await connect()
            await repo.deleteAll()
            expect((await repo.save({})).number).to.equal(1)
        })
    })

    describe("startAt", () => {
        it("above the rows that are there is where numbers go on", async () => {
            const repo = (await db().connect([FromThousand])).getRepository(FromThousand)
            await repo.save({ number: 5 })
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([1000, 1001])
        })

        it("below the rows that are there changes nothing", async () => {
            const repo = (await db().connect([FromThousand])).getRepository(FromThousand)
            await repo.save({ number: 5000 })
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([5001, 5002])
        })
    })

    describe("incrementBy", () => {
        it("goes on from a number that is not on a step", async () => {
            const repo = (await db().connect([ByTen])).getRepository(ByTen)
            expect(numbersOf(await repo.save([{}, { number: 4 }, {}]))).to.eql([1, 4, 14])
        })

        it("does not lead below startAt", async () => {
            const repo = (await db().connect([FromHundredByTen])).getRepository(FromHundredByTen)
            await repo.save({ number: 5 })
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([100, 110])
        })
    })

    describe("of type bigint", () => {
        it("follow the number, not the text", async () => {
            const repo = (await db().connect([Big])).getRepository(Big)
            await repo.save({ number: "9" })
            expect((await repo.save({})).number).to.equal("10")
            expect((await repo.save({})).number).to.equal("11")
        })

        it("start at the largest safe integer", async () => {
            const repo = (await db().connect([BigByStep])).getRepository(BigByStep)
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([
                "9007199254740991",
                "9007199254740993",
            ])
        })

        it("go through a transformer", async () => {
            const repo = (await db().connect([BigInteger])).getRepository(BigInteger)
            const rows = await repo.save([{}, { number: 9007199254740993n }, {}])
            expect(numbersOf(rows)).to.eql([1n, 9007199254740993n, 9007199254740994n])
            const loaded = await repo.findOneByOrFail({ id: rows[2]?.id })
            expect(loaded.number).to.equal(9007199254740994n)
            await repo.save(Object.assign(loaded, { note: "changed" }))
            loaded.number = 7n
            await expectRefuses(repo, () => repo.save(loaded), ReadOnlyNumberError)
        })
    })

    describe("in a nullable column", () => {
        it("do not begin again after a draft", async () => {
            const repo = (await db().connect([Draft])).getRepository(Draft)
            await repo.save([{}, {}])
            await repo.save({ number: null })
            expect((await repo.save({})).number).to.equal(3)
        })

        it("may be set later, once", async () => {
            const repo = (await db().connect([Draft])).getRepository(Draft)
            await repo.save({})
            const draft = await repo.save(repo.create({ number: null, note: "draft" }))
            draft.number = 2
            await repo.save(draft)
            expect((await repo.findOneByOrFail({ id: draft.id })).number).to.equal(2)
            draft.number = 3
            await expectRefuses(repo, () => repo.save(draft), ReadOnlyNumberError)
            draft.number = null
            await expectRefuses(repo, () => repo.save(draft), ReadOnlyNumberError)
        })
    })

    describe("of an entity whose save was rolled back", () => {
        it("may be set by the caller then, in another scope", async () => {
            @Entity()
            class Task {
                @PrimaryGeneratedColumn() id!: number
                @Column("text") project!: string
                @Column("text") note!: string
                @AutoSequenceColumn({ uniqueWith: "project" }) number!: number
            }
            const repo = (await db().connect([Task])).getRepository(Task)
            const wrong = { project: "a", note: "a\u0000" }
            const row = repo.create(wrong)
            await expectSqlState(repo.save(row), "22021")
            await repo.save(Object.assign(row, { project: "b", note: "", number: 7 }))
            const other = repo.create(wrong)
            await expectSqlState(repo.save(other), "22021")
            Object.assign(other, { project: "b", note: "", number: 9 })
            await repo.save([other, repo.create({ project: "c", note: "" })])
            const rows = await repo.find({ order: { project: "ASC", number: "ASC" } })
            expect(rows.map(({ project, number }) => [project, number])).to.eql([
                ["b", 7],
                ["b", 9],
                ["c", 1],
            ])
        })
    })
})
