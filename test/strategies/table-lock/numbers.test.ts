import { expect } from "chai"
import {
    Column,
    type DataSource,
    DeleteDateColumn,
    Entity,
    PrimaryGeneratedColumn,
    type QueryRunner,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidNumberError,
    NumberOverflowError,
    ReadOnlyNumberError,
} from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { expectRefuses, expectSqlState, storedRows } from "../../support/errors"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn() number!: number
}

@Entity()
class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @Column("text") project!: string
    @AutoSequenceColumn({ uniqueWith: "project" }) number!: number
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
class Prefixed {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn({
        transformer: {
            to: (value?: string) => value && Number(value.slice(2)),
            from: (value: number) => `R-${value}`,
        },
    })
    number!: string
}

@Entity()
class Hidden {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn({ select: false }) number!: number
}

@Entity()
class Draft {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "" }) note!: string
    @AutoSequenceColumn({ nullable: true }) number?: number | null
}

@Entity()
class Named {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ name: "invoice_no" }) number!: number
}

@Entity()
class Bin {
    @PrimaryGeneratedColumn() id!: number
    @DeleteDateColumn() deletedAt!: Date | null
    @AutoSequenceColumn() number!: number
}

onEachDatabase("numbers", (db) => {
    const numbersOf = (rows: readonly { number?: unknown }[]) => rows.map(({ number }) => number)

    /** Runs `work` in a transaction and rolls it back. */
    async function rolledBack(ds: DataSource, work: (runner: QueryRunner) => Promise<unknown>) {
        const runner = ds.createQueryRunner()
        await runner.startTransaction()
        try {
            await work(runner)
        } finally {
            await runner.rollbackTransaction()
            await runner.release()
        }
    }

    describe("set by the caller", () => {
        it("are kept, and the next save goes on after them", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            expect((await repo.save({ number: 40 })).number).to.equal(40)
            expect((await repo.save({})).number).to.equal(41)
        })

        it("are kept between others of one save, which go on after them", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            const rows = await repo.save([{}, { number: 10 }, {}, { number: 5 }, {}])
            expect(numbersOf(rows)).to.eql([1, 10, 11, 5, 12])
            expect((await repo.save({})).number).to.equal(13)
            const stored = await repo.find({ order: { id: "ASC" } })
            expect(numbersOf(stored)).to.eql([1, 10, 11, 5, 12, 13])
        })

        it("below the highest do not set it back", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            await repo.save({ number: 10 })
            expect((await repo.save({ number: 3 })).number).to.equal(3)
            expect((await repo.save({})).number).to.equal(11)
        })

        it("count in their scope only", async () => {
            const repo = (await db().connect([Ticket])).getRepository(Ticket)
            const rows = await repo.save([
                { project: "a", number: 7 },
                { project: "b" },
                { project: "a" },
                { project: "b" },
            ])
            expect(numbersOf(rows)).to.eql([7, 1, 8, 2])
        })

        it("may be zero or negative", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            const rows = await repo.save([{ number: -5 }, { number: 0 }])
            expect(numbersOf(rows)).to.eql([-5, 0])
            expect((await repo.save({})).number).to.equal(1)
        })

        it("on every row of a save need no transaction", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            await repo.insert([{ number: 4 }, { number: 6 }])
            expect(numbersOf(await repo.find({ order: { id: "ASC" } }))).to.eql([4, 6])
        })

        it("may be numeric strings where the type is bigint", async () => {
            const repo = (await db().connect([Big])).getRepository(Big)
            const rows = await repo.save([{ number: "9" }, {}, { number: "100" }, {}])
            expect(numbersOf(rows)).to.eql(["9", "10", "100", "101"])
        })

        it("that are there already are the unique index's to refuse", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            await repo.save([{}, {}])
            await expectSqlState(repo.save({ number: 2 }), "23505")
            expect(await repo.count()).to.equal(2)
            expect((await repo.save({})).number).to.equal(3)
        })

        for (const [title, number] of [
            ["1.5", 1.5],
            ["NaN", NaN],
            ["Infinity", Infinity],
            ["2^53, which may have been rounded", 2 ** 53],
            ["text", "abc"],
            ["text that begins with digits", "12a"],
            ["text with a fraction", "1.5"],
            ["no text", ""],
            ["a boolean", true],
            ["an object", {}],
        ] as const)
            it(`can't be ${title}`, async () => {
                const repo = (await db().connect([Letter])).getRepository(Letter)
                const row = Object.assign(repo.create(), { number })
                await expectRefuses(repo, () => repo.save(row), InvalidNumberError, "Letter.number")
                await expectRefuses(
                    repo,
                    () => repo.save([repo.create(), Object.assign(repo.create(), { number })]),
                    InvalidNumberError,
                    "Letter.number",
                )
                expect((await repo.save({})).number).to.equal(1)
            })

        it("can't be an SQL expression", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            await expectRefuses(
                repo,
                () =>
                    ds.transaction((manager) =>
                        manager
                            .createQueryBuilder()
                            .insert()
                            .into(Letter)
                            .values({ number: () => "1 + 1" })
                            .execute(),
                    ),
                InvalidNumberError,
                "function",
            )
            expect((await repo.save({})).number).to.equal(1)
        })
    })

    describe("of stored rows", () => {
        async function connect() {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            await repo.save([{}, {}, {}])
            return { ds, repo, row: await repo.findOneByOrFail({ number: 2 }) }
        }

        it("stay when the same entity is saved again", async () => {
            const { repo } = await connect()
            const row = await repo.save({ note: "a" })
            await repo.save(row)
            row.note = "b"
            await repo.save(row)
            expect(await repo.findOneByOrFail({ id: row.id })).to.eql({
                id: 4,
                note: "b",
                number: 4,
            })
            expect(await repo.count()).to.equal(4)
        })

        it("stay when the loaded row is saved again", async () => {
            const { repo, row } = await connect()
            row.note = "changed"
            await repo.save(row)
            expect(await repo.findOneByOrFail({ id: row.id })).to.eql({
                id: 2,
                note: "changed",
                number: 2,
            })
        })

        it("stay when they are left out", async () => {
            const { repo, row } = await connect()
            await repo.save({ id: row.id, note: "changed" })
            await repo.update(row.id, { note: "again" })
            expect((await repo.findOneByOrFail({ id: row.id })).number).to.equal(2)
        })

        it("may be given unchanged, as text as well", async () => {
            const { repo, row } = await connect()
            await repo.save({ id: row.id, number: 2, note: "a" })
            const asText = Object.assign(repo.create({ id: row.id }), { number: "2", note: "b" })
            await repo.save(asText)
            expect(await repo.findOneByOrFail({ id: row.id })).to.include({ number: 2, note: "b" })
        })

        it("can't be changed by save()", async () => {
            const { repo, row } = await connect()
            row.number = 20
            await expectRefuses(repo, () => repo.save(row), ReadOnlyNumberError, "Letter.number")
        })

        it("can't be set to null by save()", async () => {
            const { repo, row } = await connect()
            const cleared = Object.assign(row, { number: null, note: "changed" })
            await expectRefuses(repo, () => repo.save(cleared), ReadOnlyNumberError)
        })

        it("can't be changed by a save() that inserts as well", async () => {
            const { repo, row } = await connect()
            row.number = 20
            await expectRefuses(repo, () => repo.save([{}, row, {}]), ReadOnlyNumberError)
            expect((await repo.save({})).number).to.equal(4)
        })

        it("can't be changed by update()", async () => {
            const { repo, row } = await connect()
            await expectRefuses(
                repo,
                () => repo.update({ id: row.id }, { number: 20 }),
                ReadOnlyNumberError,
            )
        })

        it("can't be changed by a query builder", async () => {
            const { repo, row } = await connect()
            await expectRefuses(
                repo,
                () =>
                    repo
                        .createQueryBuilder()
                        .update()
                        .set({ number: () => "number + 100" })
                        .where({ id: row.id })
                        .execute(),
                ReadOnlyNumberError,
            )
        })

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

        it("count when the row is soft-deleted", async () => {
            const repo = (await db().connect([Bin])).getRepository(Bin)
            const [, last] = await repo.save([{}, {}])
            await repo.softDelete({ id: last?.id })
            expect((await repo.save({})).number).to.equal(3)
            await repo.restore({ id: last?.id })
            expect(numbersOf(await repo.find({ order: { id: "ASC" } }))).to.eql([1, 2, 3])
        })
    })

    describe("startAt", () => {
        it("is the first number", async () => {
            const repo = (await db().connect([FromThousand])).getRepository(FromThousand)
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([1000, 1001])
        })

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
        it("is the step", async () => {
            const repo = (await db().connect([ByTen])).getRepository(ByTen)
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([1, 11])
            expect((await repo.save({})).number).to.equal(21)
        })

        it("goes on from a number that is not on a step", async () => {
            const repo = (await db().connect([ByTen])).getRepository(ByTen)
            expect(numbersOf(await repo.save([{}, { number: 4 }, {}]))).to.eql([1, 4, 14])
        })

        it("counts from startAt", async () => {
            const repo = (await db().connect([FromHundredByTen])).getRepository(FromHundredByTen)
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([100, 110])
        })

        it("does not lead below startAt", async () => {
            const repo = (await db().connect([FromHundredByTen])).getRepository(FromHundredByTen)
            await repo.save({ number: 5 })
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([100, 110])
        })
    })

    describe("that do not fit an int", () => {
        it("are given up to the largest", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            await repo.save({ number: 2 ** 31 - 2 })
            expect((await repo.save({})).number).to.equal(2 ** 31 - 1)
        })

        it("are refused", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            await repo.save({ number: 2 ** 31 - 2 })
            await expectRefuses(
                repo,
                () => repo.save([{}, {}]),
                NumberOverflowError,
                "2147483648",
                '"bigint"',
            )
            expect((await repo.save({})).number).to.equal(2 ** 31 - 1)
            await expectRefuses(repo, () => repo.save({}), NumberOverflowError, "2147483648")
        })

        it("are refused where a step leads over the largest", async () => {
            const repo = (await db().connect([ByTen])).getRepository(ByTen)
            await repo.save({ number: 2 ** 31 - 5 })
            await expectRefuses(repo, () => repo.save({}), NumberOverflowError, "2147483653")
        })

        it("are refused where the caller sets them", async () => {
            const repo = (await db().connect([Letter])).getRepository(Letter)
            for (const number of [2 ** 31, -(2 ** 31) - 1])
                await expectRefuses(repo, () => repo.save({ number }), NumberOverflowError)
            expect((await repo.save({})).number).to.equal(1)
        })
    })

    describe("of type bigint", () => {
        it("are strings, exact past 2^53", async () => {
            const repo = (await db().connect([Big])).getRepository(Big)
            await repo.save({ number: "9007199254740993" })
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([
                "9007199254740994",
                "9007199254740995",
            ])
            expect((await repo.save({})).number).to.equal("9007199254740996")
            const stored = await repo.find({ order: { id: "ASC" }, skip: 1 })
            expect(numbersOf(stored)).to.eql([
                "9007199254740994",
                "9007199254740995",
                "9007199254740996",
            ])
        })

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

        it("are refused past the largest", async () => {
            const repo = (await db().connect([Big])).getRepository(Big)
            await repo.save({ number: "9223372036854775806" })
            expect((await repo.save({})).number).to.equal("9223372036854775807")
            await expectRefuses(
                repo,
                () => repo.save({}),
                NumberOverflowError,
                "9223372036854775808",
            )
            await expectRefuses(
                repo,
                () => repo.save({ number: "9223372036854775808" }),
                NumberOverflowError,
            )
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

    describe("through a transformer to text", () => {
        it("are shown and kept", async () => {
            const repo = (await db().connect([Prefixed])).getRepository(Prefixed)
            const rows = await repo.save([{}, { number: "R-7" }, {}])
            expect(numbersOf(rows)).to.eql(["R-1", "R-7", "R-8"])
            const stored = await storedRows(repo)
            expect(numbersOf(stored)).to.eql([1, 7, 8])
        })

        it("stay when the row is saved again", async () => {
            const repo = (await db().connect([Prefixed])).getRepository(Prefixed)
            const row = await repo.save({})
            row.note = "changed"
            await repo.save(row)
            expect(await storedRows(repo)).to.eql([{ id: 1, note: "changed", number: 1 }])
        })
    })

    describe("in a column that is not selected", () => {
        it("are on the saved entity and counted on", async () => {
            const repo = (await db().connect([Hidden])).getRepository(Hidden)
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([1, 2])
            expect((await repo.save({})).number).to.equal(3)
            expect((await repo.findOneByOrFail({ id: 1 })).number).to.equal(undefined)
        })

        it("stay when the loaded row is saved again", async () => {
            const repo = (await db().connect([Hidden])).getRepository(Hidden)
            await repo.save([{}, {}])
            const row = await repo.findOneByOrFail({ id: 1 })
            await repo.save(Object.assign(row, { note: "changed" }))
            expect(await storedRows(repo)).to.eql([
                { id: 1, note: "changed", number: 1 },
                { id: 2, note: "", number: 2 },
            ])
        })

        it("stay when the same entity is saved again", async () => {
            const repo = (await db().connect([Hidden])).getRepository(Hidden)
            const row = await repo.save({})
            await repo.save(Object.assign(row, { note: "changed" }))
            expect(await storedRows(repo)).to.eql([{ id: 1, note: "changed", number: 1 }])
        })

        it("can't be changed", async () => {
            const repo = (await db().connect([Hidden])).getRepository(Hidden)
            const row = await repo.save({})
            row.number = 20
            await expectRefuses(repo, () => repo.save(row), ReadOnlyNumberError)
        })
    })

    describe("in a nullable column", () => {
        it("are given where nothing is set", async () => {
            const repo = (await db().connect([Draft])).getRepository(Draft)
            expect(numbersOf(await repo.save([{}, {}]))).to.eql([1, 2])
        })

        it("are not given where null is set", async () => {
            const repo = (await db().connect([Draft])).getRepository(Draft)
            const rows = await repo.save([{}, { number: null }, {}, { number: null }])
            expect(numbersOf(rows)).to.eql([1, null, 2, null])
            const stored = await repo.find({ order: { id: "ASC" } })
            expect(numbersOf(stored)).to.eql([1, null, 2, null])
        })

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

    it("are in the column that `name` names", async () => {
        const repo = (await db().connect([Named])).getRepository(Named)
        expect(numbersOf(await repo.save([{}, {}]))).to.eql([1, 2])
        expect(await storedRows(repo)).to.eql([
            { id: 1, invoice_no: 1 },
            { id: 2, invoice_no: 2 },
        ])
    })

    describe("of an entity whose save was rolled back", () => {
        it("are taken anew when another transaction took them meanwhile", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            const row = repo.create()
            await rolledBack(ds, (runner) => runner.manager.save(row))
            const other = await repo.save({})
            expect(other.number).to.equal(1)
            await repo.save(row)
            expect(row.number).to.equal(2)
            expect(numbersOf(await repo.find({ order: { number: "ASC" } }))).to.eql([1, 2])
        })

        it("are the same again when nobody took them", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            const [first, second] = [repo.create(), repo.create()]
            await rolledBack(ds, (runner) => runner.manager.save([first, second]))
            await repo.save(second)
            await repo.save(first)
            expect([first.number, second.number]).to.eql([2, 1])
        })

        it("are taken anew when the save failed in the database", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            const row = Object.assign(repo.create(), { note: "a\u0000" })
            await expectSqlState(repo.save(row), "22021")
            await repo.save({})
            await repo.save(Object.assign(row, { note: "a" }))
            expect(row.number).to.equal(2)
            expect(await repo.count()).to.equal(2)
        })

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

        it("are kept where the caller had set them", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            const row = repo.create({ number: 40 })
            await rolledBack(ds, (runner) => runner.manager.save(row))
            await repo.save({})
            await repo.save(row)
            expect(row.number).to.equal(40)
        })

        it("are taken anew in the next transaction of the same query runner", async () => {
            const ds = await db().connect([Letter])
            const row = ds.getRepository(Letter).create()
            const runner = ds.createQueryRunner()
            await runner.startTransaction()
            await runner.manager.save(row)
            await runner.rollbackTransaction()
            await runner.startTransaction()
            await runner.manager.save(Letter, [{}, {}])
            await runner.manager.save(row)
            await runner.commitTransaction()
            await runner.release()
            expect(row.number).to.equal(3)
        })
    })
})
