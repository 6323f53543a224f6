import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn, type Repository } from "typeorm"
import {
    AutoSequenceColumn,
    NumberOverflowError,
    ReadOnlyNumberError,
    UnknownScopeError,
} from "../../src"
import { expectRejects } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { MAX_INT } from "../support/numbered-entities"

onEachCell("Errors about a number", ({ way, tables }) => {
    const hasSeries = way.options.strategy !== "table-lock"
    @Entity({ name: "paid_bill" })
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @Column({ name: "branch_code", type: "varchar", length: 20 }) branch!: string
        @AutoSequenceColumn({ ...way.options, name: "seq_no", uniqueWith: "branch" }) seq!: number
    }
    @Entity({ name: "sent_note" })
    class Note {
        @PrimaryGeneratedColumn() id!: number
        @Column({ name: "branch_code", type: "varchar", length: 20 }) branch!: string
        @AutoSequenceColumn({
            ...way.options,
            ...(hasSeries && { series: "notes" }),
            name: "seq_no",
            uniqueWith: "branch",
        })
        seq!: number
    }
    const dataSource = tables([Bill, Note])

    for (const [entity, place] of [
        [Bill, "Bill.seq "],
        [Note, hasSeries ? "Note.seq (series notes) " : "Note.seq "],
    ] as const)
        it(`name the property: ${place}`, async () => {
            const rows: Repository<Bill> = dataSource().getRepository<Bill>(entity)
            const stored = async () => {
                const all = await rows.find({ order: { branch: "ASC", seq: "ASC" } })
                return all.map(({ branch, seq }) => `${branch}${seq}`)
            }
            const branch = "a"
            const { id } = await rows.save({ branch })
            await rows.save({ branch: "b" })
            await expectRejects(rows.update(id, { seq: 7 }), ReadOnlyNumberError, place)
            await expectRejects(rows.update(id, { branch: "b" }), ReadOnlyNumberError, place)
            await expectRejects(rows.save({}), UnknownScopeError, place.trim(), "branch")
            await rows.save({ branch })
            await rows.save({ branch, seq: MAX_INT })
            await expectRejects(
                rows.save({ branch }),
                NumberOverflowError,
                `${place}can't hold `,
                `its largest number is ${MAX_INT}. Use type "bigint".`,
            )
            await rows.save({ branch: "b" })
            expect(await stored()).to.eql(["a1", "a2", `a${MAX_INT}`, "b1", "b2"])
        })
})
