import { expect } from "chai"
import type { DataSource } from "typeorm"
import { installAutoSequence, MissingRightError, verifyAutoSequence } from "../../../src"
import { changeEntities } from "../../migrations/migrate"
import { onEachDatabase, onEveryDatabase } from "../../support/databases"
import { expectSqlState, rejection } from "../../support/errors"
import { storedCounters } from "../../support/stored"
import { catalogueOf } from "./catalogue"
import { countersOf, hasTriggers, letters, numbersOf, post, TRIGGER } from "./letters"
import { attacked, forge, type Forged } from "./forgery"
import { connectAs, dropRoles, lettersAndWriter, newRole } from "./roles"

const DENIED = "42501"

onEachDatabase("triggers and rights", (db) => {
    afterEach(dropRoles)

    async function expectNumbered(owner: DataSource, writer: DataSource): Promise<void> {
        const repository = writer.getRepository("Letter")
        const { tablePath } = owner.getMetadata("Letter")
        expect(await post(writer, 1, 2, 1)).to.eql([1, 1, 2])
        const { generatedMaps } = await repository.insert([{ box: 1 }, { box: 2 }])
        expect(generatedMaps.map(({ number }) => Number(number))).to.eql([3, 2])
        await writer.query(`INSERT INTO ${tablePath} (box) SELECT 1 FROM generate_series(1, 3)`)
        await writer.query(`INSERT INTO ${tablePath} (box, number) VALUES (2, 10)`)
        await writer.transaction(async (manager) => {
            await manager.save("Letter", { box: 2 })
        })
        expect(await post(owner, 1, 2)).to.eql([7, 12])
        expect(await numbersOf(owner)).to.eql({ 1: [1, 2, 3, 4, 5, 6, 7], 2: [1, 2, 10, 11, 12] })
        expect(await countersOf(owner)).to.eql({ 'v1:"1"': 7, 'v1:"2"': 12 })
        const counter = owner.getMetadata("AutoSequenceCounter").tablePath
        await expectSqlState(writer.query(`SELECT FROM ${counter}`), DENIED)
        await expectSqlState(writer.query(`UPDATE ${counter} SET last = 0`), DENIED)
    }

    it("number rows of somebody who may write the table and not the counters", async () => {
        const { owner, writer } = await lettersAndWriter(db())
        await expectNumbered(owner, writer)
    })

    it("verify for somebody who does not see the counters, or may read them, and name that right", async () => {
        const { owner, writer, role } = await lettersAndWriter(db())
        await verifyAutoSequence(writer)
        const counter = owner.getMetadata("AutoSequenceCounter").tablePath
        await owner.query(`GRANT INSERT ON ${counter} TO ${role}`)
        const refused = await rejection(verifyAutoSequence(writer))
        expect(refused).to.be.instanceOf(MissingRightError)
        expect(refused.message).to.include("autosequence_counter")
        await owner.query(`GRANT SELECT ON ${counter} TO ${role}`)
        await verifyAutoSequence(writer)
    })

    it("number rows where the counters are in a schema that the writer may not enter", async () => {
        const schema = await db().createSchema()
        const { owner, writer } = await lettersAndWriter(db(), { counterTable: { schema } })
        expect(owner.getMetadata("AutoSequenceCounter").schema).to.equal(schema)
        await verifyAutoSequence(owner)
        await expectNumbered(owner, writer)
    })

    it("have functions that nobody else can make the triggers of another table", async () => {
        const { owner, role } = await lettersAndWriter(db())
        const theirs = await db().createSchema()
        await owner.query(`GRANT ALL ON SCHEMA "${theirs}" TO ${role}`)
        const writer = await connectAs(db(), role, owner)
        const table = `"${theirs}".letter`
        await writer.query(`CREATE TABLE ${table} (id int, box int, number int)`)
        const { schema } = owner.getMetadata("Letter")
        const { functions } = await catalogueOf(owner)
        const called = functions.filter(({ text }) => /RETURNS trigger/.test(String(text)))
        expect(called).to.have.lengthOf.at.least(3)
        for (const { name } of called)
            await expectSqlState(
                writer.query(
                    `CREATE TRIGGER t BEFORE INSERT ON ${table} FOR EACH ROW ` +
                        `EXECUTE FUNCTION "${schema!}".${String(name)}()`,
                ),
                DENIED,
            )
    })

    for (const force of [false, true])
        it(`number rows of tenants under row-level security${force ? " that is forced" : ""}`, async () => {
            const { owner, writer, role } = await lettersAndWriter(db())
            const { tablePath } = owner.getMetadata("Letter")
            await post(owner, 1, 2, 2)
            await owner.query(`ALTER TABLE ${tablePath} ENABLE ROW LEVEL SECURITY`)
            if (force) await owner.query(`ALTER TABLE ${tablePath} FORCE ROW LEVEL SECURITY`)
            await owner.query(
                `CREATE POLICY tenant ON ${tablePath} TO ${role} USING (box = current_setting('app.box')::int)`,
            )
            const as = <T>(box: number, work: () => Promise<T>) =>
                writer.transaction(async (manager) => {
                    await manager.query(`SET LOCAL app.box = ${box}`)
                    const saved = await manager.save("Letter", [{ box }, { box }])
                    await work()
                    return saved.map((letter) => (letter as unknown as { number: number }).number)
                })
            const nothing = () => Promise.resolve()
            expect(await as(1, nothing)).to.eql([2, 3])
            expect(await as(2, nothing)).to.eql([3, 4])
            expect(await as(3, nothing)).to.eql([1, 2])
            const refused = writer.transaction(async (manager) => {
                await manager.query("SET LOCAL app.box = 1")
                await manager.save("Letter", [{ box: 1 }, { box: 2 }])
            })
            await expectSqlState(refused, DENIED)
            expect(await countersOf(owner)).to.eql({ 'v1:"1"': 3, 'v1:"2"': 4, 'v1:"3"': 2 })
            expect(await as(1, nothing)).to.eql([4, 5])
        })

    it("number rows where security is forced upon the owner of everything", async () => {
        const role = await newRole(db())
        const first = await db().connect([])
        const { schema } = first.options as { schema: string }
        await first.query(`GRANT ALL ON SCHEMA "${schema}" TO ${role}`)
        await first.query(`DROP TABLE ${first.getMetadata("AutoSequenceCounter").tablePath}`)
        const owner = await connectAs(db(), role, first)
        await owner.synchronize()
        await installAutoSequence(owner)
        const { tablePath } = owner.getMetadata("Letter")
        await post(owner, 1, 1, 2)
        await owner.query(`ALTER TABLE ${tablePath} ENABLE ROW LEVEL SECURITY`)
        await owner.query(`ALTER TABLE ${tablePath} FORCE ROW LEVEL SECURITY`)
        await owner.query(
            `CREATE POLICY tenant ON ${tablePath} USING (box = current_setting('app.box')::int)`,
        )
        // A counter that is missing goes on after the rows that exist.
        await owner.query(`DELETE FROM ${owner.getMetadata("AutoSequenceCounter").tablePath}`)
        const numbers = await owner.transaction(async (manager) => {
            await manager.query("SET LOCAL app.box = 1")
            return manager.save("Letter", [{ box: 1 }, { box: 1 }])
        })
        expect(numbers.map((letter) => (letter as unknown as { number: number }).number)).to.eql([
            3, 4,
        ])
    })

    it("count on their own in schemas with tables of the same name", async () => {
        const [one, other] = [
            await db().connect([letters(TRIGGER)]),
            await db().connect([letters(TRIGGER)]),
        ]
        expect(await post(one, 1, 1)).to.eql([1, 2])
        expect(await post(other, 1)).to.eql([1])
        expect(await post(one, 1)).to.eql([3])
        await verifyAutoSequence(one)
        await verifyAutoSequence(other)
        await one.query(`DROP TABLE ${one.getMetadata("Letter").tablePath} CASCADE`)
        expect(await post(other, 1)).to.eql([2])
    })

    it("count on their own where one table's trigger writes into the same of another schema", async () => {
        const schemas = [await db().createSchema(), await db().createSchema()]
        // Names of the same length, as those of tenants often are.
        if (schemas[0]!.length !== schemas[1]!.length) schemas[0] = await db().createSchema()
        const [near, far] = schemas as [string, string]
        const Near = letters(TRIGGER, { name: "letter", schema: near })
        const Far = letters(TRIGGER, { name: "letter", schema: far })
        const dataSource = await db().connect([Near, Far], { schema: near })
        await dataSource.query(
            `CREATE FUNCTION "${near}".copy() RETURNS trigger LANGUAGE plpgsql AS ` +
                `'BEGIN INSERT INTO "${far}".letter (box) VALUES (NEW.box); RETURN NEW; END'`,
        )
        // Runs when the row has its number, and is not in the table yet.
        await dataSource.query(
            `CREATE TRIGGER zzz BEFORE INSERT ON "${near}".letter FOR EACH ROW ` +
                `EXECUTE FUNCTION "${near}".copy()`,
        )
        await dataSource.transaction(async (manager) => {
            await manager.save(Far, { box: 1 })
            await manager.save(Near, [{ box: 1 }, { box: 1 }])
        })
        const numbers = async (entity: typeof Near) => {
            const rows = await dataSource.getRepository(entity).find({ order: { id: "ASC" } })
            return rows.map(({ number }) => number)
        }
        expect(await numbers(Near)).to.eql([1, 2])
        expect(await numbers(Far)).to.eql([1, 2, 3])
    })
})

onEachDatabase("triggers and those who mean harm", (db) => {
    afterEach(dropRoles)

    it("call nothing of the writer's, whatever the search_path is", async () => {
        const { owner, writer: plain, role } = await lettersAndWriter(db())
        const evil = await db().createSchema()
        await owner.query(`GRANT ALL ON SCHEMA "${evil}" TO ${role}`)
        await owner.query(`GRANT TEMPORARY ON DATABASE "${owner.driver.database!}" TO ${role}`)
        const { tablePath } = owner.getMetadata("Letter")
        await plain.transaction(async (manager) => {
            await manager.query(`SET LOCAL search_path = "${evil}", pg_temp, pg_catalog`)
            const calls = [
                "replace(text, text, text) RETURNS text",
                "current_setting(text, boolean) RETURNS text",
                "current_setting(text) RETURNS text",
                "set_config(text, text, boolean) RETURNS text",
                "hashtext(text) RETURNS int",
                "split_part(text, text, int) RETURNS text",
                "length(text) RETURNS int",
                "starts_with(text, text) RETURNS boolean",
                "pg_advisory_xact_lock(int, int) RETURNS void",
                "same(text, text) RETURNS boolean",
                "same(bigint, bigint) RETURNS boolean",
            ]
            for (const call of calls)
                await manager.query(
                    `CREATE FUNCTION "${evil}".${call} LANGUAGE plpgsql AS 'BEGIN RAISE ''called''; END'`,
                )
            for (const type of ["text", "bigint"])
                for (const name of ["=", "<", ">", "<>", "||"])
                    await manager.query(
                        `CREATE OPERATOR "${evil}".${name} ` +
                            `(LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = "${evil}".same)`,
                    )
            for (const where of [`"${evil}"`, "pg_temp"])
                await manager.query(
                    `CREATE TABLE ${where}.autosequence_counter (series varchar, scope varchar, ` +
                        `last bigint, moved_by bigint, moved_at timestamp, PRIMARY KEY (series, scope))`,
                )
            await manager.query(`CREATE DOMAIN pg_temp.text AS pg_catalog.int4`)
            await manager.query(`INSERT INTO ${tablePath} (box) VALUES (1), (1), (2)`)
            await manager.query(`INSERT INTO ${tablePath} (box, number) VALUES (1, 5)`)
            await manager.query(`INSERT INTO ${tablePath} (box) VALUES (1)`)
            for (const where of [`"${evil}"`, "pg_temp"])
                expect(
                    await manager.query(`SELECT FROM ${where}.autosequence_counter`),
                ).to.have.lengthOf(0)
        })
        expect(await numbersOf(owner)).to.eql({ 1: [1, 2, 5, 6], 2: [1] })
        expect(await countersOf(owner)).to.eql({ 'v1:"1"': 6, 'v1:"2"': 1 })
    })

    const forgeries: Record<string, (forged: Forged) => readonly string[]> = {
        "a scope that is to be settled": ({ slot, used }) => [...slot, used],
        "a scope in use": ({ slot }) => slot,
        "a row that is not inserted": ({ unused }) => [unused],
        "all of that": ({ slot, used, unused }) => [...slot, used, unused],
    }
    for (const [what, statementsOf] of Object.entries(forgeries))
        for (const own of [[], [1], [1, 2, 1]])
            it(`lower no counter for forged settings of ${what}, after ${own.length} rows`, async () => {
                const { owner, writer, letter } = await attacked(db())
                const before = await storedCounters(owner)
                for (const table of ["letter", "parcel"] as const)
                    for (const low of [0, 1, 2, 3])
                        await writer
                            .transaction(async (manager) => {
                                for (const box of own)
                                    await manager.query(
                                        `INSERT INTO ${letter} (box) VALUES (${box})`,
                                    )
                                for (const sql of statementsOf(
                                    await forge(owner, table, 1, low, 3),
                                ))
                                    await manager.query(sql)
                                await manager.query(`INSERT INTO ${letter} (box) VALUES (1), (2)`)
                            })
                            // A number that is given twice is refused.
                            .catch((error: unknown) => error)
                for (const { series, scope, last } of await storedCounters(owner)) {
                    const at = before.find((c) => c.series === series && c.scope === scope)!
                    expect(Number(last)).to.be.at.least(Number(at.last))
                    if (series.includes("parcel")) expect(last).to.equal(at.last)
                }
                expect(await post(owner, 3)).to.eql([1])
            })

    it("lower no counter for settings that are nonsense", async () => {
        const { owner, writer, letter } = await attacked(db())
        const { slot, used, unused } = await forge(owner, "letter", 1, 0, 3)
        for (const sql of [...slot, used, unused])
            for (const value of ["x", "- -", " ", "0 3", "-1 99999999999999999999 x", "1 2 3 4"])
                await writer
                    .transaction(async (manager) => {
                        await manager.query(sql.replace(/, [^,]*, true\)$/, `, '${value}', true)`))
                        await manager.query(`INSERT INTO ${letter} (box) VALUES (1)`)
                    })
                    .catch((error: unknown) => error)
        const last = (await countersOf(owner, "letter.number"))['v1:"1"']!
        expect(last).to.be.at.least(3)
        expect(await post(owner, 1)).to.eql([last + 1])
    })

    it("raise no counter of a tenant whose rows the writer may not write", async () => {
        const { owner, writer, letter } = await attacked(db())
        await owner.query(`ALTER TABLE ${letter} ENABLE ROW LEVEL SECURITY`)
        await owner.query(`CREATE POLICY tenant ON ${letter} USING (box = 2)`)
        const { slot, used } = await forge(owner, "letter", 1, 1000, 3)
        await writer.transaction(async (manager) => {
            for (const sql of [...slot, used]) await manager.query(sql)
            await manager.query(`INSERT INTO ${letter} (box) VALUES (2)`)
        })
        expect((await countersOf(owner, "letter.number"))['v1:"1"']).to.equal(3)
    })

    it("take no move of another transaction for their own, whatever TimeZone is set", async () => {
        const { owner, writer, letter } = await attacked(db())
        const counter = owner.getMetadata("AutoSequenceCounter").tablePath
        const { slot, used } = await forge(owner, "letter", 1, 0, 3)
        await writer.transaction(async (manager) => {
            const [row] = await manager.query<{ now: string }[]>(
                `SELECT ((now() AT TIME ZONE 'UTC') - interval '1 hour')::text AS now`,
            )
            // An hour ago to the microsecond: who begins transactions often enough will meet it.
            await owner.query(
                `UPDATE ${counter} SET moved_at = '${row!.now}', moved_by = 3 WHERE scope = 'v1:"1"'`,
            )
            await manager.query("SET LOCAL TimeZone = 'XXX+1'")
            for (const sql of [...slot, used]) await manager.query(sql)
            await manager.query(`INSERT INTO ${letter} (box) VALUES (2)`)
        })
        expect((await countersOf(owner, "letter.number"))['v1:"1"']).to.equal(3)
    })
})

onEveryDatabase(
    "triggers and rights",
    (db) => {
        it("number rows of a user who may write the table alone, and name what it takes to verify", async () => {
            const owner = await db().connect([letters(TRIGGER)])
            const name = `autosequence_${process.pid}`
            const { database } = owner.driver
            await db().query(`CREATE USER ${name}@'%' IDENTIFIED BY '${name}'`)
            try {
                await db().query(`GRANT SELECT, INSERT ON ${database!}.letter TO ${name}@'%'`)
                const url = new URL((owner.options as { url: string }).url)
                url.username = name
                url.password = name
                const writer = await changeEntities(db(), owner, [letters(TRIGGER)], {
                    ...{ url: url.href },
                })
                expect(await post(writer, 1, 2, 1)).to.eql([1, 1, 2])
                await writer.query("INSERT INTO letter (box) VALUES (1), (2)")
                await writer.query(
                    "INSERT INTO letter (box, number) SELECT box, NULL FROM letter WHERE box = 2",
                )
                expect(await post(owner, 1, 2)).to.eql([4, 5])
                expect(await numbersOf(owner)).to.eql({ 1: [1, 2, 3, 4], 2: [1, 2, 3, 4, 5] })
                const denied = await rejection(writer.query("SELECT * FROM autosequence_counter"))
                expect(denied.message).to.include("denied")

                await verifyAutoSequence(writer)
                const counter = `${database!}.autosequence_counter`
                await db().query(`GRANT TRIGGER ON ${database!}.letter TO ${name}@'%'`)
                await db().query(`GRANT REFERENCES ON ${counter} TO ${name}@'%'`)
                const refused = await rejection(verifyAutoSequence(writer))
                expect(refused).to.be.instanceOf(MissingRightError)
                expect(refused.message).to.include("autosequence_counter")
                await db().query(`GRANT SELECT ON ${counter} TO ${name}@'%'`)
                await verifyAutoSequence(writer)
            } finally {
                await db().query(`DROP USER ${name}@'%'`)
            }
        })

        it("lower no counter for a forged variable", async () => {
            const dataSource = await db().connect([letters(TRIGGER)], { connections: 1 })
            await post(dataSource, 1, 1, 1, 2)
            const { triggers } = await catalogueOf(dataSource)
            const texts = triggers.map(({ text }) => text).join()
            const [variable] = /@autosequence_unused_\w+/.exec(texts)!
            await dataSource.query("SET timestamp = 1700000000.5")
            for (const before of [0, 2])
                await dataSource
                    .query(
                        `INSERT INTO letter (box) SELECT 2 FROM ` +
                            `(SELECT ${variable} := CONCAT(NOW(6), ' ${before} 3 v1:"1"')) x`,
                    )
                    .catch((error: unknown) => error)
            for (const before of [0, 2]) {
                await dataSource.query(`SET ${variable} = CONCAT(NOW(6), ' ${before} 3 v1:"1"')`)
                await dataSource.query("INSERT INTO letter (box) VALUES (2)")
            }
            expect((await countersOf(dataSource))['v1:"1"']).to.equal(3)
        })
    },
    (can) => hasTriggers(can) && !can.tableLock,
)
