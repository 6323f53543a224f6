import { expect } from "chai"
import { Column, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { onEachCell } from "../support/matrix"

onEachCell(
    "SQL expressions in the UPDATE that numbers a draft",
    ({ way, tables }) => {
        @Entity()
        class Receipt {
            @PrimaryGeneratedColumn() id!: number
            @Column() shop!: string
            @Column() status!: string
            @AutoSequenceColumn({ ...way.options, when: { status: Not("draft") } })
            number!: number | null
        }
        const shared = tables([Receipt])

        it("may be texts that only PostgreSQL has", async () => {
            const { manager } = shared()
            const shops: string[] = []
            for (const shop of ["E'it\\'s, \\'q'", "$$it's, (q$$", "$a$) WHERE $1$a$"]) {
                const { id } = await manager.save(Receipt, { shop: "", status: "draft" })
                await manager.transaction((inner) =>
                    inner.update(Receipt, { id }, { shop: () => shop, status: "final" }),
                )
                const stored = await manager.findOneByOrFail(Receipt, { id })
                shops.push(`${stored.number} ${stored.shop}`)
            }
            expect(shops).to.eql(["1 it's, 'q", "2 it's, (q", "3 ) WHERE $1"])
        })
    },
    (way, can) => way.isGapless && can.partialIndexes && can.bigints,
)
