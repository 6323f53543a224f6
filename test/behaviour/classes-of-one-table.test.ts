import { expect } from "chai"
import { ChildEntity, Column, Entity, PrimaryGeneratedColumn, TableInheritance } from "typeorm"
import { AutoSequenceColumn, type AutoSequenceColumnOptions } from "../../src"
import { onEachCell } from "../support/matrix"
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

onEachCell("classes of one table", ({ way, database }) => {
    it("are numbered together in one call, those of each class in the order given", async () => {
        const { Receipt, Sale, Refund } = receipts(way.options)
        const dataSource = await database().connect([Receipt, Sale, Refund])
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
})
