import { expect } from "chai"
import {
    Column,
    Entity,
    ManyToOne,
    PrimaryGeneratedColumn,
    type Relation,
    UpdateDateColumn,
} from "typeorm"
import { AutoSequenceColumn, findByPseudoKey, InvalidKeyError, PseudoKey } from "../../src"
import { rejection } from "../support/errors"
import { rolledBack } from "../support/rows"
import { LATE, onCounters } from "./entities"

onCounters("What comes with a number that is made at COMMIT", ({ tables }) => {
    @Entity()
    class Office {
        @PrimaryGeneratedColumn() id!: number
        @Column() code!: string
        @Column({ type: "varchar", length: 64 }) timeZone!: string
    }
    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn("uuid") id!: string
        @ManyToOne(() => Office, { nullable: false }) office!: Relation<Office>
        @Column({ type: "date", nullable: true }) day!: string | null
        @AutoSequenceColumn({
            ...LATE,
            uniqueWith: "office",
            period: { of: "day", by: "year", timeZone: "office.timeZone" },
        })
        number!: number | null
        numberPeriod!: string | null
        @PseudoKey({
            case: "keep",
            derive: (row: Receipt) => `${row.office.code}-${row.numberPeriod}-${row.number}`,
            relations: ["office"],
            nullable: true,
        })
        key!: string | null
        @PseudoKey({
            case: "keep",
            derive: (row: Receipt) => `N-${(row.number ?? 0) % 2}`,
            suffix: true,
            nullable: true,
            history: true,
        })
        former!: string | null
        @PseudoKey() random!: string
        @UpdateDateColumn() updatedAt!: Date
    }
    @Entity()
    class Refused {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(LATE) number!: number | null
        @PseudoKey({ case: "keep", derive: (row: Refused) => `N-${row.number}` }) key!: string
    }
    /** It is never the same day in both zones. */
    @Entity()
    class Stamp {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date", nullable: true }) day!: string | null
        @AutoSequenceColumn({
            ...LATE,
            period: { of: "day", by: "day", timeZone: "Pacific/Kiritimati" },
        })
        first!: number | null
        firstPeriod!: string | null
        @AutoSequenceColumn({
            ...LATE,
            period: { of: "day", by: "day", timeZone: "Pacific/Niue" },
        })
        second!: number | null
        secondPeriod!: string | null
    }
    const dataSource = tables([Office, Receipt, Refused, Stamp])
    const receipts = () => dataSource().getRepository(Receipt)
    const offices = () =>
        dataSource()
            .getRepository(Office)
            .save([
                { code: "BER", timeZone: "Europe/Berlin" },
                { code: "LAX", timeZone: "America/Los_Angeles" },
            ]) as Promise<[Office, Office]>

    it("is made there too: the period, today, and keys", async () => {
        const [berlin, losAngeles] = await offices()
        const rows = await dataSource().transaction(async (manager) => {
            const saved = await manager.save(Receipt, [
                { office: berlin, day: "2026-12-31" },
                { office: berlin, day: "2027-01-01" },
                { office: losAngeles, day: "2026-12-31" },
                { office: berlin },
            ])
            for (const { number, numberPeriod, key, random } of saved) {
                expect([number, numberPeriod, key]).to.eql([null, null, null])
                expect(random).to.be.a("string")
            }
            await manager.save(Receipt, Object.assign(saved[0] ?? {}, { day: "2027-05-05" }))
            return saved
        })
        const shown = rows.map((r) => [r.number, r.numberPeriod, r.key])
        const today = rows[3]?.day ?? ""
        expect(today).to.match(/^\d{4}-\d\d-\d\d$/)
        const year = today.slice(0, 4)
        expect(shown).to.eql([
            [1, "2027", "BER-2027-1"],
            [2, "2027", "BER-2027-2"],
            [1, "2026", "LAX-2026-1"],
            [1, year, `BER-${year}-1`],
        ])
        const next = await receipts().save({ office: berlin, day: "2027-12-31" })
        expect(next).to.include({ number: 3, key: "BER-2027-3" })
        const stored = await receipts().find({ where: { office: { id: berlin.id } } })
        expect(stored).to.have.length(4)
        for (const row of [...rows, next]) {
            const found = await receipts().findOneByOrFail({ id: row.id })
            expect(found).to.deep.include({
                ...{ number: row.number, numberPeriod: row.numberPeriod, key: row.key },
                ...{ former: row.former, day: row.day, random: row.random },
            })
            expect(row.former).to.match(/^N-[01](-\d)?$/)
            const byKey = await findByPseudoKey(receipts().manager, Receipt, row.former ?? "", {
                property: "former",
                where: { office: { id: row.office.id }, numberPeriod: row.numberPeriod ?? "" },
            })
            expect(byKey?.id).to.equal(row.id)
        }
    })

    it("is of one date where two numbers set it to today", async () => {
        const stamp = await dataSource().getRepository(Stamp).save({})
        expect(stamp).to.include({ first: 1, second: 1 })
        expect([stamp.firstPeriod, stamp.secondPeriod]).to.eql([stamp.day, stamp.day])
    })

    it("leaves the date of the last change as it is", async () => {
        const [office] = await offices()
        const row = await receipts().save({ office, day: "2026-05-05" })
        const stored = await receipts().findOneByOrFail({ id: row.id })
        expect(stored.updatedAt).to.eql(row.updatedAt)
    })

    it("is not shown where the transaction is rolled back", async () => {
        const [office] = await offices()
        const rows: Receipt[] = []
        await rolledBack(dataSource(), async (manager) => {
            rows.push(await manager.save(Receipt, manager.create(Receipt, { office })))
        })
        const { number: none, numberPeriod, key, day } = rows[0] ?? {}
        for (const value of [none, numberPeriod, key, day]) expect(value ?? null).to.equal(null)
        const { number } = await receipts().save({ office })
        expect(number).to.equal(1)
    })

    it("is refused where a key can't wait for its number", async () => {
        const error = await rejection(dataSource().getRepository(Refused).save({}))
        expect(error).to.be.instanceOf(InvalidKeyError)
        expect(error.message).to.include("nullable: true")
    })
})
