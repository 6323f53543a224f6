import { expect } from "chai"
import { type DataSource, Entity, type EntityOptions, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    findByPseudoKey,
    installAutoSequence,
    PseudoKey,
    verifyAutoSequence,
} from "../../src"
import { changeEntities } from "../migrations/migrate"
import { onOnePostgres, type PostgresDatabase } from "../support/databases"
import { storedCounters, storedNumbers } from "../support/stored"
import { COUNTING, type Counting } from "../support/strategies"

function letters(strategy: Counting, options: EntityOptions = {}) {
    @Entity({ name: "letter", ...options })
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy }) number!: number
        @PseudoKey({ history: true }) slug!: string
    }
    return [Letter]
}

/** Other ways to name the place where the tables of a data source are. */
function otherWays(
    database: PostgresDatabase,
    first: DataSource,
    strategy: Counting,
): Record<string, Promise<DataSource>> {
    const { schema } = first.options as { schema?: string }
    const found = { schema: undefined, extra: { options: `-c search_path=${schema!},public` } }
    return {
        "search path": changeEntities(database, first, letters(strategy), found as object),
        "schema of the entity": changeEntities(database, first, letters(strategy, { schema }), {
            ...found,
            counterTable: { schema },
        } as object),
    }
}

for (const strategy of COUNTING)
    onOnePostgres(`the name of a series of strategy ${strategy}`, (db) => {
        it("does not depend on how the connection finds the table", async () => {
            const first = await db().connect(letters(strategy))
            const { id, slug } = await first.getRepository("Letter").save({})
            const numbers = [1]
            for (const [way, connecting] of Object.entries(otherWays(db(), first, strategy))) {
                const other = await connecting
                await verifyAutoSequence(other)
                const { number } = await other.getRepository("Letter").save({})
                expect(number, way).to.equal(numbers.push(number))
                const row = await other.getRepository("Letter").findOneByOrFail({ id })
                await other
                    .getRepository("Letter")
                    .save({ ...row, slug: `by-${way.replaceAll(" ", "-")}` })
                expect(await findByPseudoKey(other.manager, "Letter", slug), way).to.include({
                    id,
                })
            }
            await first.getRepository("Letter").save({})
            numbers.push(numbers.length + 1)
            expect(await storedNumbers(first.getRepository("Letter"))).to.eql(numbers)
            expect(await storedCounters(first)).to.eql([
                { series: "letter.number", scope: "v1:", last: String(numbers.length) },
            ])
            await verifyAutoSequence(first)
        })

        it("tells tables apart whose counters are in another schema", async () => {
            const shared = await db().connect([])
            const { schema } = shared.options as { schema?: string }
            for (const expected of [1, 2]) {
                const tenant = await db().connect(letters(strategy), {
                    synchronize: false,
                    counterTable: { schema },
                })
                await tenant.synchronize()
                await installAutoSequence(tenant)
                expect((await tenant.getRepository("Letter").save({})).number).to.equal(1)
                expect((await tenant.getRepository("Letter").save({})).number).to.equal(2)
                const counters = await storedCounters(tenant)
                expect(counters.map(({ last }) => last)).to.eql(Array(expected).fill("2"))
                const own = (tenant.options as { schema?: string }).schema
                expect(counters.map(({ series }) => series)).to.include(`${own}.letter.number`)
            }
        })
    })
