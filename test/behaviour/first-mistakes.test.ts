import { expect } from "chai"
import { BeforeInsert, Column, type DataSource, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    findByPseudoKey,
    installAutoSequence,
    NotInstalledError,
    PseudoKey,
    UnknownScopeError,
} from "../../src"
import { expectRejects } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { expectNext, storedNumbers } from "../support/stored"
import { tableName } from "../support/typeorm"
import { isTypeORM1, tellsUnprepared } from "../support/typeorm-version"

onEachCell("A scope that a listener sets", ({ way, tables }) => {
    class Room {
        @PrimaryGeneratedColumn() id!: number
        @BeforeInsert() fill() {
            Object.assign(this, { house: Reflect.get(this, "house") ?? "main" })
        }
    }
    @Entity()
    class Office extends Room {
        @Column({ type: "varchar", length: 20, nullable: true }) house!: string | null
        @AutoSequenceColumn({ ...way.options, uniqueWith: "house" }) number!: number
    }
    @Entity()
    class Cellar extends Room {
        @Column({ length: 20, default: "other" }) house!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "house" }) number!: number
    }
    @Entity()
    class Attic extends Room {
        @Column({ length: 20 }) house!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "house" }) number!: number
    }
    const dataSource = tables([Office, Cellar, Attic])

    for (const entity of [Office, Cellar, Attic])
        it(`is missed in a plain object: ${entity.name}`, async () => {
            const rooms = dataSource().getRepository<Office | Cellar | Attic>(entity)
            const refusal = [
                UnknownScopeError,
                `The scope of ${entity.name}.number can't be known before the insert: house is not set, and `,
                `TypeORM does not call ${entity.name}.fill (@BeforeInsert)`,
            ] as const
            await rooms.save(rooms.create())
            await dataSource().transaction(async (manager) => {
                await manager.insert(entity, rooms.create())
            })
            await expectRejects(rooms.save({}), ...refusal)
            await expectRejects(rooms.save([rooms.create(), {}]), ...refusal)
            const transaction = (values: object[]) =>
                dataSource().transaction((manager) =>
                    manager.createQueryBuilder().insert().into(entity).values(values).execute(),
                )
            await expectRejects(transaction([{}]), ...refusal)
            await expectRejects(transaction([{ house: "main" }, {}]), ...refusal)
            await transaction([{ house: "main" }, rooms.create()])
            await rooms.save({ house: "other" })
            await expectNext(rooms, { house: "other" }, [1, 2], way)
            await expectNext(rooms, { house: "main" }, [1, 2, 3, 4, 5], way)
        })

    it("is NULL where that was set", async () => {
        const offices = dataSource().getRepository(Office)
        expect((await offices.save({ house: null })).number).to.equal(1)
    })
})

onEachCell("A database that knows nothing of numbers yet", ({ way, can, database }) => {
    @Entity("crate")
    class Before {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20 }) city!: string
        @Column({ type: "varchar", length: 60, nullable: true }) publicId?: string
    }
    @Entity("crate")
    class Crate {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20 }) city!: string
        @AutoSequenceColumn({ ...way.options, uniqueWith: "city" }) number!: number
    }
    @Entity("crate")
    class Keyed {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20 }) city!: string
        @PseudoKey({ history: true }) publicId!: string
    }

    /** A data source on the table that was there before. */
    async function after(entity: typeof Crate | typeof Keyed): Promise<DataSource> {
        await database().connect([Before])
        return database().connect([entity], { fresh: false, synchronize: false })
    }

    // TypeORM 0.3 doesn't wait for the name of such an error on MySQL, where there is no transaction.
    const namesAlone = isTypeORM1 || can.partialIndexes

    it("is told to run a migration where it saves", async () => {
        const dataSource = await after(Crate)
        const crates = dataSource.getRepository(Crate)
        const row = { city: "Oslo" }
        const problem =
            /^(There is no table .*autosequence_counter|The table \S*crate. has no column number, which Crate\.number)/
        for (const attempt of [
            () => crates.save({ ...row }),
            () => dataSource.transaction((manager) => manager.insert(Crate, { ...row })),
            ...(namesAlone ? [() => crates.find()] : []),
        ]) {
            const error = await attempt().catch((refused: unknown) => refused)
            expect(error).to.be.instanceOf(NotInstalledError)
            expect((error as Error).message)
                .to.match(problem)
                .and.include("migration:generate")
        }
        await installAutoSequence(dataSource)
        await crates.save({ ...row })
        await expectNext(crates, row, [1, 2])
    })

    if (tellsUnprepared)
        it("is not told so of a column that may be another table's", async () => {
            const dataSource = await after(Crate)
            const table = tableName(dataSource.getMetadata(Crate))
            const of = (tables: string) =>
                dataSource.query(`SELECT number FROM ${tables}`).catch((error: unknown) => error)
            expect(await of(table)).to.be.instanceOf(NotInstalledError)
            const joined = await of(`${table} a JOIN ${table} b ON a.id = b.id`)
            expect(joined).to.be.instanceOf(Error)
            expect(joined).not.to.be.instanceOf(NotInstalledError)
        })

    it("is told so of what its numbers have got since", async () => {
        @Entity("box")
        class Counted {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) day!: string
            @AutoSequenceColumn(way.options) number!: number
        }
        @Entity("box")
        class Dated {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) day!: string
            @AutoSequenceColumn({ ...way.options, period: { of: "day", by: "month" } })
            number!: number
        }
        @Entity("box")
        class Shown {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) day!: string
            @AutoSequenceColumn(way.options) number!: number
            @DocumentNumber({ of: "number", format: "B-{0}" }) text!: string
        }
        await database().connect([Counted])
        for (const [entity, column] of [
            [Dated, "numberPeriod"],
            [Shown, "text"],
        ] as const) {
            const dataSource = await database().connect([entity], {
                fresh: false,
                synchronize: false,
            })
            const saving = dataSource
                .getRepository<Dated | Shown>(entity)
                .save({ day: "2026-05-05" })
            const problem = `has no column ${column}, which ${entity.name}.${column} is kept in`
            await expectRejects(saving, NotInstalledError, problem)
        }
    })

    it("is told so where it keeps a history of keys", async () => {
        const dataSource = await after(Keyed)
        const rows = dataSource.getRepository(Keyed)
        const problem = [NotInstalledError, "There is no table ", "autosequence_key"] as const
        await expectRejects(rows.save({ city: "Oslo" }), ...problem)
        const find = () => findByPseudoKey(dataSource.manager, Keyed, "V1StGXR8Z5jdHi6BmyT2c")
        if (namesAlone) await expectRejects(find(), ...problem)
        await installAutoSequence(dataSource)
        const { publicId } = await rows.save({ city: "Oslo" })
        expect(await findByPseudoKey(dataSource.manager, Keyed, publicId)).to.include({ publicId })
    })
})

onEachCell(
    "Drafts whose trigger is missing",
    ({ way, can, database }) => {
        @Entity()
        class Bill {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 20, default: "draft" }) status!: string
            @AutoSequenceColumn({ ...way.options, when: { status: Not("draft") } })
            number!: number | null
        }

        it("are refused when they are final", async () => {
            const dataSource = await database().connect([Bill])
            const bills = dataSource.getRepository(Bill)
            const triggers: { name: string }[] = await dataSource.query(
                can.partialIndexes
                    ? `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = '${tableName(bills.metadata)}'::regclass AND NOT tgisinternal`
                    : "SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND event_object_table = 'bill'",
            )
            expect(triggers).not.to.eql([])
            for (const { name } of triggers)
                await dataSource.query(
                    `DROP TRIGGER ${name}${can.partialIndexes ? ` ON ${tableName(bills.metadata)}` : ""}`,
                )
            const draft = await bills.save(bills.create())
            const problem = [
                NotInstalledError,
                "Bill.number got no number from the database",
            ] as const
            await expectRejects(bills.save({ status: "final" }), ...problem)
            await expectRejects(bills.save({ ...draft, status: "final" }), ...problem)
            await installAutoSequence(dataSource)
            expect((await bills.save({ ...draft, status: "final" })).number).to.equal(1)
            expect((await bills.save({ status: "final" })).number).to.equal(2)
            expect(await storedNumbers(bills)).to.eql([1, 2])
        })
    },
    ({ isInDatabase }) => isInDatabase,
)
