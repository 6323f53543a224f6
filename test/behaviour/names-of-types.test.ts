import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { onEachCell } from "../support/matrix"
import { expectNext } from "../support/stored"

onEachCell("Tables that are called like types of the database", ({ way, tables }) => {
    const named = (name: string) => {
        @Entity(name)
        class Row {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 9 }) document!: string
            @AutoSequenceColumn({ ...way.options, uniqueWith: "document" }) number!: number
        }
        return Row
    }
    const entities = ["line", "path", "money", "interval"].map(named)
    const dataSource = tables(entities)

    it("are numbered as others are", async () => {
        for (const entity of entities) {
            const rows = dataSource().getRepository(entity)
            const saved = await rows.save([{ document: "a" }, { document: "b" }, { document: "a" }])
            expect(saved.map(({ number }) => number)).to.eql([1, 1, 2])
            await expectNext(rows, { document: "a" }, [1, 2, 3], way)
        }
    })
})
