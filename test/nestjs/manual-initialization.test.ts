import { Module, type OnModuleInit } from "@nestjs/common"
import { InjectDataSource, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource } from "typeorm"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Receipt, saveNew } from "./entities"

/** Nest would load the entities of other tests with one that has no name. */
const NAME = "initialized_by_hand"

onOnePostgres("A data source that the application initializes itself", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const newOptions = async () => ({ ...(await database().newOptions()), synchronize: true })

    for (const autoLoadEntities of [true, false])
        it(`may be initialized when modules are${autoLoadEntities ? "" : ", with named entities"}`, async () => {
            @Module({})
            class Starter implements OnModuleInit {
                numbers: number[] = []
                constructor(@InjectDataSource(NAME) private readonly dataSource: DataSource) {}
                async onModuleInit(): Promise<void> {
                    await this.dataSource.initialize()
                    this.numbers = await saveNew(Receipt, this.dataSource)
                }
            }
            const messages = new Messages()
            const application = await applications.start(
                {
                    imports: [
                        TypeOrmModule.forRoot({
                            ...(await newOptions()),
                            name: NAME,
                            manualInitialization: true,
                            autoLoadEntities,
                            entities: [Receipt],
                        }),
                        AutoSequenceModule.forRoot({ dataSource: NAME }),
                        Starter,
                    ],
                },
                { messages },
            )
            expect(application.get(Starter).numbers).to.eql([1, 2])
            expect(messages.warnings).to.eql([])
        })

    it("may be initialized after the start", async () => {
        const messages = new Messages()
        const application = await applications.start(
            {
                imports: [
                    TypeOrmModule.forRoot({
                        ...(await newOptions()),
                        manualInitialization: true,
                        entities: [Receipt],
                    }),
                    AutoSequenceModule.forRoot({ verify: false }),
                ],
            },
            { messages },
        )
        const dataSource = application.get(DataSource)
        await dataSource.initialize()
        expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
        expect(messages.warnings).to.eql([])
    })

    it("leaves the options alone that the application has made it of", async () => {
        const options = {
            ...(await newOptions()),
            manualInitialization: true,
            entities: [Receipt],
        }
        const before = { ...options }
        await applications.start({
            imports: [
                TypeOrmModule.forRoot(options),
                AutoSequenceModule.forRoot({ verify: false }),
            ],
        })
        expect(options).to.eql(before)
    })
})
