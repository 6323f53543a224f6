import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"
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

onEachCell("Tables and columns that have names of one letter", ({ way, tables }) => {
    const named = (name: string, columnName: string) => {
        @Entity(name)
        class Row {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 9, name: columnName }) document!: string
            @AutoSequenceColumn({ ...way.options, uniqueWith: "document" }) number!: number
            @PseudoKey({ derive: () => "row" }) slug!: string
        }
        return Row
    }
    const letters = ["c", "k", "r", "s", "t", "w"]
    const entities = letters.map((letter, at) => named(letter, letters.at(at - 1)!))
    const same = letters.map((letter) => named(`rows_${letter}`, letter))
    const dataSource = tables([...entities, ...same])

    it("are numbered and get their keys as others", async () => {
        for (const entity of [...entities, ...same]) {
            const rows = dataSource().getRepository(entity)
            const saved = await rows.save([{ document: "a" }, { document: "b" }, { document: "a" }])
            expect(saved.map(({ number }) => number)).to.eql([1, 1, 2])
            expect(saved.map(({ slug }) => slug)).to.have.members(["row", "row-2", "row-3"])
            await expectNext(rows, { document: "a" }, [1, 2, 3], way)
        }
    })
})
