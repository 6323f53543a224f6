import { expect } from "chai"
import {
    Column,
    CreateDateColumn,
    type DataSource,
    Entity,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    DuplicateRowsError,
    generateMigration,
    installAutoSequence,
    InvalidOptionError,
    UnknownOrderError,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

interface Traits {
    readonly key: "uuid" | "bigint" | "pair"
    readonly isDated?: boolean
    readonly isNumbered?: boolean
}

/** Memos whose rows came in the order of `place`. */
function memos({ key, isDated, isNumbered }: Traits) {
    @Entity("memo")
    class Memo {
        id!: unknown
        other?: number
        createdAt?: Date
        @Column({ type: "int" }) place!: number
        number?: number
    }
    const { prototype } = Memo
    if (key === "uuid") PrimaryGeneratedColumn("uuid")(prototype, "id")
    else PrimaryColumn({ type: "bigint" })(prototype, "id")
    if (key === "pair") PrimaryColumn({ type: "int" })(prototype, "other")
    if (isDated) CreateDateColumn()(prototype, "createdAt")
    if (isNumbered) AutoSequenceColumn({ strategy: "counter" })(prototype, "number")
    else Column({ type: "int", default: 0 })(prototype, "number")
    return Memo
}

const UUIDS = ["d", "2", "f", "1", "c", "3"].map((c) => `${c}0000000-0000-4000-8000-000000000000`)

async function fill(dataSource: DataSource, { key, isDated }: Traits, numbers: number[] = []) {
    for (const [place, uuid] of UUIDS.entries())
        await dataSource.getRepository("Memo").insert({
            id: key === "uuid" ? uuid : place + 1,
            place,
            ...(key === "pair" ? { other: 9 - place } : {}),
            ...(isDated ? { createdAt: new Date(Date.UTC(2026, 0, 1 + place)) } : {}),
            number: numbers[place] ?? 0,
        })
}

async function numbersOf(dataSource: DataSource): Promise<number[]> {
    const rows = await dataSource.getRepository("Memo").find({ order: { place: "ASC" } })
    return rows.map(({ number }) => Number(number))
}

onEveryDatabase("the order in which a migration numbers rows", (db) => {
    it("is that of integers as primary key, or else of the @CreateDateColumn", async () => {
        for (const traits of [
            { key: "bigint" },
            { key: "uuid", isDated: true },
            { key: "pair", isDated: true },
        ] as const) {
            const before = await db().connect([memos(traits)])
            await fill(before, traits)
            const after = memos({ ...traits, isNumbered: true })
            const { dataSource } = await migrate(db(), before, [after], { renumber: true })
            expect(await numbersOf(dataSource)).to.eql([1, 2, 3, 4, 5, 6])
            await expectUpToDate(dataSource)
        }
    })

    it("is asked for where neither tells it", async () => {
        for (const key of ["uuid", "pair"] as const) {
            const before = await db().connect([memos({ key })])
            await fill(before, { key })
            await before
                .createQueryRunner()
                .dropColumn(before.getMetadata("Memo").tablePath, "number")
            const after = memos({ key, isNumbered: true })
            const changed = await changeEntities(db(), before, [after])
            for (const attempt of [generateMigration, installAutoSequence]) {
                const error = (await rejection(attempt(changed))) as UnknownOrderError
                expect(error).to.be.instanceOf(UnknownOrderError)
                expect(error.code).to.equal("UNKNOWN_ORDER")
                expect(error.message).to.match(
                    /^Memo\.number: the order of the rows .* --order-by Memo\.id\.$/,
                )
            }
            const { dataSource } = await migrate(db(), changed, [after], {
                orderBy: { Memo: "place" },
            })
            expect(await numbersOf(dataSource)).to.eql([1, 2, 3, 4, 5, 6])
            await expectUpToDate(dataSource)
            const [saved] = await dataSource
                .getRepository(after)
                .save([{ id: key === "uuid" ? undefined : 9, other: 9, place: 6 }])
            expect(saved?.number).to.equal(7)
        }
    })

    it("is asked for by a migration before there are rows, and not by an installation", async () => {
        const entities = [memos({ key: "uuid", isNumbered: true })]
        const before = await db().connect([memos({ key: "uuid" })])
        await before.createQueryRunner().dropColumn(before.getMetadata("Memo").tablePath, "number")
        const changed = await changeEntities(db(), before, entities)
        expect(await rejection(generateMigration(changed))).to.be.instanceOf(UnknownOrderError)
        await installAutoSequence(changed)
        await expectUpToDate(changed)
    })

    it("names the entities and properties that there are where it names others", async () => {
        const dataSource = await db().connect([memos({ key: "bigint", isNumbered: true })])
        for (const [orderBy, message] of [
            [{ Note: "id" }, /"Note", which .* It has .*Memo/],
            [{ memo: "id" }, /"memo", which .* The entity of the table memo is Memo\.$/],
            [{ Memo: "issued" }, /"issued", which .* of Memo\. It has .*place.*\.$/],
        ] as const) {
            const error = await rejection(generateMigration(dataSource, { orderBy }))
            expect(error).to.be.instanceOf(InvalidOptionError)
            expect(error.message).to.match(message)
        }
    })
})

onEveryDatabase("rows with 0 as their number", (db) => {
    it("are numbered on demand, after those that have one, and only once", async () => {
        const before = await db().connect([memos({ key: "bigint" })])
        await fill(before, { key: "bigint" }, [0, 40, 0, 0, 7])
        const after = memos({ key: "bigint", isNumbered: true })
        const changed = await changeEntities(db(), before, [after])
        const error = await rejection(generateMigration(changed))
        expect(error).to.be.instanceOf(DuplicateRowsError)
        expect(error.message).to.match(/numbers the rows whose number is NULL; with --renumber/)

        const { dataSource } = await migrate(db(), changed, [after], { renumber: true })
        expect(await numbersOf(dataSource)).to.eql([41, 40, 42, 43, 7, 44])
        expect(await generateMigration(dataSource, { renumber: true })).to.equal(undefined)
        expect((await dataSource.getRepository(after).save({ id: 7, place: 6 })).number).to.equal(
            45,
        )
    })
})
