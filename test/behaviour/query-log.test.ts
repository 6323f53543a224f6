import { expect } from "chai"
import type { Logger } from "typeorm"
import {
    AfterInsert,
    BeforeInsert,
    Check,
    Column,
    Entity,
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { expectUnnumbered, numbersOf } from "../support/rows"
import { expectNext } from "../support/stored"

/** All that the query log is told. */
class Recorder implements Logger {
    readonly queries: { readonly sql: string; readonly parameters: readonly unknown[] }[] = []
    logQuery(sql: string, parameters: readonly unknown[] = []): void {
        this.queries.push({ sql, parameters })
    }
    logQueryError(_error: string | Error, sql: string, parameters: readonly unknown[] = []): void {
        this.queries.push({ sql, parameters })
    }
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}

onEachCell("What others see of a number", ({ way, tables }) => {
    const { options } = way
    /** The numbers that listeners have found on rows. */
    const seen = { before: [] as unknown[], after: [] as unknown[] }

    @Entity()
    class Depot {
        @PrimaryGeneratedColumn() id!: number
        @OneToMany(() => Parcel, (parcel) => parcel.depot, { cascade: true })
        parcels!: Relation<Parcel>[]
    }

    @Entity()
    @Check(`"weight" > 0`)
    class Parcel {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Depot, (depot) => depot.parcels, { nullable: true })
        depot!: Relation<Depot> | null
        @Column({ type: "int", default: 7_000_000 }) weight!: number
        @Column({ type: "varchar", length: 50, nullable: true, unique: true })
        label!: string | null
        @AutoSequenceColumn({ ...options, uniqueWith: "depot", startAt: 4000 }) number!: number

        @BeforeInsert() before() {
            seen.before.push(this.number)
        }
        @AfterInsert() after() {
            seen.after.push(this.number)
        }
    }

    @EventSubscriber()
    class Audit implements EntitySubscriberInterface<Parcel> {
        listenTo() {
            return Parcel
        }
        async beforeInsert({ entity }: InsertEvent<Parcel>) {
            seen.before.push(entity.number)
            await new Promise((resolve) => setImmediate(resolve))
            seen.before.push(entity.number)
        }
        afterInsert({ entity }: InsertEvent<Parcel>) {
            seen.after.push(entity.number)
        }
    }

    const logger = new Recorder()
    const dataSource = tables([Depot, Parcel], { logger, subscribers: [Audit] })
    const parcels = () => dataSource().getRepository(Parcel)
    beforeEach(() => {
        logger.queries.length = seen.before.length = seen.after.length = 0
    })

    /** INSERTs of parcels; their parameters are what they store, and no placeholder is anywhere. */
    function expectNoPlaceholders(): void {
        expect(logger.queries).not.to.eql([])
        for (const { sql, parameters } of logger.queries) {
            expect(sql).not.to.contain("/*#")
            for (const value of parameters)
                expect(String(value)).not.to.match(/placeholder|#|\u0000|pending/i)
        }
        const inserts = logger.queries.filter(({ sql }) => /^INSERT INTO \S*parcel/i.test(sql))
        expect(inserts).not.to.eql([])
        for (const { sql, parameters } of inserts)
            for (const value of parameters) {
                expect(value, sql).not.to.be.oneOf(["function", "symbol"])
                expect(["string", "number", "object"], sql).to.include(typeof value)
            }
    }

    const expectReal = (numbers: readonly unknown[], isThere: boolean) => {
        for (const number of numbers)
            if (isThere) expect(number).to.be.within(4000, 4100)
            else expect(number).to.be.oneOf([undefined, null])
    }

    it("is the number, or nothing yet: save(), arrays and cascades", async () => {
        await parcels().save(parcels().create([{ depot: null }, { depot: null }]))
        const depot = await dataSource()
            .getRepository(Depot)
            .save({ parcels: [parcels().create(), parcels().create()] })
        expect(numbersOf(depot.parcels)).to.eql([4000, 4001])
        expectNoPlaceholders()
        expect(seen.before).to.have.length(12)
        expectReal(seen.before, false)
        expect(seen.after).to.have.length(8)
        expectReal(seen.after, true)
        await expectNext(parcels(), { depot: { id: depot.id } }, [4000, 4001, 4002])
        await expectNext(parcels(), { depot: null }, [4000, 4001, 4002])
    })

    it("is nothing on rows that could not be stored", async () => {
        await parcels().save(parcels().create({ depot: null, label: "A" }))
        const rows = parcels().create([{ depot: null }, { depot: null, label: "A" }])
        const error = await rejection(parcels().save(rows))
        expect(error.name).to.equal("QueryFailedError")
        expect(JSON.stringify(error)).not.to.contain("/*#")
        expectUnnumbered(rows)
        for (const row of rows)
            expect(Object.values(row)).to.satisfy((values: unknown[]) =>
                values.every((value) => !["function", "symbol"].includes(typeof value)),
            )
        expectNoPlaceholders()
        expectReal(seen.before, false)
        await expectNext(parcels(), { depot: null }, [4000, 4001], way)
    })

    it("is the number where the rows were given to insert()", async () => {
        const rows = parcels().create([{ depot: null }, { depot: null }])
        await dataSource().transaction((manager) => manager.insert(Parcel, rows))
        expect(numbersOf(rows)).to.eql([4000, 4001])
        expectNoPlaceholders()
        await expectNext(parcels(), { depot: null }, [4000, 4001, 4002])
    })
})
