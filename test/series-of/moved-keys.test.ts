import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    findByPseudoKey,
    PseudoKey,
    seriesOf,
    UnsupportedError,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

interface Keyed {
    project: string
    number: number
}

onEachCell("Keys that are made of the number of a row that moves", ({ way, tables }) => {
    const after = way.options.strategy === "trigger" ? "insert" : undefined

    @Entity()
    class Task {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 9 }) project!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "project" }) number!: number
        @PseudoKey({
            prefix: "t",
            derive: (row: Keyed) => `${row.number}`,
            pattern: /^\d+$/,
            after,
        })
        key!: string
        @PseudoKey({ derive: (row: Keyed) => `T${row.number}`, nullable: true, after })
        code!: string | null
    }

    @Entity()
    class Issue {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 9 }) project!: string
        @Column({ length: 9, default: "" }) board!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "project" }) number!: number
        @PseudoKey({
            derive: (row: Keyed) => `${row.project}-${row.number}`,
            uniqueWith: [],
            history: true,
            after,
        })
        key!: string
    }

    @Entity()
    class Note {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 9 }) project!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "project" }) number!: number
        @PseudoKey({ uniqueWith: "project", history: true }) key!: string
    }

    const dataSource = tables([Task, Issue, Note])
    const stored = async () =>
        (
            await dataSource()
                .getRepository(Task)
                .find({ order: { id: "ASC" } })
        ).map(({ project, number, key, code }) => `${project}${number} ${key} ${code}`)
    const start = async () => {
        const tasks = dataSource().getRepository(Task)
        const projects = ["A", "A", "A", "B", "B"]
        const saved = await tasks.save(projects.map((project) => tasks.create({ project })))
        return saved[1] as Task
    }
    const move = (row: Task, project: string, manager = dataSource().manager) =>
        seriesOf(dataSource(), Task, "number").move(manager, row, { set: { project } })

    it("are made anew, and are in nobody's way", async () => {
        const row = await start()
        const moved = await move(row, "B")
        const expected = { project: "B", number: 3, key: "t_3", code: "T3" }
        expect(row).to.include(expected)
        expect(moved).to.include(expected)
        await dataSource().getRepository(Task).save({ project: "B" })
        expect(await stored()).to.eql([
            ...["A1 t_1 T1", "B3 t_3 T3", "A3 t_3 T3"],
            ...["B1 t_1 T1", "B2 t_2 T2", "B4 t_4 T4"],
        ])
    })

    it("stay where the row does, and where the caller has set them", async () => {
        const row = await start()
        await dataSource()
            .getRepository(Task)
            .save(Object.assign(row, { code: "mine" }))
        await move(row, "A")
        expect(row).to.include({ number: 2, key: "t_2", code: "mine" })
        await move(row, "B")
        expect(row).to.include({ number: 3, key: "t_3", code: "mine" })
        expect((await stored())[1]).to.equal("B3 t_3 mine")
    })

    it("are what they were after a rollback", async () => {
        const row = await start()
        const before = await stored()
        await rolledBack(dataSource(), async (manager) => {
            await move(row, "B", manager)
            expect(row).to.include({ number: 3, key: "t_3", code: "T3" })
        })
        expect(row).to.include({ number: 2, key: "t_2", code: "T2" })
        expect(await stored()).to.eql(before)
    })

    it(
        way.isReusing
            ? "are refused where they have a history, and the number would be given again"
            : "go on leading to the row where they have a history",
        async () => {
            const issues = dataSource().getRepository(Issue)
            const row = await issues.save(issues.create({ project: "A" }))
            const numbers = seriesOf(dataSource(), Issue, "number")
            const attempt = numbers.move(dataSource().manager, row, { set: { project: "B" } })
            if (way.isReusing) expect(await rejection(attempt)).to.be.instanceOf(UnsupportedError)
            else await attempt
            for (const key of way.isReusing ? ["A-1"] : ["A-1", "B-1"])
                expect((await findByPseudoKey(issues, key))?.id, key).to.equal(row.id)
            expect(await issues.save({ project: "A" })).to.include({ number: 2, key: "A-2" })
        },
    )

    it("are refused where their history would stay behind, and nothing is written", async () => {
        const notes = dataSource().getRepository(Note)
        const row = await notes.save(notes.create({ project: "A" }))
        const numbers = seriesOf(dataSource(), Note, "number")
        const attempt = numbers.move(dataSource().manager, row, { set: { project: "B" } })
        expect(await rejection(attempt)).to.be.instanceOf(UnsupportedError)
        expect(await notes.find()).to.eql([row])
        expect((await notes.save({ project: "B" })).number).to.equal(1)
    })
})
