import { Module } from "@nestjs/common"
import { TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, type DataSourceOptions } from "typeorm"
import { NotInstalledError, withAutoSequence } from "../../src"
import { AutoSequenceModule, type AutoSequenceModuleOptions } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Parcel, Receipt } from "./entities"

onOnePostgres("The start of an application", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    describe("that finds something missing", () => {
        const withoutTables = async () =>
            withAutoSequence({ ...(await database().newOptions()), entities: [Receipt] })

        it("warns of each of it", async () => {
            const { messages } = await applications.startOn(await withoutTables(), {})
            const [counter, table, ...more] = messages.warnings
            expect(counter).to.match(/^There is no table .*autosequence_counter.*NOT_INSTALLED\)$/)
            expect(table).to.match(/^There is no table .*registered_receipt.*\(NOT_INSTALLED\)$/)
            expect(more).to.eql([])
            expect(messages.errors).to.eql([])
        })

        it("warns once, however often the module is imported elsewhere", async () => {
            const messages = new Messages()
            const numbers = AutoSequenceModule.forRoot()
            @Module({ imports: [numbers] })
            class OtherModule {}

            await applications.start(
                { imports: [TypeOrmModule.forRoot(await withoutTables()), numbers, OtherModule] },
                { messages },
            )
            expect(messages.warnings).to.have.length(2)
        })

        it("is refused where it is strict", async () => {
            await expect(applications.startOn(await withoutTables(), { strict: true }))
                .to.be.rejectedWith(NotInstalledError, /registered_receipt/)
                .and.eventually.have.property("code", "NOT_INSTALLED")
        })

        it("goes on without a word where nothing is to be verified", async () => {
            for (const strict of [true, false]) {
                const options = { verify: false, strict }
                const { messages } = await applications.startOn(await withoutTables(), options)
                expect(messages).to.eql(new Messages())
            }
        })

        it("says nothing where nothing is missing", async () => {
            const options = { ...(await withoutTables()), synchronize: true }
            const { messages } = await applications.startOn(options, {})
            expect(messages).to.eql(new Messages())
        })
    })

    describe("with a data source that does not know the library's tables", () => {
        const says = /counter table[^]*autoLoadEntities: true[^]*withAutoSequence\(options\)/
        const withoutEntities = async () => ({
            ...(await database().newOptions()),
            entities: [Receipt],
            synchronize: true,
        })

        it("warns and says how they get there", async () => {
            const { messages } = await applications.startOn(await withoutEntities(), {})
            expect(messages.warnings).to.have.length(2)
            expect(messages.warnings.join("\n")).to.match(says)
        })

        for (const options of [{ strict: true }, { install: true }])
            it(`is refused with ${JSON.stringify(options)}, and says how they get there`, async () => {
                const started = applications.startOn(await withoutEntities(), options)
                await expect(started).to.be.rejectedWith(NotInstalledError, says)
            })
    })

    describe("whose database does not answer", () => {
        const unreachable = async (options: AutoSequenceModuleOptions, messages: Messages) => {
            const typeOrm = TypeOrmModule.forRootAsync({
                useFactory: async () => ({
                    ...(await database().newOptions()),
                    entities: [Parcel],
                }),
                dataSourceFactory: async (given) => {
                    const dataSource = new DataSource(given as DataSourceOptions)
                    await dataSource.initialize()
                    const { master } = dataSource.driver as unknown as {
                        master: { end(): Promise<void> }
                    }
                    await master.end()
                    return dataSource
                },
            })
            const imports = [typeOrm, AutoSequenceModule.forRoot(options)]
            return applications.start({ imports }, { messages })
        }

        it("warns that nothing could be checked", async () => {
            const messages = new Messages()
            await unreachable({}, messages)
            expect(messages.warnings).to.have.length(1)
            expect(messages.warnings[0]).to.match(/could not be checked: Error: .*pool/)
        })

        it("is refused where it is strict", async () => {
            await expect(unreachable({ strict: true }, new Messages())).to.be.rejectedWith("pool")
        })
    })

    describe("whose data source nobody initializes", () => {
        const manual = async () => ({
            ...(await database().newOptions()),
            entities: [Parcel],
            manualInitialization: true,
        })

        it("warns that it can't be checked", async () => {
            const { messages } = await applications.startOn(await manual(), {})
            expect(messages.warnings).to.have.length(1)
            expect(messages.warnings[0]).to.match(
                /not initialized.*verifyAutoSequence\(dataSource\)/,
            )
        })

        it("is refused where it is strict", async () => {
            const started = applications.startOn(await manual(), { strict: true })
            await expect(started).to.be.rejectedWith(NotInstalledError, "not initialized")
        })
    })
})
