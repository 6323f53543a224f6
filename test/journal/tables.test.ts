import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    installAutoSequence,
    NotInstalledError,
    ReadOnlyJournalError,
    verifyAutoSequence,
} from "../../src"
import { changeEntities, expectUpToDate, migrate } from "../migrations/migrate"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { tableName } from "../support/typeorm"

@Entity("receipt")
class Plain {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter" }) number!: number
}

@Entity("receipt")
class Kept {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter", deletable: false }) number!: number
}

@Entity("receipt")
class WithSettings {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter", settings: true }) number!: number
}

@Entity("note")
class Note {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) text!: string
}

const journalOf = (dataSource: DataSource) => tableName(dataSource.getMetadata("AutoSequenceEvent"))

const hasTable = async (dataSource: DataSource, table: string) => {
    const runner = dataSource.createQueryRunner()
    try {
        return await runner.hasTable(
            dataSource.getMetadata(
                table === "autosequence_event" ? "AutoSequenceEvent" : "AutoSequenceSeries",
            ).tablePath,
        )
    } finally {
        await runner.release()
    }
}

onEveryDatabase("The tables of journal and settings", (database) => {
    const addEvent = (dataSource: DataSource) => {
        const id = /sql/.test(dataSource.options.type) && dataSource.options.type !== "postgres"
        const q = (name: string) => dataSource.driver.escape(name)
        const columns = ["series", "scope", "kind", "first", "last", "made_at"].map(q)
        return dataSource.query(
            id
                ? `INSERT INTO ${journalOf(dataSource)} (id, ${columns.join(", ")}) VALUES (1, 's', 'v1:', 'void', 1, 1, '2026-01-01 00:00:00')`
                : `INSERT INTO ${journalOf(dataSource)} (${columns.join(", ")}) VALUES ('s', 'v1:', 'void', 1, 1, '2026-01-01 00:00:00')`,
        )
    }
    const tryToChange = (dataSource: DataSource) => [
        () => dataSource.query(`UPDATE ${journalOf(dataSource)} SET kind = 'skip'`),
        () => dataSource.query(`DELETE FROM ${journalOf(dataSource)}`),
        ...(dataSource.options.type === "postgres"
            ? [() => dataSource.query(`TRUNCATE ${journalOf(dataSource)}`)]
            : []),
    ]
    const expectAppendOnly = async (dataSource: DataSource) => {
        await addEvent(dataSource)
        for (const attempt of tryToChange(dataSource)) {
            const error = await rejection(attempt())
            expect(error.message).to.include("only ever added to")
        }
        const [row] = await dataSource.query<{ kind: string }[]>(
            `SELECT kind FROM ${journalOf(dataSource)}`,
        )
        expect(row?.kind).to.equal("void")
    }

    it("are there only where a number needs them", async () => {
        const plain = await database().connect([Plain])
        expect(await hasTable(plain, "autosequence_event")).to.equal(false)
        expect(await hasTable(plain, "autosequence_series")).to.equal(false)
        await installAutoSequence(plain)
        await expectUpToDate(plain)
        const kept = await database().connect([Kept])
        expect(await hasTable(kept, "autosequence_event")).to.equal(true)
        expect(await hasTable(kept, "autosequence_series")).to.equal(false)
        await installAutoSequence(kept)
        await expectUpToDate(kept)
        const settings = await database().connect([WithSettings])
        expect(await hasTable(settings, "autosequence_event")).to.equal(true)
        expect(await hasTable(settings, "autosequence_series")).to.equal(true)
        await installAutoSequence(settings)
        await expectUpToDate(settings)
    })

    it("are made by synchronize(), and rows of the journal are only ever added", async () => {
        const dataSource = await database().connect([WithSettings])
        await verifyAutoSequence(dataSource)
        await expectAppendOnly(dataSource)
        await dataSource.synchronize()
        await expectAppendOnlyStill(dataSource)
    })

    const expectAppendOnlyStill = async (dataSource: DataSource) => {
        for (const attempt of tryToChange(dataSource))
            expect((await rejection(attempt())).message).to.include("only ever added to")
    }

    it("are made by a migration, and dropped by its way back", async () => {
        const before = await database().connect([Plain])
        const { dataSource, migration } = await migrate(database(), before, [WithSettings])
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        await expectAppendOnly(dataSource)
        await dataSource.undoLastMigration()
        expect(await hasTable(dataSource, "autosequence_event")).to.equal(false)
        expect(await hasTable(dataSource, "autosequence_series")).to.equal(false)
        const again = await generateMigration(dataSource)
        expect(again?.up.map(({ sql }) => sql)).to.eql(migration.up.map(({ sql }) => sql))
    })

    it("are made by the installation", async () => {
        const before = await database().connect([Plain])
        const dataSource = await changeEntities(database(), before, [WithSettings, Note])
        const missing = await rejection(verifyAutoSequence(dataSource))
        expect(missing).to.be.instanceOf(NotInstalledError)
        expect(missing.message).to.include("autosequence_event").and.include("autosequence_series")
        await installAutoSequence(dataSource)
        await expectAppendOnly(dataSource)
    })

    it("are looked after: a trigger that is gone is found and made again", async () => {
        const dataSource = await database().connect([Kept])
        const runner = dataSource.createQueryRunner()
        const found: { name: string }[] = await dataSource.query(
            dataSource.options.type === "postgres"
                ? `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = '${journalOf(dataSource)}'::regclass AND NOT tgisinternal`
                : dataSource.options.type === "mariadb"
                  ? "SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
                  : "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        )
        await runner.release()
        const [{ name }] = found as [{ name: string }]
        const on = dataSource.options.type === "postgres" ? ` ON ${journalOf(dataSource)}` : ""
        await dataSource.query(`DROP TRIGGER ${name}${on}`)
        const missing = await rejection(verifyAutoSequence(dataSource))
        expect(missing.message).to.include(name).and.include("could be changed")
        await installAutoSequence(dataSource)
        await verifyAutoSequence(dataSource)
        await expectAppendOnly(dataSource)
    })

    it("says by a type of its own that the journal is only ever added to", async () => {
        const dataSource = await database().connect([Kept])
        await addEvent(dataSource)
        await dataSource
            .transaction(async (manager) => {
                await manager.getRepository(Kept).save({})
                const error = await rejection(
                    manager.query(`UPDATE ${journalOf(dataSource)} SET kind = ''`),
                )
                expect(error).to.be.instanceOf(ReadOnlyJournalError)
            })
            .catch((error: Error) => {
                // On PostgreSQL the transaction is over by then.
                if (error.name === "AssertionError") throw error
            })
    })
})
