import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    type EntityTarget,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    TableIndex,
} from "typeorm"
import {
    diagnose,
    type Diagnosis,
    type DiagnosisLine,
    installAutoSequence,
    NotInstalledError,
    resyncCounters,
    verifyAutoSequence,
} from "../../src"
import { seriesOf } from "../../src/series/resolve-series"
import { isInRange } from "../../src/typeorm/version/version-range"
import { changeEntities, migrate } from "../migrations/migrate"
import { onEveryDatabase, onOnePostgres, type TestDatabase } from "../support/databases"
import { expectRejects, rejection } from "../support/errors"
import { newRole, dropRoles, lettersAndWriter } from "../strategies/trigger/roles"
import { application, Company, Invoice, Posting, Receipt, Slip, Ticket } from "./application"

@Entity("plain")
class Plain {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) amount!: number
}

/** What is worth a look, as `! check text`. */
async function foundIn(dataSource: DataSource): Promise<DiagnosisLine[]> {
    const { lines, problems, warnings, ...head } = await diagnose(dataSource)
    expect(head.format).to.equal(1)
    const found = lines.filter(({ status }) => status !== "ok")
    expect(problems + warnings).to.equal(found.length)
    return found
}

const shown = (lines: readonly DiagnosisLine[]) =>
    lines.map(({ status, check, text }) => `${status}: ${check}: ${text}`)

async function expectFine(dataSource: DataSource): Promise<readonly DiagnosisLine[]> {
    const { lines, problems, warnings } = await diagnose(dataSource)
    expect(shown(lines.filter(({ status }) => status !== "ok"))).to.eql([])
    expect([problems, warnings]).to.eql([0, 0])
    return lines
}

/** One line, about this. */
async function expectFound(
    dataSource: DataSource,
    status: DiagnosisLine["status"],
    check: string,
    ...parts: readonly (string | RegExp)[]
): Promise<DiagnosisLine> {
    const found = await foundIn(dataSource)
    expect(shown(found), check).to.have.lengthOf(1)
    const [line] = found as [DiagnosisLine]
    expect([line.status, line.check]).to.eql([status, check])
    for (const part of parts)
        if (typeof part === "string") expect(line.text).to.include(part)
        else expect(line.text).to.match(part)
    return line
}

/** Rows of all entities. */
async function fill(dataSource: DataSource): Promise<void> {
    const has = (entity: EntityTarget<ObjectLiteral>) => dataSource.hasMetadata(entity)
    const company = await dataSource.manager.save(Company, { name: "Acme" })
    await dataSource.manager.save(Invoice, [
        { company, status: "final", issuedOn: "2026-02-01" },
        { company },
        { company, status: "final", issuedOn: "2025-02-01" },
    ])
    await dataSource.manager.save(Ticket, [{}, {}])
    await dataSource.manager.save(Posting, [{}, {}])
    if (has(Slip)) await dataSource.manager.save(Slip, [{}, {}])
    if (has(Receipt)) await dataSource.manager.save(Receipt, [{ desk: 1, day: "2026-01-01" }])
}

const tableOf = (dataSource: DataSource, entity: EntityTarget<ObjectLiteral>) =>
    dataSource
        .getMetadata(entity)
        .tablePath.split(".")
        .map((part) => dataSource.driver.escape(part))
        .join(".")

onEveryDatabase("diagnose", (db) => {
    const APPLICATION = () => application(db().can)

    it("finds nothing wrong after a migration, nor when there are rows", async () => {
        const { dataSource } = await migrate(db(), await db().connect([]), APPLICATION())
        const lines = await expectFine(dataSource)
        const checks = lines.map(({ check }) => check)
        expect(checks).to.include.members(["versions", "migrations", "tables", "counters"])
        expect(checks).to.include.members(["indexes", "keys", "names", "rights", "server"])
        await fill(dataSource)
        await expectFine(dataSource)
    })

    it("calls nothing fine that belongs to tables that don't exist", async () => {
        const dataSource = await db().connect(APPLICATION(), { synchronize: false })
        const { lines } = await diagnose(dataSource)
        const fine = lines.filter(({ status }) => status === "ok").map(({ check }) => check)
        expect(fine).to.include("data source")
        for (const check of ["tables", "indexes", "keys", "triggers", "counters", "rights"])
            expect(fine, check).to.not.include(check)
    })

    it("finds nothing wrong after synchronize and after installAutoSequence, and writes nothing", async () => {
        const dataSource = await db().connect(APPLICATION(), { synchronize: false })
        await dataSource.synchronize()
        if (!db().can.parallel) await expectFine(dataSource)
        for (const entity of ["AutoSequenceCounter", "AutoSequenceKey", "AutoSequenceEvent"])
            await dataSource.query(`DROP TABLE ${tableOf(dataSource, entity)}`)
        const missing = await foundIn(dataSource)
        expect(shown(missing).join()).to.include("There is no table").and.include("counters")
        for (const { check, remedy, text } of missing)
            expect(remedy, `${check}: ${text}`).to.equal(
                "npx typeorm-autosequence migration:generate -d <data source> <path>",
            )
        await installAutoSequence(dataSource)
        await fill(dataSource)
        await expectFine(dataSource)
        expect(await dataSource.getRepository("AutoSequenceCounter").count()).to.be.greaterThan(2)
    })

    it("finds what was broken since, one after the other, and nothing when it is mended", async () => {
        const dataSource = await db().connect(APPLICATION())
        await fill(dataSource)
        const counters = tableOf(dataSource, "AutoSequenceCounter")
        const { driver } = dataSource
        const series = driver.escape("series")
        await dataSource.query(`DELETE FROM ${counters} WHERE ${series} LIKE '%invoice.sequence'`)
        const behind = await expectFound(
            dataSource,
            "problem",
            "counters",
            "Invoice.sequence: a counter is missing, or behind the rows of its scope.",
        )
        expect(behind.remedy).to.equal("npx typeorm-autosequence resync -d <data source>")
        expect(await diagnose(dataSource, { counters: false })).to.include({ problems: 0 })
        expect(await resyncCounters(dataSource)).to.have.lengthOf(1)
        await expectFine(dataSource)
        await fill(dataSource)
        expect(await numbersOf(dataSource)).to.eql(["2025:1,1", "2026:1,1"])

        const runner = dataSource.createQueryRunner()
        const { tablePath, indices } = dataSource.getMetadata(Ticket)
        await runner.dropIndex(tablePath, indices[0]!.name)
        await expectFound(dataSource, "problem", "indexes", "no unique index over number")
        await installAutoSequence(dataSource)
        await runner.release()

        await dataSource.query(
            `UPDATE ${counters} SET ${series} = 'gone.number' WHERE ${series} LIKE '%ticket.number'`,
        )
        const [renamed] = await foundIn(dataSource)
        expect(renamed).to.include({ status: "problem", check: "names" })
        await dataSource.query(
            `UPDATE ${counters} SET ${series} = '${seriesOf(dataSource.getMetadata(Ticket))[0]!.name}' WHERE ${series} = 'gone.number'`,
        )
        await dataSource.getRepository("AutoSequenceCounter").insert({
            series: "gone.number",
            scope: "v1:",
            last: "1",
            movedBy: "1",
            movedAt: new Date(),
        })
        await expectFound(dataSource, "warning", "names", "counters of gone.number")
        await dataSource.query(`DELETE FROM ${counters} WHERE ${series} = 'gone.number'`)

        const other = await changeEntities(db(), dataSource, APPLICATION(), {
            counterTable: { name: "other_counter" },
        })
        const moved = shown(await foundIn(other)).join("\n")
        expect(moved).to.include("There is no table").and.include("other_counter")
        expect(moved).to.match(/warning: names: There is a table .*autosequence_counter/)
        await expectFine(dataSource)
    })

    it("names migrations that have not run, and writes none of them", async () => {
        const before = await db().connect([Ticket])
        class One1700000000001 {
            name = "Named1700000000001"
            async up() {}
            async down() {}
        }
        class Two1700000000002 {
            async up() {}
            async down() {}
        }
        const dataSource = await changeEntities(db(), before, [Ticket], {
            migrations: [Two1700000000002, One1700000000001],
            migrationsTableName: "done_migrations",
        })
        const text = "2 migrations have not run: Named1700000000001, Two1700000000002."
        const line = await expectFound(dataSource, "problem", "migrations", text)
        expect(line.remedy).to.equal("npx typeorm-autosequence migrate -d <data source>")
        const { tablePath, indices } = dataSource.getMetadata(Ticket)
        const index = indices[0]!
        const runner = dataSource.createQueryRunner()
        await runner.dropIndex(tablePath, index.name)
        const remedies = (await foundIn(dataSource)).map(({ check, remedy }) => [check, remedy])
        expect(remedies).to.eql([
            ["migrations", line.remedy],
            ["indexes", line.remedy],
        ])
        await runner.createIndex(tablePath, TableIndex.create(index))
        expect(await runner.hasTable("done_migrations")).to.equal(false)
        await runner.release()
        await dataSource.runMigrations()
        await expectFine(dataSource)
    })

    it("tells where no entity was loaded, and where none has a number or a key", async () => {
        const whole = await db().connect([Ticket, Posting])
        const text = (check: string, { lines }: Diagnosis) =>
            lines.find((line) => line.check === check)?.text
        const fine = await diagnose(whole)
        expect(text("counters", fine)).to.match(/^none of \d series is behind its rows$/)
        const empty = await changeEntities(db(), whole, [])
        await expectFound(empty, "warning", "data source", "no entities of yours")
        const sequenceAlone = await changeEntities(db(), whole, [Plain])
        expect(text("data source", await diagnose(sequenceAlone))).to.equal(
            "0 columns with numbers, 0 with keys",
        )
        const { options } = whole
        const bare = { ...options, entities: [Plain], subscribers: [], synchronize: false }
        const dataSource = await new DataSource(bare).initialize()
        try {
            await expectFound(dataSource, "warning", "data source", "No column of the entities")
        } finally {
            await dataSource.destroy()
        }
    })

    it("resolves for options that do not work, and rejects where nobody can be asked", async () => {
        const dataSource = await db().connect([Ticket])
        const wrong = { counters: "no" } as unknown as { counters: boolean }
        await expect(diagnose(dataSource, wrong)).to.be.rejectedWith("counters")
        const aborted = { signal: AbortSignal.abort(new Error("enough")) }
        await expect(diagnose(dataSource, aborted)).to.be.rejectedWith("enough")
        await dataSource.destroy()
        await expectRejects(diagnose(dataSource), NotInstalledError, "initialize()")
    })
})

async function numbersOf(dataSource: DataSource): Promise<string[]> {
    const rows = await dataSource.getRepository(Invoice).find({ order: { id: "ASC" } })
    const numbered = rows.filter(({ sequence }) => sequence !== null)
    const years = [...new Set(numbered.map(({ issuedOn }) => issuedOn!.slice(0, 4)))].sort()
    return years.map((year) => {
        const own = numbered.filter(({ issuedOn }) => issuedOn!.startsWith(year))
        return `${year}:${own.map(({ sequence }) => sequence).join()}`
    })
}

onEveryDatabase(
    "diagnose, on a server,",
    (db) => {
        /** With one connection, whose settings are those of the session. */
        async function withSettings(...settings: string[]): Promise<DataSource> {
            const owner = await db().connect(application(db().can))
            const dataSource = await changeEntities(db(), owner, application(db().can), {
                connections: 1,
            })
            for (const sql of settings) await dataSource.query(sql)
            return dataSource
        }

        it("finds triggers that are missing, and settings of the session", async () => {
            const isPostgres = db().kind === "postgres"
            const dataSource = await withSettings(
                isPostgres
                    ? "SET default_transaction_isolation = 'repeatable read'"
                    : "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            )
            const isolation = await expectFound(dataSource, "warning", "server", "Transactions are")
            expect(isolation.remedy).to.match(/read committed'$|REPEATABLE READ$/)
            await dataSource.query(
                isPostgres ? "SET default_transaction_read_only = on" : "SET SESSION sql_mode = ''",
            )
            const texts = shown(await foundIn(dataSource)).join("\n")
            expect(texts).to.include(
                isPostgres ? "problem: server: Transactions are read-only" : "",
            )
            expect(texts).to.include(isPostgres ? "" : "warning: server: sql_mode is not strict")
            await dataSource.query(
                isPostgres ? "SET default_transaction_read_only = off" : "SELECT 1",
            )
            if (!isPostgres) {
                const gone = `gone_${process.pid}`
                await dataSource.query(`CREATE USER ${gone}`)
                await dataSource.query(
                    `CREATE DEFINER = ${gone} TRIGGER own_trigger BEFORE DELETE ON receipt FOR EACH ROW SET @x = 1`,
                )
                await dataSource.query(`DROP USER ${gone}`)
                const lines = await foundIn(dataSource)
                expect(shown(lines).join()).to.match(
                    /problem: triggers: .* gone_\d+@%, a user that/,
                )
            }
            await dropTriggers(dataSource)
            const [missing] = (await foundIn(dataSource)).filter(
                ({ check }) => check === "triggers",
            )
            expect(missing!.text).to.match(/The trigger .* is missing: rows get no number\.$/)
            expect(missing!.remedy).to.include("migration:generate")
        })

        it("compares the pool with what the server gives, and with the numbers that are taken ahead", async () => {
            const owner = await db().connect([Ticket])
            const large = await changeEntities(db(), owner, [Ticket], { connections: 100_000 })
            const lines = await foundIn(large)
            expect(lines.map(({ check }) => check)).to.eql(["connections", "connections"])
            expect(shown(lines).join("\n"))
                .to.include("100000 connections in the pool, and 1 that takes numbers ahead")
                .and.include("Set cache to 100000 or more")
            const { lines: usual } = await diagnose(owner)
            const { text } = usual.find(({ check }) => check === "connections")!
            expect(text).to.match(
                /^10 connections in the pool, and 1 that takes numbers ahead; the server allows \d+$/,
            )
        })
    },
    ({ parallel }) => parallel,
)

async function dropTriggers(dataSource: DataSource): Promise<void> {
    const isPostgres = dataSource.options.type === "postgres"
    const table = tableOf(dataSource, Receipt)
    const rows = (await dataSource.query(
        isPostgres
            ? `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = '${table}'::regclass AND NOT tgisinternal`
            : "SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'receipt'",
    )) as { name: string }[]
    expect(rows).not.to.eql([])
    for (const { name } of rows)
        await dataSource.query(
            isPostgres ? `DROP TRIGGER "${name}" ON ${table}` : `DROP TRIGGER \`${name}\``,
        )
}

onEveryDatabase(
    "diagnose, for a user with few rights,",
    (db) => {
        it("names the rights that the strategies in use take", async () => {
            const entities = application(db().can)
            const owner = await db().connect(entities)
            await fill(owner)
            const user = await newUser(db(), owner)
            try {
                await user.grantAll(owner, ["AutoSequenceCounter", "AutoSequenceKey", "Slip"])
                const own = { url: user.url } as Parameters<typeof changeEntities>[3]
                const dataSource = await changeEntities(db(), owner, entities, own)
                const found = await foundIn(dataSource)
                const rights = found.filter(({ check }) => check === "rights")
                const texts = rights.map(({ text }) => text.replaceAll(/["`]|\w+\.(?=\w+ )/g, ""))
                const lacks = rights.map(({ remedy }) => remedy!.replace(/ ON .*/, ""))
                expect(lacks).to.include("GRANT INSERT, UPDATE")
                expect(lacks).to.include("GRANT INSERT, UPDATE, DELETE")
                if (db().can.tableLock) expect(texts.join()).to.include("LOCK TABLE")
                const others = found.filter(({ check }) => check !== "rights")
                const isHidden = db().kind === "mariadb"
                expect(shown(others)).to.eql(
                    isHidden
                        ? [
                              "warning: triggers: The user may not see the definitions of the triggers of `receipt`, so they " +
                                  "can't be checked.",
                          ]
                        : [],
                )
                // A process that only inserts needs no more.
                await verifyAutoSequence(dataSource)
                if (isHidden) await owner.query(`GRANT TRIGGER ON receipt TO ${user.who}`)
                await user.grantAll(owner)
                await expectFine(dataSource)
                await fill(dataSource)
                await dataSource.destroy()
            } finally {
                await user.drop()
            }
        })
    },
    ({ parallel }) => parallel,
)

/** Somebody who may read and write some of the tables, and read the others. */
async function newUser(database: TestDatabase, owner: DataSource) {
    const url = new URL((owner.options as { url: string }).url)
    const isPostgres = database.kind === "postgres"
    const name = `doctor_${process.pid}`
    const who = isPostgres ? name : `${name}@'%'`
    await database.query(
        isPostgres
            ? `CREATE ROLE ${name} LOGIN PASSWORD '${name}'`
            : `CREATE USER ${who} IDENTIFIED BY '${name}'`,
    )
    url.username = url.password = name
    return {
        url: url.href,
        who,
        async grantAll(from: DataSource, readable: readonly string[] = []) {
            const { schema } = from.options as { schema?: string }
            if (isPostgres) await from.query(`GRANT USAGE ON SCHEMA "${schema!}" TO ${who}`)
            if (isPostgres)
                await from.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA "${schema!}" TO ${who}`)
            const known = from.entityMetadatas.filter(({ synchronize }) => synchronize)
            // Constraints are shown to those alone who have a right on the database.
            if (!isPostgres)
                await from.query(`GRANT REFERENCES ON ${from.driver.database!}.* TO ${who}`)
            for (const { name: entity } of known)
                await from.query(
                    `GRANT SELECT${readable.includes(entity) ? "" : ", INSERT, UPDATE, DELETE"} ` +
                        `ON ${tableOf(from, entity)} TO ${who}`,
                )
        },
        drop: () =>
            database.query(
                isPostgres ? `DROP OWNED BY ${name}; DROP ROLE ${name}` : `DROP USER ${who}`,
            ),
    }
}

onOnePostgres("diagnose and verifyAutoSequence, of what others own,", (db) => {
    afterEach(dropRoles)

    it("miss no counter table that only triggers write to, and that the user may not see", async () => {
        const { owner, writer } = await lettersAndWriter(db())
        await verifyAutoSequence(writer)
        const line = await expectFound(writer, "warning", "counters", "can't be checked", "SELECT")
        expect(line.text).to.include("autosequence_counter")
        await expectFine(owner)
    })

    it("find functions whose owner may not move counters", async () => {
        const { owner } = await lettersAndWriter(db())
        const role = await newRole(db())
        const { schema } = owner.options as { schema?: string }
        const functions = (await owner.query(
            "SELECT p.oid::regprocedure::text AS name FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = $1::regnamespace",
            [`"${schema!}"`],
        )) as { name: string }[]
        expect(functions).not.to.eql([])
        await owner.query(`GRANT USAGE, CREATE ON SCHEMA "${schema!}" TO ${role}`)
        for (const { name } of functions)
            await owner.query(`ALTER FUNCTION ${name} OWNER TO ${role}`)
        const line = await expectFound(owner, "problem", "triggers", `rights of ${role}`)
        await owner.query(line.remedy!)
        await expectFine(owner)
    })

    it("find an index that was not made to its end", async () => {
        const dataSource = await db().connect([Ticket])
        await dataSource.manager.save(Ticket, [{}, {}])
        const { indices, tablePath } = dataSource.getMetadata(Ticket)
        const { schema } = dataSource.options as { schema?: string }
        await dataSource.query(`DROP INDEX "${schema!}"."${indices[0]!.name}"`)
        await dataSource.query(`UPDATE ${tablePath} SET number = 1`)
        await rejection(
            dataSource.query(
                `CREATE UNIQUE INDEX CONCURRENTLY "${indices[0]!.name}" ON ${tablePath} (number)`,
            ),
        )
        await dataSource.query(`UPDATE ${tablePath} SET number = id`)
        const line = await expectFound(dataSource, "problem", "indexes", "is invalid")
        await dataSource.query(line.remedy!)
        await expectFine(dataSource)
    })

    it("ask the master of a data source with replicas", async () => {
        const owner = await db().connect(application(db().can))
        const { url, schema } = owner.options as { url: string; schema?: string }
        const replica = new URL(url)
        // Has none of the tables.
        replica.pathname = "postgres"
        const dataSource = await changeEntities(db(), owner, application(db().can), {
            url: undefined,
            replication: { master: { url }, slaves: [{ url: replica.href }] },
            schema,
        } as Parameters<typeof changeEntities>[3])
        await expectFine(dataSource)
        const runner = dataSource.createQueryRunner("slave")
        await rejection(runner.query(`SELECT 1 FROM "${schema!}".ticket`))
        await runner.release()
    })
})

describe("isInRange", () => {
    it("reads the ranges of package.json", () => {
        const range = "^0.3.24 || ^1.0.0 || >=24.11.0"
        for (const version of ["0.3.24", "0.3.31-dev", "1.0.0", "1.9.1", "24.11.0", "31.0.0"])
            expect(isInRange(version, range), version).to.equal(true)
        for (const version of ["0.2.45", "0.3.23", "0.4.0", "2.0.0", "24.10.9", "none"])
            expect(isInRange(version, range), version).to.equal(false)
    })
})
