import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DuplicateRowsError,
    PseudoKey,
    type Strategy,
    UnknownOrderError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase, type TestDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { SUPPORTED } from "../support/strategies"
import { changeEntities, expectUpToDate, shapeOf } from "./migrate"

type Number = AutoSequenceColumnOptions | "varchar" | "zero"

/** Letters of an application before and after it numbers them. */
function entities(number?: Number, more: { hasKeys?: boolean; isUuid?: boolean } = {}) {
    @Entity("office")
    class Office {
        @PrimaryGeneratedColumn() id!: number
    }

    @Entity("letter")
    class Letter {
        id!: number | string
        @ManyToOne(() => Office, { nullable: true }) office!: Office | null
        @Column() title!: string
        number?: number | null
        publicId?: string
        slug?: string
    }
    const { prototype } = Letter
    if (more.isUuid) PrimaryColumn({ type: "varchar", length: 36 })(prototype, "id")
    else PrimaryGeneratedColumn()(prototype, "id")
    if (number === "varchar") Column({ type: "varchar", nullable: true })(prototype, "number")
    else if (number === "zero") Column({ type: "int", default: 0 })(prototype, "number")
    else if (number) AutoSequenceColumn(number)(prototype, "number")
    if (more.hasKeys) {
        PseudoKey({ prefix: "let" })(prototype, "publicId")
        PseudoKey({ case: "keep", derive: ({ title }: Letter) => title })(prototype, "slug")
    }
    return [Office, Letter]
}

const TITLES = ["a", "b", "a", "b", "a"]

async function fill(
    dataSource: DataSource,
    row: (at: number) => object = () => ({}),
): Promise<void> {
    const [one, two] = await dataSource.getRepository("Office").save([{}, {}])
    const offices = [one, two, one, null, one]
    for (const [at, title] of TITLES.entries())
        await dataSource.getRepository("Letter").insert({ office: offices[at], title, ...row(at) })
}

async function rowsOf(dataSource: DataSource) {
    return dataSource.getRepository("Letter").find({ order: { id: "ASC" } })
}

function strategiesOf({ kind }: TestDatabase): Strategy[] {
    const all = Object.keys(SUPPORTED) as Strategy[]
    return all.filter((strategy) => SUPPORTED[strategy][kind] === true)
}

onEveryDatabase("synchronize() of a table with rows", (db) => {
    const synchronize = (before: DataSource, after: ReturnType<typeof entities>) =>
        changeEntities(db(), before, after, { synchronize: true })

    it("numbers them in each scope by primary key, and the next ones after them", async () => {
        for (const strategy of strategiesOf(db())) {
            const before = await db().connect(entities())
            await fill(before)
            const options = { strategy, uniqueWith: "office", startAt: 10 }
            const dataSource = await synchronize(before, entities(options))
            const numbers = async () => (await rowsOf(dataSource)).map(({ number }) => number)
            expect(await numbers()).to.eql([10, 10, 11, 10, 12])
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)

            const letters = dataSource.getRepository("Letter")
            const saved = await letters.save({ office: { id: 1 }, title: "c" })
            expect(saved.number).to.equal(13)
            await dataSource.synchronize()
            expect(await numbers()).to.eql([10, 10, 11, 10, 12, 13])
        }
    })

    it("gives them keys", async () => {
        const before = await db().connect(entities())
        await fill(before)
        const after = entities({ strategy: "counter" }, { hasKeys: true })
        const dataSource = await synchronize(before, after)
        const rows = await rowsOf(dataSource)
        expect(rows.map(({ slug }) => slug)).to.eql(["a", "b", "a-2", "b-2", "a-3"])
        for (const { publicId } of rows) expect(publicId).to.match(/^let_.{21}$/)
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        const saved = await dataSource.getRepository("Letter").save({ title: "a" })
        expect(saved).to.include({ number: 6, slug: "a-4" })
    })

    it("numbers them where rows may be without a number later", async () => {
        const before = await db().connect(entities())
        await fill(before)
        const after = entities({ strategy: "counter", nullable: true })
        const dataSource = await synchronize(before, after)
        expect((await rowsOf(dataSource)).map(({ number }) => number)).to.eql([1, 2, 3, 4, 5])
        const letters = dataSource.getRepository("Letter")
        expect((await letters.save({ title: "c", number: null })).number).to.equal(null)
        await dataSource.synchronize()
        expect((await letters.save({ title: "c" })).number).to.equal(6)
        expect((await rowsOf(dataSource)).map(({ number }) => number)).to.eql([
            ...[1, 2, 3, 4, 5, null, 6],
        ])
        await expectUpToDate(dataSource)
    })

    it("keeps the numbers of a column of another type, and goes on after them", async () => {
        const before = await db().connect(entities("varchar"))
        await fill(before, (at) => ({ number: at < 3 ? String(5001 + at) : null }))
        const dataSource = await synchronize(before, entities({ strategy: "counter" }))
        expect((await rowsOf(dataSource)).map(({ number }) => number)).to.eql([
            5001, 5002, 5003, 5004, 5005,
        ])
        await expectUpToDate(dataSource)
        const saved = await dataSource.getRepository("Letter").save({ title: "c" })
        expect(saved.number).to.equal(5006)
    })

    it("says what to do where nothing tells their order, or rows have one number", async () => {
        for (const [number, after, error, text] of [
            [undefined, { isUuid: true }, UnknownOrderError, /migration:generate\)\.$/],
            ["zero", {}, DuplicateRowsError, /--renumber/],
        ] as const) {
            const before = await db().connect(entities(number, after))
            await fill(before, (at) => (number ? {} : { id: `key ${at}` }))
            const shape = await shapeOf(before, "Letter")
            const refused = await rejection(
                synchronize(before, entities({ strategy: "counter" }, after)),
            )
            expect(refused).to.be.instanceOf(error)
            expect((refused as Error).message).to.match(text)
            expect(await shapeOf(before, "Letter")).to.eql(shape)
        }
    })
})
