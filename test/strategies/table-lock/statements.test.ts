import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, NumberOverflowError } from "../../../src"
import { watchConnections } from "../../support/connections"
import { onEachDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"

@Entity("parcel")
class Parcel {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) depot!: number | null
    @AutoSequenceColumn({ uniqueWith: "depot", startAt: 7, incrementBy: 5 }) number!: number
}

@Entity("rate")
class Rate {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "numeric", precision: 5, scale: 1 }) percent!: string
    @AutoSequenceColumn({ uniqueWith: "percent" }) number!: number
}

@Entity("few")
class Few {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ startAt: 2 ** 31 - 2 }) number!: number
}

onEachDatabase("What is sent to number one row", (database) => {
    /** The first words of what some work sends. */
    async function sentBy(dataSource: DataSource, work: () => Promise<unknown>): Promise<string[]> {
        const { statements } = watchConnections(dataSource)
        const from = statements.length
        await work()
        return statements.slice(from).map((sql) => /^\w+/.exec(sql)?.[0] ?? sql)
    }
    const numbersOf = async (dataSource: DataSource, entity: new () => { number: number }) =>
        (await dataSource.getRepository(entity).find({ order: { id: "ASC" } as object })).map(
            ({ number }) => number,
        )

    it("is the lock, and an INSERT that reads the highest number itself", async () => {
        const dataSource = await database().connect([Parcel])
        const parcels = dataSource.getRepository(Parcel)
        const save = (depot: number | null) => () => parcels.save({ depot })
        const one = ["START", "LOCK", "WITH", "COMMIT"]
        for (const depot of [1, null, 1, 2, null])
            expect(await sentBy(dataSource, save(depot))).to.eql(one)
        expect(await numbersOf(dataSource, Parcel)).to.eql([7, 7, 12, 7, 12])
    })

    it("is the INSERT alone where the transaction has locked the table, and after a savepoint as well", async () => {
        const dataSource = await database().connect([Parcel])
        const sent = await sentBy(dataSource, () =>
            dataSource.transaction(async (manager) => {
                await manager.save(Parcel, { depot: 1 })
                await manager.transaction((nested) => nested.save(Parcel, { depot: 1 }))
                await rejection(
                    manager.transaction(async (nested) => {
                        await nested.save(Parcel, { depot: 1 })
                        throw new Error("no")
                    }),
                )
                await manager.save(Parcel, { depot: 1 })
            }),
        )
        expect(sent.filter((word) => ["LOCK", "SELECT", "WITH"].includes(word))).to.eql([
            ...["LOCK", "WITH", "WITH", "WITH", "WITH"],
        ])
        expect(await numbersOf(dataSource, Parcel)).to.eql([7, 12, 17])
    })

    it("has a SELECT where the transaction has read before, which is asked for its isolation level", async () => {
        const dataSource = await database().connect([Parcel])
        const sent = await sentBy(dataSource, () =>
            dataSource.transaction(async (manager) => {
                await manager.query("SELECT 1")
                await manager.save(Parcel, { depot: 1 })
            }),
        )
        expect(sent).to.eql(["START", "SELECT", "LOCK", "SELECT", "INSERT", "COMMIT"])
        await dataSource.getRepository(Parcel).save({ depot: 1 })
        expect(await numbersOf(dataSource, Parcel)).to.eql([7, 12])
    })

    it("has one where the column of the scope rounds, so that its value may be another scope's", async () => {
        const dataSource = await database().connect([Rate])
        for (const percent of ["1.24", "1.2", "1.16"])
            expect(
                await sentBy(dataSource, () => dataSource.getRepository(Rate).save({ percent })),
            ).to.eql(["START", "LOCK", "SELECT", "INSERT", "COMMIT"])
        expect(await numbersOf(dataSource, Rate)).to.eql([1, 2, 3])
    })

    it("tells that no number is left, and goes on when one is", async () => {
        const dataSource = await database().connect([Few])
        const few = dataSource.getRepository(Few)
        await few.save({})
        await few.save({})
        const refused = few.create({})
        expect(await rejection(few.save(refused))).to.be.instanceOf(NumberOverflowError)
        expect(refused.number).to.equal(undefined)
        await few.delete({ number: 2 ** 31 - 1 })
        expect((await few.save(refused)).number).to.equal(2 ** 31 - 1)
        expect(await numbersOf(dataSource, Few)).to.eql([2 ** 31 - 2, 2 ** 31 - 1])
    })
})
