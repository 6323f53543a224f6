import { expect } from "chai"
import { EntitySchema } from "typeorm"
import { backfillPseudoKeys } from "../../../src"
import { migrate } from "../../migrations/migrate"
import { onEveryDatabase } from "../../support/databases"
import { isThorough } from "../../support/thoroughness"
import { checkPrograms, seed } from "./check"
import { expectLookUps } from "./look-ups"
import { Runs } from "./runs"
import { OTHERS, type Row, type Style, TITLED, TITLES } from "./styles"
import { type Variant, variantOf } from "./variants"

const PLAIN = { isSoftDeleted: false, family: "none", isSchema: true } as const
/** New objects each time, as save() writes its keys onto them. */
const rowsBefore = () => [...TITLES, ...TITLES].map((title, at) => ({ title, box: 1 + (at % 2) }))

/** The table of a variant without its key. */
function withoutKey(table: string): EntitySchema<Omit<Row, "slug">> {
    return new EntitySchema<Omit<Row, "slug">>({
        name: table,
        columns: {
            id: { type: "int", primary: true, generated: true },
            box: { type: "int" },
            title: { type: "varchar", length: 50 },
            code: { type: "varchar", length: 50, nullable: true, unique: true },
        },
    })
}

onEveryDatabase(`Rows from before their keys (TEST_SEED=${seed})`, (database) => {
    let tables = 0

    async function goOn(
        variant: Variant,
        dataSource: ConstructorParameters<typeof Runs>[0],
    ): Promise<void> {
        const runs = new Runs(dataSource, variant)
        await runs.adopt()
        const { rows } = runs.model
        expect(rows.size).to.be.greaterThan(5)
        for (const row of runs.model.keyed) expect(row.key, row.title).to.be.a("string")
        await expectLookUps(dataSource.manager, runs.model)
        // All go on from the rows that were left by the one before.
        await checkPrograms(runs, { at: ++tables, run: (program) => runs.goOn(program) })
    }

    for (const history of [false, true])
        for (const isScoped of isThorough ? [false, true] : [true]) {
            const shape = { ...PLAIN, history, isScoped }
            const title = `${history ? "with" : "without"} a history, ${isScoped ? "in a scope" : "in the table"}`

            it(`are given them by a migration, and go on ${title}`, async () => {
                const variant = variantOf("titles", TITLED, shape, "before_1")
                const before = await database().connect([withoutKey("before_1")])
                await before.getRepository("before_1").save(rowsBefore())
                const { dataSource } = await migrate(database(), before, variant.entities as never)
                await goOn(variant, dataSource)
            })

            it(`are given them in batches, and go on ${title}`, async () => {
                const style: Style = {
                    ...TITLED,
                    options: { ...TITLED.options, nullable: true },
                    isNullable: true,
                }
                const variant = variantOf("titles", style, shape, "before_2")
                const before = await database().connect([withoutKey("before_2")])
                await before.getRepository("before_2").save(rowsBefore())
                const dataSource = await database().connect(variant.entities as never, {
                    sameAs: before,
                    synchronize: false,
                })
                const migrated = await migrate(database(), dataSource, variant.entities as never)
                await backfillPseudoKeys(migrated.dataSource, variant.root, { batchSize: 5 })
                await goOn(variant, migrated.dataSource)
            })

            it(`have another prefix, and go on ${title}`, async () => {
                const style = OTHERS["former prefixes"]!
                const { derive } = style.options
                const former = { ...style, options: { derive, prefix: "FORMER" } }
                const one = variantOf("former", former, { ...shape, history: false }, "before_3")
                const before = await database().connect(one.entities as never)
                await before.getRepository<Row>(one.root).save(rowsBefore())
                const variant = variantOf("former prefixes", style, shape, "before_3")
                const dataSource = await database().connect(variant.entities as never, {
                    sameAs: before,
                })
                await goOn(variant, dataSource)
            })
        }

    for (const isScoped of [false, true])
        it(`had no history, and go on with one ${isScoped ? "in a scope" : "in the table"}`, async () => {
            const shape = { ...PLAIN, isScoped }
            const one = variantOf("titles", TITLED, { ...shape, history: false }, "before_4")
            const before = await database().connect(one.entities as never)
            const rows = before.getRepository<Row>(one.root)
            await rows.save(rowsBefore())
            await rows.delete({ title: "TEA!" })
            const variant = variantOf("titles", TITLED, { ...shape, history: true }, "before_4")
            const dataSource = await database().connect(variant.entities as never, {
                sameAs: before,
            })
            await goOn(variant, dataSource)
        })
})
