import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    InvalidKeyError,
    PseudoKey,
    TransactionRequiredError,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { worksOn } from "../support/strategies"
import { Letter } from "./insert-entities"
import { BILLS } from "./insert-numbered-entities"
import { expectNothingWritten, rolledBack, storedKeys } from "./insert-rows"

onEveryDatabase("A key derived of what only the INSERT gives", (database) => {
    let dataSource: DataSource
    beforeEach(async () => {
        dataSource = await database().connect([Letter])
    })

    const expectLetters = async (letters: Letter[], expected: Partial<Letter>[]) => {
        for (const [at, keys] of expected.entries()) expect(letters[at]).to.include(keys)
        for (const property of ["byId", "byDate", "byStatus"] as const)
            expect(await storedKeys(dataSource, Letter, property)).to.eql(
                expected.map((keys) => keys[property]),
            )
    }

    it("is written right after it, in the same transaction", async () => {
        const letters = dataSource.getRepository(Letter)
        const saved = await letters.save([{}, { status: "sent" }, {}])
        const last = letters.create()
        await dataSource.transaction((manager) => manager.insert(Letter, last))
        await expectLetters([...saved, last] as Letter[], [
            { byId: "no-1", byDate: "on_true", byStatus: "open" },
            { byId: "no-2", byDate: "on_true-2", byStatus: "sent" },
            { byId: "no-3", byDate: "on_true-3", byStatus: "open-2" },
            { byId: "no-4", byDate: "on_true-4", byStatus: "open-3" },
        ])
    })

    it("may be made of another one", async () => {
        const letters = dataSource.getRepository(Letter)
        const saved = await letters.save([{}, {}])
        expect(saved.map(({ byKey }) => byKey)).to.eql(["by-no-1", "by-no-2"])
        expect(await storedKeys(dataSource, Letter, "byKey")).to.eql(["by-no-1", "by-no-2"])
    })

    it("is written where the caller has the row not read back", async () => {
        const [saved] = await dataSource.getRepository(Letter).save([{}], { reload: false })
        const keys = { byId: "no-1", byDate: "on_true", byStatus: "open", byKey: "by-no-1" }
        expect(saved).to.include(keys)
        expect(await dataSource.manager.find(Letter)).to.have.nested.property("[0].byId", "no-1")
        await dataSource.manager.save(Letter, {})
        expect(await storedKeys(dataSource, Letter, "byKey")).to.eql(["by-no-1", "by-no-2"])
    })

    it("is made of the new primary key where the entity has one that is not stored", async () => {
        const letters = dataSource.getRepository(Letter)
        const saved = await letters.save([{ id: 70 }, {}])
        const expected = saved.map(({ id }) => `no-${id}`)
        expect(saved.map(({ byId }) => byId)).to.eql(expected)
        expect(await storedKeys(dataSource, Letter, "byId")).to.have.members(expected)
    })

    it("is written for the row that an upsert inserts", async () => {
        const upsert = (row: Partial<Letter>) =>
            dataSource.transaction((manager) => manager.upsert(Letter, row, ["reference"]))
        await upsert({ reference: "a" })
        await upsert({ reference: "b" })
        await upsert({ reference: "a" })
        expect(await storedKeys(dataSource, Letter, "byId")).to.eql(["no-1", "no-2"])
        expect(await storedKeys(dataSource, Letter, "byStatus")).to.eql(["open", "open-2"])
    })

    it("is refused without a transaction, and nothing is written", async () => {
        const letters = dataSource.getRepository(Letter)
        const row: Partial<Letter> = {}
        const given = { byId: "a", byDate: "on_a", byStatus: "a", byKey: "a" }
        for (const insert of [
            () => letters.insert(row),
            () => letters.insert([{ ...given }, row]),
            () => letters.save(row, { transaction: false }),
            () => letters.createQueryBuilder().insert().values(row).execute(),
        ])
            await expectNothingWritten(dataSource, Letter, insert(), TransactionRequiredError)
        for (const property of Object.keys(given))
            expect(row[property as keyof Letter], property).to.equal(undefined)
        await letters.insert(given)
        expect(await storedKeys(dataSource, Letter, "byId")).to.eql(["a"])
    })

    it("goes with the transaction that is rolled back", async () => {
        const row = dataSource.manager.create(Letter)
        await rolledBack(dataSource, async (manager) => {
            await manager.save(row)
            expect(row.byStatus).to.equal("open")
        })
        expect(row).to.include({ byId: undefined, byDate: undefined, byStatus: undefined })
        await dataSource.manager.save(row)
        expect(row).to.include({ byDate: "on_true", byStatus: "open" })
    })
})

for (const strategy of ["table-lock", "counter", "trigger"] as const)
    onEveryDatabase(
        `A key derived of a number by ${strategy}`,
        (database) => {
            it("is made of the number that the row gets", async () => {
                const Bill = BILLS[strategy]
                const dataSource = await database().connect([Bill])
                const bills = dataSource.getRepository(Bill)
                const saved = [...(await bills.save([{}, {}, {}])), await bills.save({})]
                const inserted: Partial<InstanceType<typeof Bill>>[] = [{}, { number: 100 }, {}]
                await dataSource.transaction((manager) => manager.insert(Bill, inserted))
                const all = [...saved, ...inserted]
                expect(all.map(({ number }) => number)).to.eql([7, 8, 9, 10, 11, 100, 101])
                const expected = all.map(({ number }) => `bill_B-${number}`)
                expect(all.map(({ slug }) => slug)).to.eql(expected)
                expect(await storedKeys(dataSource, Bill)).to.eql(expected)
            })
        },
        worksOn(strategy),
    )

onEveryDatabase(
    "A key derived of what a trigger makes beside a number",
    (database) => {
        const of = (derive: (row: Row) => string, after?: "insert") => {
            @Entity("dated")
            class Dated {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date", nullable: true }) day!: string | null
                @AutoSequenceColumn({ strategy: "trigger", period: { of: "day", by: "year" } })
                number!: number
                numberPeriod!: string
                @DocumentNumber({ of: "number", format: "D-{YYYY}-{0}" }) text!: string
                @PseudoKey({ derive, after }) key!: string
            }
            return Dated
        }
        type Row = { day: string | null; number: number; numberPeriod: string; text: string }
        const derives = {
            numberPeriod: (row: Row) => `${row.numberPeriod}.${row.number}`,
            text: ({ text }: Row) => text,
            day: ({ day }: Row) => String(day),
        }

        for (const [property, derive] of Object.entries(derives))
            it(`is refused before the INSERT, also beside a number of the caller's: ${property}`, async () => {
                const Dated = of(derive)
                const dataSource = await database().connect([Dated])
                const row: Partial<Row> = {
                    number: 7,
                    day: property === "day" ? null : "2026-05-05",
                }
                await expectNothingWritten(
                    dataSource,
                    Dated,
                    dataSource.getRepository(Dated).save(row),
                    InvalidKeyError,
                )
            })

        it("is made of it after the INSERT, and before it of a date that is set", async () => {
            const keys: string[] = []
            for (const [derive, after] of [
                [derives.numberPeriod, "insert"],
                [derives.text, "insert"],
                [derives.day, undefined],
            ] as const) {
                const Dated = of(derive, after)
                const dataSource = await database().connect([Dated])
                const row = await dataSource
                    .getRepository(Dated)
                    .save({ number: 7, day: "2026-05-05" })
                expect(await storedKeys(dataSource, Dated, "key")).to.eql([row.key])
                keys.push(row.key)
            }
            expect(keys).to.eql(["2026-7", "d-2026-7", "2026-05-05"])
        })
    },
    worksOn("trigger"),
)
