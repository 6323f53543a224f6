import { expect } from "chai"
import { Column, Entity, type FindOptionsWhere, PrimaryColumn } from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { onEachCell } from "../support/matrix"

onEachCell("Drafts whose primary keys drivers read as objects", ({ way, tables }) => {
    @Entity()
    class Visit {
        @PrimaryColumn({ type: "date" }) day!: string
        @PrimaryColumn({ type: Date, precision: 3 }) at!: Date
        @Column({ default: "draft" }) status!: string
        @AutoSequenceColumn({ ...way.options, when: { status: "final" } }) number!: number | null
    }

    const dataSource = tables([Visit])
    const visits = () => dataSource().getRepository(Visit)
    /** A millisecond apart. */
    const drafts = () =>
        visits().save(
            [0, 1, 2].map((ms) =>
                visits().create({
                    day: "2026-05-05",
                    at: new Date(Date.UTC(2026, 4, 5, 12, 0, 0, ms)),
                }),
            ),
        )
    const stored = async () =>
        (await visits().find({ order: { at: "ASC" } })).map(({ number }) => number)

    it("show each its own number", async () => {
        const [first, second, third] = (await drafts()) as [Visit, Visit, Visit]
        second.status = "final"
        await visits().save([first, second, third])
        expect([first, second, third].map(({ number }) => number ?? null)).to.eql([null, 1, null])
        for (const draft of [first, third]) draft.status = "final"
        await visits().save([first, second, third])
        expect([first, second, third].map(({ number }) => number)).to.eql([2, 1, 3])
        expect(await stored()).to.eql([2, 1, 3])
    })

    it("are all numbered by an UPDATE of several", async () => {
        await drafts()
        const all: FindOptionsWhere<Visit> = { day: "2026-05-05" }
        await dataSource().transaction((manager) => manager.update(Visit, all, { status: "final" }))
        expect([...(await stored())].sort()).to.eql([1, 2, 3])
        const [next] = await drafts().then(([row]) =>
            visits().save([{ ...row, day: "2026-05-06", status: "final" } as Visit]),
        )
        expect(next).to.include({ number: 4 })
    })
})
