import { join } from "node:path"
import { expect } from "chai"
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    autoSequenceEntities,
    NotInstalledError,
    seriesOf,
    verifyAutoSequence,
    withAutoSequence,
} from "../src"
import { onEveryDatabase } from "./support/databases"
import { expectRejects, expectUnwritten } from "./support/errors"
import { storedCounters, storedNumbers } from "./support/stored"

const SOURCES = join(__dirname, "..", "src")

describe("The entities of the library", () => {
    it("have names, by which frameworks tell entities apart", () => {
        const names = autoSequenceEntities.map((entity) => (entity as { name?: string }).name)
        expect(names).to.eql([
            "AutoSequenceCounter",
            "AutoSequenceKey",
            "AutoSequenceEvent",
            "AutoSequenceSeries",
        ])
    })
})

onEveryDatabase("A data source that a framework makes", (database) => {
    @Entity()
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20 }) area!: string
        @AutoSequenceColumn({ uniqueWith: "area" }) number!: number
    }

    @Entity()
    class Parcel {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy: "counter" }) number!: number
    }

    const made: DataSource[] = []
    afterEach(async () => {
        for (const dataSource of made.splice(0))
            if (dataSource.isInitialized) await dataSource.destroy()
    })

    /** Options without the library, of an empty place. */
    async function plainOptions(entities: unknown[]): Promise<DataSourceOptions> {
        const { options } = await database().connect([])
        return copied(options, { entities, subscribers: [], synchronize: true }, isOwn)
    }

    function make(options: DataSourceOptions): DataSource {
        const dataSource = new DataSource(options)
        made.push(dataSource)
        return dataSource
    }

    const wrapped = async () =>
        withAutoSequence(await plainOptions([Letter]), { strategy: "counter" })

    async function expectNumbered(dataSource: DataSource): Promise<void> {
        await verifyAutoSequence(dataSource)
        const letters = dataSource.getRepository(Letter)
        const saved = await letters.save([{ area: "a" }, { area: "b" }, { area: "a" }])
        expect(saved.map(({ number }) => number)).to.eql([1, 1, 2])
        expect((await storedCounters(dataSource)).map(({ last }) => last)).to.eql(["2", "1"])
    }

    it("keeps the strategy where the options are copied by their keys", async () => {
        const options = copied(copied(await wrapped(), { logging: false }), { extra: {} })
        await expectNumbered(await make(options).initialize())
    })

    it("says what has become of the tables where the entities are replaced", async () => {
        const options = copied(await wrapped(), { entities: [Letter] })
        const dataSource = await make(options).initialize()
        const text = "something has replaced the entities since, as frameworks do."
        await expectRejects(verifyAutoSequence(dataSource), NotInstalledError, text)
        const letters = dataSource.getRepository(Letter)
        await expectRejects(letters.save({ area: "a" }), NotInstalledError, text)
        expect(await storedNumbers(letters)).to.eql([])

        const entities = [Letter, ...autoSequenceEntities]
        await expectNumbered(await make(copied(options, { entities })).initialize())
    })

    it("says what has become of the subscriber where the subscribers are replaced", async () => {
        const options = copied(await wrapped(), { subscribers: [] })
        const dataSource = await make(options).initialize()
        const text = "something has replaced the subscribers since, as frameworks do."
        await expectRejects(verifyAutoSequence(dataSource), NotInstalledError, text)
        const letters = dataSource.getRepository(Letter)
        await expectUnwritten(letters, () => letters.save({ area: "a" }), NotInstalledError, text)
        const series = seriesOf(dataSource, Letter, "number")
        await expectRejects(
            dataSource.transaction((manager) => series.assign(manager, { id: 1 } as Letter)),
            NotInstalledError,
            text,
        )
    })

    it("is numbered where it is there already, and not yet initialized", async () => {
        const dataSource = make(await plainOptions([Letter]))
        dataSource.setOptions(withAutoSequence(dataSource.options, { strategy: "counter" }))
        await expectNumbered(await dataSource.initialize())
    })

    it("has to be initialized anew where it is so already, and says so", async () => {
        const dataSource = await make(await plainOptions([Letter])).initialize()
        dataSource.setOptions(withAutoSequence(dataSource.options, { strategy: "counter" }))
        const text =
            "Its options name the subscriber, but were set after initialize(), which had already read them."
        // Elsewhere it refuses the strategy first, which the data source still has.
        if (database().can.tableLock)
            await expectRejects(verifyAutoSequence(dataSource), NotInstalledError, text)
        const letters = dataSource.getRepository(Letter)
        await expectRejects(letters.save({ area: "a" }), NotInstalledError, text)
        expect(await storedNumbers(letters)).to.eql([])

        await dataSource.destroy()
        await expectNumbered(await dataSource.initialize())
    })

    it("is numbered where entities and subscribers are named by files alone", async () => {
        const options = await plainOptions([])
        const files = {
            entities: [Parcel, join(SOURCES, "tables", "entities.ts")],
            subscribers: [join(SOURCES, "subscriber.ts")],
        }
        const dataSource = await make(copied(options, files)).initialize()
        await verifyAutoSequence(dataSource)
        const saved = await dataSource.getRepository(Parcel).save([{}, {}])
        expect(saved.map(({ number }) => number)).to.eql([1, 2])
        expect((await storedCounters(dataSource)).map(({ last }) => last)).to.eql(["2"])
    })
})

const isOwn = (key: string) => key.startsWith("typeorm-autosequence")

/** As Vendure and typeorm-extension copy options: no symbols. */
function copied(
    options: DataSourceOptions,
    more: object,
    isLeftOut: (key: string) => boolean = () => false,
): DataSourceOptions {
    const kept = Object.keys(options).filter((key) => !isLeftOut(key))
    const copy = Object.fromEntries(kept.map((key) => [key, options[key as keyof typeof options]]))
    return { ...copy, ...more } as DataSourceOptions
}
