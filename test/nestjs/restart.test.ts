import type { INestApplication } from "@nestjs/common"
import { TypeOrmModule, type TypeOrmModuleOptions } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource } from "typeorm"
import { AutoSequenceSubscriber, withAutoSequence } from "../../src"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { Parcel, Receipt, saveNew, storedNumbers, Ticket } from "./entities"

const RUNS = [
    [1, 2],
    [3, 4],
    [5, 6],
]

onOnePostgres("Applications of one process", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const autoLoading = async () => ({ ...(await database().newOptions()), autoLoadEntities: true })
    const start = (options: TypeOrmModuleOptions) =>
        applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...options, synchronize: true }),
                TypeOrmModule.forFeature([Receipt]),
                AutoSequenceModule.forRoot(),
            ],
        })
    const dataSourceOf = (application: INestApplication) => application.get(DataSource)

    for (const isGiven of [false, true])
        it(`go on with the numbers when one is started again${isGiven ? ", by withAutoSequence too" : ""}`, async () => {
            const options = await autoLoading()
            for (const numbers of RUNS) {
                const application = await start(isGiven ? withAutoSequence(options) : options)
                const dataSource = dataSourceOf(application)
                expect(await saveNew(Receipt, dataSource)).to.eql(numbers)
                const own = dataSource.subscribers.filter(
                    (one) => one instanceof AutoSequenceSubscriber,
                )
                expect(own).to.have.length(1)
                await applications.close()
            }
        })

    it("go on with the numbers of triggers that each start installs anew", async () => {
        const options = withAutoSequence({
            ...(await database().newOptions()),
            entities: [Ticket],
        })
        for (const numbers of RUNS) {
            const application = await applications.start({
                imports: [
                    // Creates the table alone, as TypeORM knows no triggers.
                    TypeOrmModule.forRoot({ ...options, synchronize: numbers[0] === 1 }),
                    AutoSequenceModule.forRoot({ install: true, strict: true }),
                ],
            })
            expect(await saveNew(Ticket, dataSourceOf(application))).to.eql(numbers)
            await applications.close()
        }
    })

    it("number from 1 each, where each has a schema of its own", async () => {
        const started = [await start(await autoLoading()), await start(await autoLoading())]
        const dataSources = started.map(dataSourceOf)
        await Promise.all(dataSources.flatMap((one) => saveInParallel(one)))
        for (const dataSource of dataSources)
            expect(await storedNumbers(Receipt, dataSource)).to.eql(upTo(20))
    })

    it("share the numbers of a schema that they share", async () => {
        const options = await autoLoading()
        const [first, second] = [await start(options), await start(options)].map(dataSourceOf)
        const saves = [first, second].flatMap((one) => saveInParallel(one as DataSource))
        await Promise.all(saves)
        expect(await storedNumbers(Receipt, first as DataSource)).to.eql(upTo(40))
    })

    it("may start at the same time, and all install what is missing", async () => {
        const options = withAutoSequence({
            ...(await database().newOptions()),
            entities: [Ticket],
        })
        await database().query(
            `CREATE TABLE "${options.schema}".registered_ticket (id serial PRIMARY KEY)`,
        )
        const started = await Promise.all(
            upTo(3).map(() =>
                applications.start({
                    imports: [
                        TypeOrmModule.forRoot(options),
                        AutoSequenceModule.forRoot({ install: true, strict: true }),
                    ],
                }),
            ),
        )
        const dataSources = started.map(dataSourceOf)
        await Promise.all(dataSources.flatMap((one) => upTo(5).map(() => saveNew(Ticket, one))))
        expect(await storedNumbers(Ticket, dataSources[0] as DataSource)).to.eql(upTo(30))
    })

    it("leave each other's data sources alone", async () => {
        const numbered = await start(await autoLoading())
        const other = await applications.start({
            imports: [
                TypeOrmModule.forRoot({
                    ...(await database().newOptions()),
                    entities: [Parcel],
                }),
            ],
        })
        await numbered.close()
        expect(dataSourceOf(other).subscribers).to.eql([])
        expect(dataSourceOf(other).isInitialized).to.equal(true)
    })
})

function saveInParallel(dataSource: DataSource): Promise<number[]>[] {
    return upTo(10).map(() => saveNew(Receipt, dataSource))
}

function upTo(count: number): number[] {
    return Array.from({ length: count }, (_, index) => index + 1)
}
