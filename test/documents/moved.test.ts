import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, seriesOf } from "../../src"
import { onEachCell } from "../support/matrix"

onEachCell(
    "Texts of rows that move",
    ({ way: { options }, tables }) => {
        @Entity()
        class Note {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) branch!: string
            @AutoSequenceColumn({ ...options, uniqueWith: "branch" }) sequence!: number
            @DocumentNumber({ of: "sequence", format: "{branch}-{000}" }) number!: string
        }

        const dataSource = tables([Note])

        it("show the new scope, also where the number happens to be the same", async () => {
            const notes = dataSource().getRepository(Note)
            const note = await notes.save({ branch: "A" })
            const moved = await seriesOf(dataSource(), Note, "sequence").move(dataSource(), note, {
                set: { branch: "B" },
            })
            expect(moved).to.include({ sequence: 1, number: "B-001" })
            expect(note.number).to.equal("B-001")
            expect(await notes.find()).to.eql([moved])
            expect((await notes.save({ branch: "B" })).number).to.equal("B-002")
        })
    },
    ({ isGapless }) => isGapless,
)
