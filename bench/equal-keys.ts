// DATABASE_URL=postgres://… npx ts-node bench/equal-keys.ts [--rows 100000]
//
// What keys cost of which there are many alike: a row saved as the second with its title, and as the hundred
// thousandth; keys that follow; and sealed keys made and opened without their rows. It checks what came of each.
import { parseArgs } from "node:util"
import "reflect-metadata"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { openKeys, PseudoKey, sealKeys } from "../src"
import { tableName } from "../src/typeorm/names"
import { compare, inParallel, print, type Way, withDatabase } from "./support"

const { values } = parseArgs({ options: { rows: { type: "string", default: "100000" } } })
const ROWS = Number(values.rows)
const SAVED = 100

@Entity()
class Story {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey({ derive: { from: (story: Story) => story.title, follow: true } }) slug!: string
}

@Entity()
class Customer {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "cus", seal: { column: "id", secret: "a".repeat(32) } }) publicId!: string
}

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase([Story, Customer], 1, async (dataSource) => {
        const stories = dataSource.getRepository(Story)
        const table = tableName(stories.metadata)
        await dataSource.query(
            `INSERT INTO ${table} (title, slug) SELECT 'Untitled', 'untitled' || CASE WHEN i > 1 THEN '-' || i ELSE '' END ` +
                `FROM generate_series(1, ${ROWS}) i`,
        )
        await dataSource.query(`VACUUM ANALYZE ${table}`)
        let last = 0
        const saving = (name: string, titleOf: (at: number) => string): Way => ({
            name,
            run: () =>
                inParallel(1, SAVED, async () => {
                    const title = titleOf(++last)
                    const { slug } = await stories.save({ title })
                    const stem = title.toLowerCase().replace(" ", "-")
                    if (!slug.startsWith(stem)) throw new Error(`${title} has the key ${slug}.`)
                }),
        })
        // Each text twice, the second time with a suffix.
        const second = saving("the second one of its title", (at) => `Title ${String(at)}`)
        const ways = [
            {
                name: second.name,
                run: async () => {
                    const from = last
                    await dataSource.query(
                        `INSERT INTO ${table} (title, slug) SELECT '', 'title-' || i FROM generate_series(${from + 1}, ${from + SAVED}) i`,
                    )
                    const start = performance.now()
                    await second.run()
                    return performance.now() - start
                },
            },
            saving(`the ${ROWS}th of its title`, () => "Untitled"),
        ]
        const ids = Array.from({ length: ROWS }, (_, at) => at + 1)
        const keys = sealKeys(dataSource, Customer, ids) as string[]
        const comparisons = [
            await compare(`${SAVED} rows saved`, 9, ways),
            await compare(`${ROWS} sealed keys`, 5, [
                sealed("made", () => sealKeys(dataSource, Customer, ids), keys),
                sealed("opened", () => openKeys(dataSource, Customer, keys), ids),
            ]),
        ]
        await print(dataSource, comparisons, "Every key is what it has to be.")
    })
}

function sealed(name: string, run: () => readonly unknown[], expected: readonly unknown[]): Way {
    return {
        name,
        run: () => {
            const got = run()
            if (got.some((one, at) => one !== expected[at])) throw new Error(`${name}: wrong keys.`)
            return Promise.resolve()
        },
    }
}
