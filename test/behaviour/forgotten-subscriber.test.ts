import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, AutoSequenceSubscriber, NotInstalledError, PseudoKey } from "../../src"
import { dialectOf } from "../../src/dialects"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { storedNumbers } from "../support/stored"

onEachCell("A data source without the subscriber", ({ way, database }) => {
    @Entity()
    class Parcel {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", nullable: true }) note?: string | null
        @AutoSequenceColumn(way.options) number!: number
    }

    @Entity()
    class Label {
        @PrimaryGeneratedColumn() id!: number
        @PseudoKey() publicId!: string
    }

    @EventSubscriber()
    class OwnNumbers implements EntitySubscriberInterface<Parcel> {
        listenTo() {
            return Parcel
        }
        async beforeInsert({ entity }: InsertEvent<Parcel>): Promise<void> {
            await Promise.resolve()
            if (entity.note === "own") entity.number = 7
        }
    }

    let dataSource: DataSource
    beforeEach(async () => {
        const { options } = await database().connect([Parcel, Label])
        const subscribers = [OwnNumbers]
        dataSource = new DataSource({ ...options, subscribers, synchronize: false })
        await dataSource.initialize()
    })
    afterEach(() => dataSource.destroy())

    async function expectRefusal(work: Promise<unknown>, place: string): Promise<void> {
        const refused = await rejection(work)
        expect(refused).to.be.instanceOf(NotInstalledError)
        expect((refused as Error).message)
            .to.match(new RegExp(`^${place} has no value, .* no AutoSequenceSubscriber`))
            .and.include("withAutoSequence(options)")
    }

    it("is told so where a row has no number", async () => {
        const parcels = dataSource.getRepository(Parcel)
        const { trigger } = dialectOf(dataSource)!
        if (way.isInDatabase && !trigger?.leavesOutAsNull) {
            await parcels.save({})
            await parcels.insert({})
            return expect(await storedNumbers(parcels)).to.eql([1, 2])
        }
        const parcel = parcels.create({})
        await expectRefusal(parcels.save(parcel), "Parcel.number")
        await expectRefusal(parcels.save([{ number: 1 }, {}]), "Parcel.number")
        await expectRefusal(parcels.insert({}), "Parcel.number")
        await expectRefusal(
            parcels.createQueryBuilder().insert().values([{}, {}]).execute(),
            "Parcel.number",
        )
        expect(await storedNumbers(parcels)).to.eql([])

        dataSource.subscribers.push(new AutoSequenceSubscriber())
        expect((await parcels.save(parcel)).number).to.equal(1)
        expect((await parcels.save({})).number).to.equal(2)
    })

    it("is told so where a row has no key", async () => {
        const labels = dataSource.getRepository(Label)
        await expectRefusal(labels.save({}), "Label.publicId")
        await expectRefusal(labels.insert({}), "Label.publicId")
        await labels.save({ publicId: "given" })
        expect(await labels.countBy({ publicId: "given" })).to.equal(1)
    })

    it("takes numbers that somebody else sets, and changes rows", async () => {
        const parcels = dataSource.getRepository(Parcel)
        const set = await parcels.save({ number: 5 })
        const own = await parcels.save({ note: "own" })
        expect([set.number, own.number]).to.eql([5, 7])
        await parcels.save({ id: set.id, note: "changed" })
        await parcels.save({ ...own, note: "changed" })
        expect(await parcels.countBy({ note: "changed" })).to.equal(2)
        expect(await storedNumbers(parcels)).to.eql([5, 7])
    })
})
