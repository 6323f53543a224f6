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

        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) branch!: string
            @Column({ type: "date" }) sentOn!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "branch",
                period: { of: "sentOn", by: "year" },
            })
            sequence!: number
            @DocumentNumber({ of: "sequence", format: "{branch}-{YYYY}{MM}-{000}" }) number!: string
        }

        const dataSource = tables([Note, Letter])

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

        it("show the date where the period stays", async () => {
            const letters = dataSource().getRepository(Letter)
            const series = seriesOf(dataSource(), Letter, "sequence")
            const letter = await letters.save({ branch: "A", sentOn: "2026-05-05" })
            const move = async (set: object) =>
                (await series.move(dataSource(), letter.id, { set })).number
            expect(await move({ branch: "B" })).to.equal("B-202605-001")
            expect(await move({ branch: "C", sentOn: "2026-06-06" })).to.equal("C-202606-001")
            // It keeps its number, and so its text.
            expect(await move({ sentOn: "2026-07-07" })).to.equal("C-202606-001")
            expect(await move({ sentOn: "2027-07-07" })).to.equal("C-202707-001")
        })
    },
    ({ isGapless }) => isGapless,
)
