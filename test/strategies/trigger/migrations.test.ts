import { expect } from "chai"
import type { DataSource } from "typeorm"
import {
    type AutoSequenceColumnOptions,
    generateMigration,
    installAutoSequence,
    NotInstalledError,
    type Renames,
    verifyAutoSequence,
} from "../../../src"
import { changeEntities, expectUpToDate, migrate, shapeOf } from "../../migrations/migrate"
import { onEveryDatabase } from "../../support/databases"
import { expectRejects } from "../../support/errors"
import { type Catalogue, catalogueOf } from "./catalogue"
import { countersOf, hasTriggers, letters, numbersOf, post, TRIGGER } from "./letters"

type Options = AutoSequenceColumnOptions | undefined

const COUNTER = { strategy: "counter" } as const

/** A series, and a table, that a template literal and a text in SQL could take for their own. */
const ODD = `l'"\\ \\\\\`\${0}$autosequence$ $$ %s ?`

onEveryDatabase(
    "a migration with triggers",
    (db) => {
        /** Installed by these options, with letters in boxes 1 and 2. */
        async function installed(options: Options, table?: string): Promise<DataSource> {
            const dataSource = await db().connect([letters(options, table)])
            await installAutoSequence(dataSource)
            await post(dataSource, 1, 2, 1)
            return dataSource
        }

        /** Numbers that were given in between stay given, whichever way the schema goes. */
        const schemaOf = (catalogue: Catalogue) => ({ ...catalogue, counters: [] })

        /** Up, down and up again; down restores exactly what there was before. */
        async function expectWayBack(
            before: DataSource,
            after: Options,
            table?: string,
            rename?: Renames,
        ) {
            const atFirst = await catalogueOf(before)
            const { dataSource, migration } = await migrate(db(), before, [letters(after, table)], {
                rename,
            })
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource)
            const changed = await catalogueOf(dataSource)
            await dataSource.undoLastMigration()
            expect(schemaOf(await catalogueOf(dataSource))).to.eql(schemaOf(atFirst))
            await dataSource.runMigrations()
            expect(await catalogueOf(dataSource)).to.eql(changed)
            return { dataSource, migration, atFirst, changed }
        }

        it("makes a table that is new, and takes all away again", async () => {
            const before = await db().connect([])
            const { dataSource, atFirst } = await expectWayBack(before, TRIGGER)
            expect(await post(dataSource, 1, 1, 2)).to.eql([1, 2, 1])
            expect(atFirst.triggers).to.eql([])
        })

        it("numbers the rows of a table without a column for it", async () => {
            const before = await installed(undefined)
            const { dataSource } = await expectWayBack(before, TRIGGER)
            expect(await numbersOf(dataSource)).to.eql({ 1: [1, 2], 2: [1] })
            expect(await post(dataSource, 1, 2, 3)).to.eql([3, 2, 1])
            const { columns } = await shapeOf(dataSource, "Letter")
            const [, , isNullable] = columns!.find(([name]) => name === "number")!
            expect(isNullable).to.equal(false)
            await dataSource.undoLastMigration()
            expect(await countersOf(dataSource)).to.eql({})
        })

        it("takes over from the table lock, and the column stays as it is", async function () {
            if (!db().can.tableLock) return this.skip()
            const before = await installed({ strategy: "table-lock" })
            const { dataSource, atFirst, changed } = await expectWayBack(before, TRIGGER)
            expect(changed.columns).to.eql(atFirst.columns)
            expect(changed.indexes).to.eql(atFirst.indexes)
            expect(changed.constraints).to.eql(atFirst.constraints)
            expect(await post(dataSource, 1, 2, 3)).to.eql([3, 2, 1])
        })

        it("writes triggers and nothing else where counters are there", async () => {
            const before = await installed(COUNTER)
            const { migration } = await expectWayBack(before, TRIGGER)
            for (const { sql } of migration.up)
                expect(sql).to.match(
                    /^(CREATE (OR REPLACE )?FUNCTION|REVOKE|GRANT|CREATE TRIGGER) ?/,
                )
            for (const { sql } of migration.down) expect(sql).to.match(/^DROP (FUNCTION|TRIGGER) /)
        })

        it("goes from counters to triggers and back without a gap", async () => {
            const before = await installed(COUNTER)
            const numbered = await migrate(db(), before, [letters(TRIGGER)])
            expect(await post(numbered.dataSource, 1, 2)).to.eql([3, 2])
            const back = await expectWayBack(numbered.dataSource, COUNTER)
            expect([...back.changed.triggers, ...back.changed.functions]).to.eql([])
            expect(await post(back.dataSource, 1, 2)).to.eql([4, 3])
            await back.dataSource.undoLastMigration()
            // The same rows are numbered by triggers once more.
            expect(await post(numbered.dataSource, 1, 2)).to.eql([5, 4])
            expect(await numbersOf(back.dataSource)).to.eql({ 1: [1, 2, 3, 4, 5], 2: [1, 2, 3, 4] })
        })

        it("replaces triggers for an option that has changed", async () => {
            const before = await installed(TRIGGER)
            const options = { ...TRIGGER, startAt: 50, incrementBy: 5 }
            const { dataSource } = await expectWayBack(before, options)
            expect(await post(dataSource, 1, 3, 3)).to.eql([50, 50, 55])
            await dataSource.undoLastMigration()
            expect(await post(before, 2, 4, 1)).to.eql([2, 1, 51])
        })

        it("removes them with their column", async () => {
            const before = await installed(TRIGGER)
            const atFirst = await catalogueOf(before)
            const { dataSource } = await migrate(db(), before, [letters()])
            await expectUpToDate(dataSource)
            const { triggers, functions } = await catalogueOf(dataSource)
            expect([...triggers, ...functions]).to.eql([])
            await post(dataSource, 1)
            await dataSource.query(`DELETE FROM ${dataSource.getMetadata("Letter").tablePath}`)
            await dataSource.undoLastMigration()
            expect(await catalogueOf(dataSource)).to.eql(atFirst)
            expect(await post(before, 1, 2)).to.eql([3, 2])
            await dataSource.runMigrations()
            await verifyAutoSequence(dataSource)
        })

        it("makes them anew for a table that has another name", async () => {
            const before = await installed(TRIGGER)
            const runner = before.createQueryRunner()
            await runner.renameTable(before.getMetadata("Letter").tablePath, "parcel")
            await runner.release()
            const rename = { "letter.number": "parcel.number" }
            const { dataSource, changed } = await expectWayBack(before, TRIGGER, "parcel", rename)
            for (const { table, name } of changed.triggers)
                expect([table, name]).to.satisfy(
                    ([of, trigger]: string[]) => of === "parcel" && trigger?.includes("parcel"),
                )
            for (const { name } of changed.functions) expect(name).to.include("parcel")
            expect(await post(dataSource, 1, 2)).to.eql([3, 2])
        })

        it("is not waited for by a table that has another name", async () => {
            const before = await installed(TRIGGER)
            const letter = before.getMetadata("Letter").tablePath
            await before.query(`INSERT INTO ${letter} (box, number) VALUES (4, 7), (5, 2)`)
            await before.query(`DELETE FROM ${letter} WHERE number = 2`)
            const runner = before.createQueryRunner()
            await runner.renameTable(letter, "parcel")
            await runner.release()
            const changed = await changeEntities(db(), before, [letters(TRIGGER, "parcel")])
            expect(await post(changed, 1, 2, 3, 4, 5, 3)).to.eql([3, 2, 1, 8, 3, 2])
            const parcel = changed.getMetadata("Letter").tablePath
            await changed.query(`INSERT INTO ${parcel} (box, number) VALUES (6, 4)`)
            if (db().kind !== "mariadb") {
                // There is a unique index to see to it where triggers don't look at the rows.
                await changed.getRepository("AutoSequenceCounter").delete({ scope: 'v1:"4"' })
                expect(await post(changed, 4)).to.eql([9])
            }
            const rename = { "letter.number": "parcel.number" }
            const { dataSource } = await migrate(db(), changed, [letters(TRIGGER, "parcel")], {
                rename,
            })
            await verifyAutoSequence(dataSource)
            expect(await post(dataSource, 1, 2, 3, 6, 5, 7)).to.eql([4, 3, 3, 5, 4, 1])
        })

        it("is asked for by an insert where a column has another name", async () => {
            const before = await installed(TRIGGER)
            const letter = before.getMetadata("Letter").tablePath
            await before.query(`ALTER TABLE ${letter} RENAME COLUMN number TO seq`)
            const options = { ...TRIGGER, name: "seq" }
            const changed = await changeEntities(db(), before, [letters(options)])
            await expectRejects(
                post(changed, 1),
                NotInstalledError,
                "Letter.number",
                "another name",
            )
            const rename = { "letter.number": "letter.seq" }
            const { dataSource } = await migrate(db(), changed, [letters(options)], { rename })
            await verifyAutoSequence(dataSource)
            expect(await post(dataSource, 1, 2)).to.eql([3, 2])
        })

        it("removes the functions that dropped tables have left", async function () {
            if (db().kind === "mariadb") return this.skip()
            const before = await installed(TRIGGER)
            await before.query(`DROP TABLE ${before.getMetadata("Letter").tablePath}`)
            const atFirst = await catalogueOf(before)
            expect(atFirst.functions).to.have.lengthOf(4)
            const changed = await changeEntities(db(), before, [])
            const text = `autosequence_keep_letter_number_f934d0b1 is no longer needed`
            await expectRejects(verifyAutoSequence(changed), NotInstalledError, text)
            const { dataSource, migration } = await migrate(db(), changed, [])
            expect(migration.up).to.have.lengthOf(4)
            await verifyAutoSequence(dataSource)
            expect((await catalogueOf(dataSource)).functions).to.eql([])
            await dataSource.undoLastMigration()
            expect(await catalogueOf(dataSource)).to.eql(atFirst)
        })

        it("begins anew where the whole schema was dropped", async () => {
            const before = await installed(TRIGGER)
            await before.dropDatabase()
            const { dataSource } = await migrate(db(), before, [letters(TRIGGER)])
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            expect(await post(dataSource, 1, 1, 2)).to.eql([1, 2, 1])
        })

        it("keeps every character of names and texts", async () => {
            const options = { ...TRIGGER, series: ODD }
            const before = await installed({ ...COUNTER, series: ODD })
            const { dataSource } = await expectWayBack(before, options)
            expect(await post(dataSource, 1, 2)).to.eql([3, 2])
            const [row] = (await dataSource.getRepository("AutoSequenceCounter").find({
                where: { scope: 'v1:"1"' },
            })) as { series: string }[]
            expect(row?.series).to.equal(ODD)
        })

        it("is made of statements that run one by one", async () => {
            const before = await installed(COUNTER)
            const atFirst = await catalogueOf(before)
            const dataSource = await changeEntities(db(), before, [
                letters({ ...TRIGGER, series: ODD }),
            ])
            const migration = await generateMigration(dataSource)
            const runner = dataSource.createQueryRunner()
            for (const { sql, parameters } of migration?.up ?? [])
                await runner.query(sql!, parameters && [...parameters])
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            expect(await post(dataSource, 1)).to.eql([3])
            for (const { sql, parameters } of migration?.down ?? [])
                await runner.query(sql, parameters && [...parameters])
            await runner.release()
            expect(schemaOf(await catalogueOf(dataSource))).to.eql(schemaOf(atFirst))
        })

        it("writes nothing where all is there", async () => {
            const dataSource = await installed(TRIGGER)
            expect(await generateMigration(dataSource)).to.equal(undefined)
        })

        it("makes a trigger again that is missing", async () => {
            const before = await installed(TRIGGER)
            const atFirst = await catalogueOf(before)
            await dropNumberTrigger(before)
            const { dataSource, changed } = await expectWayBack(before, TRIGGER)
            expect(changed).to.eql(atFirst)
            expect(await post(dataSource, 1)).to.eql([3])
        })

        it("replaces one that was changed by hand, and brings it back", async () => {
            const before = await installed(TRIGGER)
            const atFirst = await catalogueOf(before)
            if (db().kind === "mariadb") {
                const name = await dropNumberTrigger(before)
                await before.query(
                    `CREATE TRIGGER ${name} BEFORE INSERT ON letter FOR EACH ROW ` +
                        `SET NEW.number = 5 /* \` \${0} \\ 'x' */`,
                )
            } else
                for (const { text } of atFirst.functions)
                    await before.query(
                        String(text).replace("BEGIN", () => "BEGIN -- $x$ ` ${0} \\ 'x'\n"),
                    )
            const { changed } = await expectWayBack(before, TRIGGER)
            expect(changed).to.eql(atFirst)
        })
    },
    hasTriggers,
)

async function dropNumberTrigger(dataSource: DataSource): Promise<string> {
    const { triggers } = await catalogueOf(dataSource)
    const name = String(
        triggers.find((t) => String(t.name).startsWith("zz_autosequence_number_"))?.name,
    )
    const isOfTable = dataSource.options.type === "postgres"
    const table = dataSource.getMetadata("Letter").tablePath
    await dataSource.query(`DROP TRIGGER ${name}${isOfTable ? ` ON ${table}` : ""}`)
    if (isOfTable) {
        const [schema] = table.split(".")
        await dataSource.query(`DROP FUNCTION ${schema}.${name.replace(/^zz_/, "")}()`)
    }
    return name
}
