import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AlreadyNumberedError, AutoSequenceColumn, DraftError, seriesOf } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

onEachCell(
    "Numbers of COMMIT that code asks for before",
    ({ way, tables }) => {
        const { strategy } = way.options

        @Entity()
        class Order {
            @PrimaryGeneratedColumn() id!: number
            @Column() shop!: string
            @Column({ default: false }) isPlaced!: boolean
            @AutoSequenceColumn({
                strategy,
                uniqueWith: "shop",
                assign: "commit",
                when: { isPlaced: true },
            })
            number!: number | null
        }

        @Entity()
        class Receipt {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn({ strategy, assign: "commit" }) number!: number | null
        }

        const dataSource = tables([Order, Receipt])
        const orders = () => seriesOf(dataSource(), Order, "number")
        const stored = async (entity: typeof Order | typeof Receipt) => {
            const rows = await dataSource()
                .getRepository<Order | Receipt>(entity)
                .find({ order: { id: "ASC" } })
            return rows.map(({ number }) => number)
        }

        it("are made at once, and the others go on after them at COMMIT", async () => {
            const { manager } = dataSource()
            const drafts = await manager.save(Order, [{ shop: "a" }, { shop: "a" }, { shop: "a" }])
            const [first, second] = drafts
            if (!first || !second) return
            await dataSource().transaction(async (inner) => {
                await inner.save(Order, { ...first, isPlaced: true })
                const row = await orders().assign(inner, second, { set: { isPlaced: true } })
                expect([row.number, second.number]).to.eql([1, 1])
                const repeated = orders().assign(inner, second, { set: { isPlaced: true } })
                expect(await rejection(repeated)).to.be.instanceOf(AlreadyNumberedError)
            })
            expect(await stored(Order)).to.eql([2, 1, null])
            const draft = await rejection(orders().assign(manager, drafts[2]?.id ?? 0))
            expect(draft).to.be.instanceOf(DraftError)
            await orders().assign(manager, drafts[2]?.id ?? 0, { set: { isPlaced: true } })
            const next = await manager.save(Order, { shop: "a", isPlaced: true })
            expect([...(await stored(Order)), next.number]).to.eql([2, 1, 3, 4, 4])
        })

        it("are those of rows that the transaction has inserted", async () => {
            const receipts = seriesOf(dataSource(), Receipt, "number")
            await dataSource().transaction(async (manager) => {
                const rows = await manager.save(Receipt, [{}, {}, {}])
                const [, second] = rows
                if (!second) return
                expect((await receipts.assign(manager, second)).number).to.equal(1)
                expect(second.number).to.equal(1)
            })
            expect(await stored(Receipt)).to.eql([2, 1, 3])
            expect(await receipts.last()).to.equal(3)
        })

        it("are given back with the transaction", async () => {
            const { manager } = dataSource()
            const draft = await manager.save(Order, { shop: "a" })
            await rolledBack(dataSource(), (inner) =>
                orders().assign(inner, draft.id, { set: { isPlaced: true } }),
            )
            expect(await stored(Order)).to.eql([null])
            await manager.save(Order, { shop: "a", isPlaced: true })
            expect(await stored(Order)).to.eql([null, 1])
        })

        it("are those of another scope, where a row moves there", async () => {
            const { manager } = dataSource()
            const [row] = await manager.save(Order, [
                { shop: "a", isPlaced: true },
                { shop: "a", isPlaced: true },
                { shop: "b", isPlaced: true },
            ])
            if (!row) return
            const moved = await orders().move(manager, row.id, { set: { shop: "b" } })
            expect(moved.number).to.equal(2)
            await manager.save(Order, { shop: "a", isPlaced: true })
            expect(await stored(Order)).to.eql([2, 2, 1, 3])
        })
    },
    // Of triggers those that can be deferred, which are PostgreSQL's.
    ({ isGapless, isInDatabase, options }, { failOnce }) =>
        isGapless && options.strategy !== "table-lock" && (!isInDatabase || failOnce),
)
