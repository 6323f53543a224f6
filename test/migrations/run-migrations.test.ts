import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type MigrationInterface,
    PrimaryGeneratedColumn,
    type QueryRunner,
} from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    InvalidOptionError,
    MigrationLockedError,
    runMigrations,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { Signal } from "../support/waiting"
import { changeEntities, classOf, expectUpToDate } from "./migrate"

function tickets(isNumbered: boolean) {
    @Entity("ticket")
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int" }) areaId!: number
        number!: number
    }
    if (isNumbered)
        AutoSequenceColumn({ strategy: "counter", uniqueWith: "areaId" })(
            Ticket.prototype,
            "number",
        )
    return Ticket
}

onEveryDatabase("runMigrations", (database) => {
    const connect = async () => {
        const before = await database().connect([tickets(false)])
        await before.getRepository("Ticket").insert([1, 2, 1].map((areaId) => ({ areaId })))
        return before
    }
    const numbersOf = async (dataSource: DataSource) => {
        const rows = await dataSource.getRepository("Ticket").find({ order: { id: "ASC" } })
        return rows.map(({ number }) => Number(number))
    }

    it("runs what is left once, for replicas that start at the same time", async () => {
        const before = await connect()
        const changed = await changeEntities(database(), before, [tickets(true)])
        const migration = (await generateMigration(changed))!
        const begun = new Signal()
        const generated = classOf(migration)
        class Slow implements MigrationInterface {
            readonly name = "Slow1767225600000"
            private static running = 0
            async up(queryRunner: QueryRunner): Promise<void> {
                expect(++Slow.running).to.equal(1)
                begun.send()
                await new generated().up(queryRunner)
                // As many statements of others as there are may come between.
                for (let at = 0; at < 5; at++) await queryRunner.query("SELECT 1")
                Slow.running--
            }
            async down(): Promise<void> {}
        }
        const replica = () =>
            changeEntities(database(), changed, [tickets(true)], { migrations: [Slow] })
        const { parallel } = database().can
        const replicas = [await replica(), ...(parallel ? [await replica(), await replica()] : [])]
        const [first, ...others] = replicas as [DataSource, ...DataSource[]]
        const running = runMigrations(first)
        await begun.promise
        if (parallel) {
            const late = await rejection(runMigrations(others[0]!, { waitSeconds: 0 }))
            expect(late).to.be.instanceOf(MigrationLockedError)
        }
        const ran = await Promise.all([running, ...others.map((one) => runMigrations(one))])
        expect(ran).to.eql([["Slow1767225600000"], ...others.map(() => [])])
        expect(await numbersOf(first)).to.eql([1, 1, 2])
        expect(await runMigrations(first)).to.eql([])
        await expectUpToDate(first)
        await first.getRepository("Ticket").save({ areaId: 1 })
        expect(await numbersOf(first)).to.eql([1, 1, 2, 3])
    })

    it("releases the lock when a migration fails in the middle, and what is generated anew does the rest", async () => {
        const before = await connect()
        const changed = await changeEntities(database(), before, [tickets(true)])
        const migration = (await generateMigration(changed))!
        const middle = Math.floor(migration.up.length / 2)
        class Failing implements MigrationInterface {
            readonly name = "Failing1767225600000"
            async up(queryRunner: QueryRunner): Promise<void> {
                for (const { sql, parameters } of migration.up.slice(0, middle))
                    await queryRunner.query(sql ?? "", parameters as unknown[])
                throw new Error("in the middle")
            }
            async down(): Promise<void> {}
        }
        const failing = await changeEntities(database(), changed, [tickets(true)], {
            migrations: [Failing],
        })
        expect(await rejection(runMigrations(failing))).to.include({ message: "in the middle" })

        const anew = (await generateMigration(changed))!
        const rest = await changeEntities(database(), changed, [tickets(true)], {
            migrations: [classOf(anew)],
        })
        expect(await runMigrations(rest, { waitSeconds: 0 })).to.eql([anew.name])
        expect(await numbersOf(rest)).to.eql([1, 1, 2])
        await expectUpToDate(rest)
        await rest.getRepository("Ticket").save({ areaId: 2 })
        expect(await numbersOf(rest)).to.eql([1, 1, 2, 2])

        for (const wrong of [{ waitSeconds: -1 }, { transaction: "some" }, { wait: 1 }])
            expect(await rejection(runMigrations(rest, wrong as never))).to.be.instanceOf(
                InvalidOptionError,
            )
    })
})
