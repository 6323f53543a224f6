import { expect } from "chai"
import type { DataSource, DataSourceOptions } from "typeorm"
import { generateMigration, type GeneratedMigration, verifyAutoSequence } from "../../../src"
import { classOf, expectUpToDate } from "../../migrations/migrate"
import { onOnePostgres } from "../../support/databases"
import { letters, post, TRIGGER } from "./letters"

const TRIGGERS =
    "SELECT pg_get_triggerdef(t.oid) AS text, pg_get_functiondef(p.oid) AS calls, p.proacl::text AS rights " +
    "FROM pg_trigger t JOIN pg_depend d ON d.objid = t.oid JOIN pg_proc p ON p.oid = d.refobjid " +
    "WHERE p.pronamespace = quote_ident(current_schema())::regnamespace ORDER BY 1, 2"

onOnePostgres("a migration with triggers and no schema in its entities", (db) => {
    /** A data source that finds its tables by the search path alone. */
    async function connect(
        schema: string,
        options: Partial<typeof TRIGGER & { startAt: number }>,
        migrations: readonly GeneratedMigration[] = [],
    ): Promise<DataSource> {
        return db().connect([letters(options)], {
            synchronize: false,
            schema: undefined,
            extra: { options: `-c search_path=${schema}` },
            migrations: migrations.map(classOf),
        } as Partial<DataSourceOptions> as object)
    }

    const newSchema = async (name: string) => db().createSchema(`${name}_${process.pid}`)

    function expectNowhere(schema: string, { up, down }: GeneratedMigration): void {
        const texts = [...up, ...down].map(({ sql = "" }) => sql)
        expect(texts.filter((sql) => sql.includes(schema))).to.eql([])
    }

    it("runs in whichever schema is the first of the search path", async () => {
        const [here, there] = [await newSchema("here"), await newSchema("Over There")]
        const first = (await generateMigration(await connect(here, TRIGGER)))!
        expectNowhere(here, first)
        const options = { ...TRIGGER, startAt: 10 }
        for (const schema of [here, `"${there.replace(" ", "\\ ")}"`]) {
            const before = await connect(schema, TRIGGER, [first])
            await before.runMigrations()
            await verifyAutoSequence(before)
            expect(await post(before, 1, 1)).to.eql([1, 2])
            const second = (await generateMigration(await connect(schema, options), {
                timestamp: Date.now() + 1000,
            }))!
            expectNowhere(schema, second)
            const atFirst = await before.query(TRIGGERS)
            const after = await connect(schema, options, [first, second])
            await after.runMigrations()
            await verifyAutoSequence(after)
            await expectUpToDate(after)
            expect(await post(after, 1, 2, 1)).to.eql([10, 10, 11])
            await after.undoLastMigration()
            expect(await before.query(TRIGGERS)).to.eql(atFirst)
            expect(await post(before, 1, 3)).to.eql([12, 1])
            await verifyAutoSequence(before)
        }
        await (
            await connect(`"${there.replace(" ", "\\ ")}"`, TRIGGER, [first])
        ).undoLastMigration()
        await verifyAutoSequence(await connect(here, TRIGGER))
    })

    it("keeps apart what one transaction does in two schemas", async () => {
        const [one, other] = [await newSchema("one"), await newSchema("other")]
        const first = (await generateMigration(await connect(one, TRIGGER)))!
        const dataSource = await connect(one, TRIGGER, [first])
        await dataSource.runMigrations()
        await (await connect(other, TRIGGER, [first])).runMigrations()
        await dataSource.transaction(async (manager) => {
            for (const [schema, rows] of [
                [one, 3],
                [other, 2],
                [one, 2],
                [other, 4],
            ] as const)
                await manager.query(
                    `INSERT INTO ${schema}.letter (box) SELECT 1 FROM generate_series(1, ${rows})`,
                )
        })
        for (const [schema, last] of [
            [one, 5],
            [other, 6],
        ] as const) {
            const rows = await dataSource.query<{ number: number }[]>(
                `SELECT number FROM ${schema}.letter ORDER BY number`,
            )
            expect(rows.map(({ number }) => number)).to.eql(
                Array.from({ length: last }, (_, at) => at + 1),
            )
            expect(
                await dataSource.query(`SELECT last FROM ${schema}.autosequence_counter`),
            ).to.eql([{ last: String(last) }])
        }
    })
})
