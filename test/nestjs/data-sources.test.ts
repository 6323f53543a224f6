import { getDataSourceToken, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, type DataSourceOptions, type QueryRunner } from "typeorm"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { Parcel, Receipt, saveNew, storedNumbers } from "./entities"

onOnePostgres("The data sources that AutoSequenceModule works with", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const newOptions = async () => ({ ...(await database().newOptions()), synchronize: true })
    const autoLoading = async () => ({ ...(await newOptions()), autoLoadEntities: true })
    const receipts = TypeOrmModule.forFeature([Receipt])

    it("may be made and filled by a function, before Nest sees them", async () => {
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRootAsync({
                    useFactory: autoLoading,
                    dataSourceFactory: async (options) => {
                        const dataSource = new DataSource(options as DataSourceOptions)
                        await dataSource.initialize()
                        await saveNew(Receipt, dataSource)
                        return dataSource
                    },
                }),
                receipts,
                AutoSequenceModule.forRoot(),
            ],
        })
        const dataSource = application.get(DataSource)
        await saveNew(Receipt, dataSource)
        expect(await storedNumbers(Receipt, dataSource)).to.eql([1, 2, 3, 4])
    })

    it("may save entities in a migration that runs when they start", async () => {
        class SeedReceipts1700000000000 {
            async up({ manager, connection }: QueryRunner & { connection?: DataSource }) {
                await (manager.connection ?? connection).synchronize()
                await manager.save([new Receipt(), new Receipt()])
            }
            async down(): Promise<void> {}
        }
        const options = await autoLoading()
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({
                    ...options,
                    migrations: [SeedReceipts1700000000000],
                    migrationsRun: true,
                }),
                receipts,
                AutoSequenceModule.forRoot(),
            ],
        })
        const dataSource = application.get(DataSource)
        expect(await saveNew(Receipt, dataSource)).to.eql([3, 4])
        expect(await storedNumbers(Receipt, dataSource)).to.eql([1, 2, 3, 4])
    })

    it("may be connected again", async () => {
        for (const typeOrm of [
            { ...(await newOptions()), entities: [Parcel] },
            { ...(await autoLoading()), entities: [Parcel] },
        ]) {
            const application = await applications.start({
                imports: [TypeOrmModule.forRoot(typeOrm), AutoSequenceModule.forRoot()],
            })
            const dataSource = application.get(DataSource)
            expect(await saveNew(Parcel, dataSource)).to.eql([1, 2])
            await dataSource.destroy()
            await dataSource.initialize()
            expect(await saveNew(Parcel, dataSource)).to.eql([3, 4])
            await applications.close()
        }
    })

    it("may be several, each with its own numbers", async () => {
        const names = ["branch_north", "branch_south"]
        const imports = await Promise.all(
            names.map(async (name) => [
                AutoSequenceModule.forRoot({ dataSource: name, strict: true }),
                TypeOrmModule.forRoot({ ...(await autoLoading()), name }),
                TypeOrmModule.forFeature([Receipt], name),
            ]),
        )
        const application = await applications.start({ imports: imports.flat() })
        const [north, south] = names.map((name) =>
            application.get<DataSource>(getDataSourceToken(name)),
        ) as [DataSource, DataSource]
        expect(await saveNew(Receipt, north)).to.eql([1, 2])
        expect(await saveNew(Receipt, south)).to.eql([1, 2])
        expect(await saveNew(Receipt, north)).to.eql([3, 4])
    })

    it("may have a name that only the module's options tell", async () => {
        const name = "branch_west"
        const options = await autoLoading()
        const application = await applications.start({
            imports: [
                // @nestjs/typeorm 11 looks for the name in the options when it shuts down.
                TypeOrmModule.forRootAsync({ name, useFactory: () => ({ ...options, name }) }),
                TypeOrmModule.forFeature([Receipt], name),
                AutoSequenceModule.forRootAsync({
                    dataSource: name,
                    useFactory: () => ({ strict: true }),
                }),
            ],
        })
        const dataSource = application.get<DataSource>(getDataSourceToken(name))
        expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
    })

    it("leaves alone one that it isn't imported for", async () => {
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...(await newOptions()), name: "branch_east" }),
                TypeOrmModule.forRoot(await autoLoading()),
                receipts,
                AutoSequenceModule.forRoot(),
            ],
        })
        const { subscribers } = application.get<DataSource>(getDataSourceToken("branch_east"))
        expect(subscribers).to.eql([])
    })
})
