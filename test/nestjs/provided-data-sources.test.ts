import { Global, Inject, Injectable, Module } from "@nestjs/common"
import type { TypeOrmModuleOptions } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, type DataSourceOptions } from "typeorm"
import { withAutoSequence } from "../../src"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Parcel, Receipt, saveNew } from "./entities"

onOnePostgres("A data source that a provider of the application makes", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const newOptions = async () => ({ ...(await database().newOptions()), synchronize: true })

    const connect = (options: DataSourceOptions) => new DataSource(options).initialize()
    const providing = (options: TypeOrmModuleOptions) => {
        @Module({
            providers: [
                {
                    provide: "DATABASE",
                    useFactory: () => connect(options as DataSourceOptions),
                },
            ],
            exports: ["DATABASE"],
        })
        class DatabaseModule {
            constructor(@Inject("DATABASE") private readonly dataSource: DataSource) {}
            onApplicationShutdown(): Promise<void> {
                return this.dataSource.destroy()
            }
        }
        return DatabaseModule
    }

    it("is found by its token, in an imported module", async () => {
        const DatabaseModule = providing({ ...(await newOptions()), entities: [Parcel] })
        const application = await applications.start({
            imports: [
                AutoSequenceModule.forRoot({
                    dataSourceToken: "DATABASE",
                    imports: [DatabaseModule],
                    strict: true,
                }),
            ],
        })
        expect(await saveNew(Parcel, application.get("DATABASE"))).to.eql([1, 2])
    })

    it("is found by its token, in a global module", async () => {
        const DatabaseModule = providing(
            withAutoSequence({ ...(await newOptions()), entities: [Receipt] }),
        )
        Global()(DatabaseModule)
        const application = await applications.start({
            imports: [
                DatabaseModule,
                AutoSequenceModule.forRootAsync({
                    dataSourceToken: "DATABASE",
                    useFactory: () => ({ strict: true }),
                }),
            ],
        })
        expect(await saveNew(Receipt, application.get("DATABASE"))).to.eql([1, 2])
    })

    it("has its hooks called once", async () => {
        const options = { ...(await newOptions()), entities: [Parcel] }
        @Injectable()
        class Database extends DataSource {
            constructor() {
                super(options)
            }
            onModuleInit(): Promise<unknown> {
                return this.initialize()
            }
            onApplicationShutdown(): Promise<void> {
                return this.destroy()
            }
        }
        @Module({ providers: [Database], exports: [Database] })
        class DatabaseModule {}

        const messages = new Messages()
        const application = await applications.start(
            {
                imports: [
                    DatabaseModule,
                    AutoSequenceModule.forRoot({
                        dataSourceToken: Database,
                        imports: [DatabaseModule],
                        strict: true,
                    }),
                ],
            },
            { messages },
        )
        expect(await saveNew(Parcel, application.get(Database))).to.eql([1, 2])
        expect(messages.warnings).to.eql([])
    })
})
