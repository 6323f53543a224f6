import { setImmediate } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect } from "chai"
import { BeforeInsert, BeforeUpdate, Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { Signal } from "../support/waiting"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

@Entity()
class Parcel {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 10, default: "draft" }) status!: string
    // No transaction is needed to number it.
    @AutoSequenceColumn({ strategy: "counter", gapless: false, when: { status: "sent" } })
    number!: number | null
    @PseudoKey<Parcel>({ derive: ({ status }) => status }) key!: string
    weighed?: Promise<void>

    @BeforeInsert()
    @BeforeUpdate()
    weigh(): Promise<void> | undefined {
        return this.weighed
    }
}

onEveryDatabase("Listeners of calls without a transaction", (database) => {
    it("may wait while others' transactions end", async () => {
        const dataSource = await database().connect([Parcel])
        const parcels = dataSource.getRepository(Parcel)
        const scales = new Signal()
        const sent = { status: "sent", weighed: scales.promise }
        const draft = await parcels.save(parcels.create())
        const inserted = Object.assign(parcels.create(), sent)
        const finalised = Object.assign(draft, sent)
        const waiting = [parcels.insert(inserted), parcels.save(finalised, { transaction: false })]
        for (const number of [1, 2, 3])
            expect((await parcels.save({ status: "sent" })).number).to.equal(number)
        scales.send()
        await Promise.all(waiting)
        const last = await parcels.save({ status: "sent" })
        const shown = [inserted, finalised].map(({ id, number, key }) => ({ id, number, key }))
        expect(shown.map(({ number }) => number)).to.have.members([4, 5])
        expect(last.number).to.equal(6)
        const stored = await parcels.find({ order: { number: "ASC" } })
        expect(stored.map(({ number }) => number)).to.eql([1, 2, 3, 4, 5, 6])
        for (const one of shown) expect(stored.find(({ id }) => id === one.id)).to.include(one)
    })

    it("leave nothing of their rows when they fail", async () => {
        const dataSource = await database().connect([Parcel])
        const parcels = dataSource.getRepository(Parcel)
        const row = await (async () => {
            const weighed = Promise.reject(new Error("too heavy"))
            const one = Object.assign(parcels.create({ status: "sent", key: "first" }), {
                weighed,
            })
            await rejection(parcels.insert(one))
            return new WeakRef(one)
        })()
        await parcels.save({ status: "sent" })
        // What was looked at in this turn is kept until its end.
        await setImmediate()
        collectGarbage()
        expect(row.deref()).to.equal(undefined)
        expect((await parcels.save({ status: "sent" })).number).to.equal(2)
    })
})
