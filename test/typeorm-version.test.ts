import "./support/typeorm-version"
import { expect } from "chai"
import {
    DataSource,
    type DataSourceOptions,
    Entity,
    getMetadataArgsStorage,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, UnsupportedError, withAutoSequence } from "../src"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
}

type Internals = Record<"indices" | "columns", unknown[]> & { getEntityValue?: unknown }

describe("A version of TypeORM that works in another way inside", () => {
    const declared = getMetadataArgsStorage().indices.find(({ target }) => target === Letter)

    /** Initialises a data source whose metadata has been changed where the library looks first. */
    async function initializeWith(change: (metadata: Internals) => object): Promise<unknown> {
        const columns = declared?.columns as (this: unknown) => string[]
        const args = declared as { columns: unknown }
        args.columns = function (this: { entityMetadata: Internals; build: unknown }) {
            return columns.call({ build: this.build, entityMetadata: change(this.entityMetadata) })
        }
        try {
            const options: DataSourceOptions = { type: "sqljs", entities: [Letter] }
            const dataSource = new DataSource(withAutoSequence(options))
            await dataSource.initialize()
            return await dataSource.destroy()
        } catch (error) {
            return error
        } finally {
            args.columns = columns
        }
    }

    for (const [does, change] of [
        ["builds indexes", () => ({})],
        ["leaves out tables", ({ indices }) => ({ indices, ownIndices: [] })],
        [
            "reads the values of entities",
            ({ indices }) => ({ indices, ownIndices: [], synchronize: true, columns: [{}] }),
        ],
        [
            "calls listeners",
            ({ indices }) => ({ indices, ownIndices: [], synchronize: true, columns: [] }),
        ],
    ] as [string, (metadata: Internals) => object][])
        it(`is refused by its number at the start, where it ${does} so`, async () => {
            const error = await initializeWith(change)
            expectRefusal(error, does)
        })

    it("is refused by its number at the start, where it builds schemas so", async () => {
        const options: DataSourceOptions = { type: "sqljs", entities: [Letter] }
        const dataSource = new DataSource(withAutoSequence(options))
        const build = () => Promise.resolve()
        Object.assign(dataSource.driver, { createSchemaBuilder: () => ({ build }) })
        const error: unknown = await dataSource.initialize().then(
            () => undefined,
            (refused: unknown) => refused,
        )
        expectRefusal(error, "builds schemas")
    })

    function expectRefusal(error: unknown, does: string): void {
        expect(error).to.be.instanceOf(UnsupportedError)
        expect((error as Error).message).to.match(
            new RegExp(`^TypeORM \\d+\\.\\d+\\.\\d+ ${does} differently`),
        )
    }
})
