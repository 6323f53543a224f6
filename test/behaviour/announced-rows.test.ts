import { expect } from "chai"
import type { EntityMetadata } from "typeorm"
import { AnnouncedRows } from "../../src/inserts/announced/announced-rows"
import { NewRow } from "../../src/inserts/announced/new-row"

const bill = { tablePath: "bill" } as EntityMetadata
const letter = { tablePath: "letter" } as EntityMetadata

describe("Rows that are announced", () => {
    let announced: AnnouncedRows

    beforeEach(() => {
        announced = new AnnouncedRows()
    })

    /** As one call does. */
    async function announce(metadata: EntityMetadata, titles: readonly string[]) {
        const rows = titles.map((title) => new NewRow({ title }, metadata))
        for (const row of rows) announced.add(row)
        await Promise.resolve()
        return rows
    }

    const titlesOf = (metadata: EntityMetadata, lastId = NewRow.lastId) =>
        announced.byTable
            .before(metadata, lastId)
            .map((rows) => [...rows].map((row) => String(row.entity.title)))

    it("are found by their table and call, the last call first", async () => {
        const [a] = await announce(bill, ["a", "b", "c"])
        await announce(letter, ["x", "y"])
        const [, e] = await announce(bill, ["d", "e"])
        expect(titlesOf(letter)).to.eql([["x", "y"]])
        expect(titlesOf(bill)).to.eql([
            ["d", "e"],
            ["a", "b", "c"],
        ])
        if (a && e) for (const row of [a, e]) announced.end(row.entity)
        expect(titlesOf(bill)).to.eql([["d"], ["b", "c"]])
    })

    it("are not those of a statement that was sent before", async () => {
        const [, b] = await announce(bill, ["a", "b", "c"])
        await announce(bill, ["d"])
        expect(titlesOf(bill, b?.id)).to.eql([["a", "b"]])
    })

    it("are no more when all are in the table, or the transaction has ended", async () => {
        const bills = await announce(bill, ["a", "b"])
        await announce(letter, ["x"])
        for (const { entity } of bills) announced.end(entity)
        expect(titlesOf(bill)).to.eql([])
        expect(titlesOf(letter)).to.eql([["x"]])
        announced.transactionEnded({ isShared: false })
        expect(titlesOf(letter)).to.eql([])
        expect(announced.size).to.equal(0)
    })
})
