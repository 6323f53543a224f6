import { expect } from "chai"
import { InvalidPeriodError } from "../../src"
import { rejection } from "../support/errors"
import { onCounters, Receipt } from "./entities"

onCounters("Periods of numbers that are made at COMMIT", ({ tables }) => {
    const dataSource = tables([Receipt])

    it("are refused by the INSERT where the caller has set those of another date", async () => {
        const receipts = dataSource().getRepository(Receipt)
        const first = await receipts.save({ day: "2025-05-05" })
        const copy = (day: string) => ({ day, numberPeriod: first.numberPeriod })
        const other = await rejection(receipts.save(copy("2026-05-05")))
        expect(other).to.be.instanceOf(InvalidPeriodError)
        await dataSource().transaction(async (manager) => {
            await manager.save(Receipt, { day: "2025-05-06" })
            const refused = await rejection(
                manager.transaction((inner) => inner.insert(Receipt, copy("2024-05-05"))),
            )
            expect(refused).to.be.instanceOf(InvalidPeriodError)
            const same = await manager.save(Receipt, copy("2025-05-07"))
            const moved = await manager.save(Receipt, copy("2025-05-08"))
            await manager.update(Receipt, moved.id, { day: "2026-01-01" })
            expect(same.number).to.equal(null)
        })
        await receipts.save({ day: "2025-05-09", numberPeriod: null })
        const rows = await receipts.find({ order: { day: "ASC" } })
        expect(rows.map((row) => `${row.numberPeriod} ${row.number}`)).to.eql([
            ...["2025 1", "2025 2", "2025 3", "2025 4", "2026 1"],
        ])
    })
})
