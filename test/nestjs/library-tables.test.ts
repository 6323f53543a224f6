import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from "@nestjs/typeorm"
import { expect } from "chai"
import type { DataSource, DataSourceOptions } from "typeorm"
import {
    autoSequenceEntities,
    AutoSequenceSubscriber,
    counterEntity,
    verifyAutoSequence,
    withAutoSequence,
} from "../../src"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { Receipt, saveNew, Topic } from "./entities"

/** Nest would load the entities of other tests with one that has no name. */
const NAME = "with_library_tables"

onOnePostgres("The library's tables in an application", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const start = async (options: TypeOrmModuleOptions) => {
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...options, name: NAME, synchronize: true }),
                TypeOrmModule.forFeature([Receipt, Topic], NAME),
                AutoSequenceModule.forRoot({ dataSource: NAME }),
            ],
        })
        return application.get<DataSource>(getDataSourceToken(NAME))
    }
    const autoLoading = async () => ({ ...(await database().newOptions()), autoLoadEntities: true })

    const schemaOf = ({ options }: DataSource) => (options as { schema?: string }).schema
    const libraryTables = async (dataSource: DataSource, schema = schemaOf(dataSource)) => {
        const found: { name: string }[] = await dataSource.query(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 " +
                "AND (table_name LIKE 'autosequence_%' OR table_name LIKE 'number_%') ORDER BY 1",
            [schema],
        )
        return found.map(({ name }) => name)
    }
    const lastNumbers = (dataSource: DataSource, table: string) =>
        dataSource.query<unknown>(`SELECT last FROM ${table}`)

    const ways: Record<string, (options: DataSourceOptions) => DataSourceOptions> = {
        "loaded by Nest": (options) => options,
        "loaded by Nest and given by withAutoSequence": (options) => withAutoSequence(options),
        "loaded by Nest and named as autoSequenceEntities": (options) => ({
            ...options,
            entities: [...autoSequenceEntities],
        }),
        "loaded by Nest and named one by one": (options) => ({
            ...options,
            subscribers: [AutoSequenceSubscriber],
            entities: [counterEntity()],
        }),
    }
    for (const [way, change] of Object.entries(ways))
        it(`are there once where they are ${way}`, async () => {
            const dataSource = await start(change(await autoLoading()) as TypeOrmModuleOptions)
            expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
            expect(await libraryTables(dataSource)).to.eql([
                "autosequence_counter",
                "autosequence_key",
            ])
            await verifyAutoSequence(dataSource)
            await dataSource.synchronize()
            expect(await saveNew(Receipt, dataSource)).to.eql([3, 4])
        })

    it("are those that the application has given a name", async () => {
        const options = withAutoSequence(await autoLoading(), {
            counterTable: { name: "number_series" },
            keyTable: { name: "number_keys" },
        })
        const dataSource = await start(options)
        expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
        expect(await libraryTables(dataSource)).to.eql(["number_keys", "number_series"])
        const { schema } = options
        expect(await lastNumbers(dataSource, `"${schema}".number_series`)).to.eql([{ last: "2" }])
    })

    it("are in the schema that the application has named", async () => {
        const schema = await database().createSchema()
        const options = withAutoSequence(await autoLoading(), { counterTable: { schema } })
        const dataSource = await start(options)
        expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
        expect(await libraryTables(dataSource)).to.eql(["autosequence_key"])
        expect(await libraryTables(dataSource, schema)).to.eql(["autosequence_counter"])
    })
})
