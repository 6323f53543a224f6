import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    generateMigration,
    UnsupportedError,
    verifyAutoSequence,
} from "../../src"
import { changeEntities, migrate } from "../migrations/migrate"
import { onEveryDatabase } from "../support/databases"
import { expectRejects } from "../support/errors"

@Entity("bill")
class Before {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", default: 0 }) number!: number
    @Column({ type: "varchar", length: 255, nullable: true }) text!: string | null
}

function billsWith(format: string | ((bill: { number: number }) => string)) {
    @Entity("bill")
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy: "counter" }) number!: number
        @DocumentNumber({ of: "number", format: format as string }) text!: string
    }
    return Bill
}

onEveryDatabase("Rows with 0 that are numbered by a migration", (database) => {
    const start = async (...texts: (string | null)[]) => {
        const before = await database().connect([Before])
        const rows = texts.map((text) => ({ number: 0, text }))
        await before.getRepository(Before).save([{ number: 4, text: "B-004" }, ...rows])
        return before
    }

    it("get the texts of their numbers, whatever they had", async () => {
        const before = await start("B-000", null, "none")
        const Bill = billsWith("B-{000}")
        const { dataSource } = await migrate(database(), before, [Bill], { renumber: true })
        const bills = dataSource.getRepository(Bill)
        await bills.save({})
        const rows = await bills.find({ order: { id: "ASC" } })
        expect(rows.map(({ number, text }) => [number, text])).to.eql([
            [4, "B-004"],
            [5, "B-005"],
            [6, "B-006"],
            [7, "B-007"],
            [8, "B-008"],
        ])
        await verifyAutoSequence(dataSource)
    })

    it("are refused where SQL can't make their texts", async () => {
        const before = await start("B-000", "none")
        const Bill = billsWith(({ number }) => `B-${number}`)
        const changed = await changeEntities(database(), before, [Bill])
        await expectRejects(
            generateMigration(changed, { renumber: true }),
            UnsupportedError,
            "Bill.text: SQL can't make the texts",
        )
    })
})
