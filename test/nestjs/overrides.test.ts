import { Controller, Get, Injectable, Param, type PipeTransform } from "@nestjs/common"
import { getDataSourceToken, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, type DataSourceOptions } from "typeorm"
import type { Sequence } from "../../src"
import {
    AutoSequenceModule,
    getAutoSequenceOptionsToken,
    getSequenceToken,
    InjectSequence,
    PseudoKeyPipe,
} from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Page, Parcel, saveNew } from "./entities"

@Injectable()
class LabelsService {
    constructor(@InjectSequence("labels") private readonly labels: Sequence) {}
    print(): Promise<number> {
        return this.labels.next()
    }
}

const PagePipe = PseudoKeyPipe(Page)

@Controller("pages")
class PagesController {
    @Get(":key")
    show(@Param("key", PagePipe) { title }: Page): string {
        return title
    }
}

onOnePostgres("A module that is tested", (database) => {
    const applications = new Applications()
    const dataSources: DataSource[] = []
    afterEach(async () => {
        await applications.close()
        for (const dataSource of dataSources.splice(0))
            if (dataSource.isInitialized) await dataSource.destroy()
    })

    const connect = async (entities: DataSourceOptions["entities"]) => {
        const options = { ...(await database().newOptions()), entities, synchronize: true }
        const dataSource = await new DataSource(options).initialize()
        dataSources.push(dataSource)
        return dataSource
    }
    /** As in production, which the tests have no database of. */
    const production = () => ({
        imports: [
            TypeOrmModule.forRoot({ type: "postgres", host: "nowhere.invalid", retryAttempts: 0 }),
            AutoSequenceModule.forRoot({ strict: true }),
            AutoSequenceModule.forFeature(["labels"]),
        ],
        controllers: [PagesController],
        providers: [LabelsService],
    })
    const fakeLabels = { next: () => Promise.resolve(7) }

    for (const [name, token] of [
        ["DataSource", DataSource],
        ["getDataSourceToken()", getDataSourceToken()],
    ] as const)
        it(`numbers rows of the data source that stands in for ${name}`, async () => {
            const dataSource = await connect([Parcel])
            await applications.start(production(), {
                change: (builder) =>
                    builder
                        .overrideProvider(token)
                        .useValue(dataSource)
                        .overrideProvider(getSequenceToken("labels"))
                        .useValue(fakeLabels),
            })
            expect(await saveNew(Parcel, dataSource)).to.eql([1, 2])
        })

    it("numbers rows of a data source that a factory puts in the place", async () => {
        const application = await applications.start(production(), {
            change: (builder) =>
                builder
                    .overrideProvider(DataSource)
                    .useFactory({ factory: () => connect([Parcel]) })
                    .overrideProvider(getSequenceToken("labels"))
                    .useValue(fakeLabels),
        })
        expect(await saveNew(Parcel, application.get(DataSource))).to.eql([1, 2])
    })

    for (const fake of [{}, { manager: {}, getRepository: () => ({}) }])
        it(`starts without a database, with ${JSON.stringify(fake)} for the data source`, async () => {
            const messages = new Messages()
            const application = await applications.start(production(), {
                messages,
                change: (builder) => builder.overrideProvider(DataSource).useValue(fake),
            })
            expect(application.get(LabelsService)).to.be.instanceOf(LabelsService)
            expect(messages.warnings).to.eql([])
        })

    it("has the sequence that stands in for another one", async () => {
        const application = await applications.start(production(), {
            change: (builder) =>
                builder
                    .overrideProvider(DataSource)
                    .useValue({})
                    .overrideProvider(getSequenceToken("labels"))
                    .useValue(fakeLabels),
        })
        expect(await application.get(LabelsService).print()).to.equal(7)
    })

    it("has the options that stand in for others", async () => {
        const application = await applications.start(production(), {
            change: (builder) =>
                builder
                    .overrideProvider(getDataSourceToken())
                    .useFactory({ factory: async () => connect([]) })
                    .overrideProvider(getAutoSequenceOptionsToken())
                    .useValue({ verify: false }),
        })
        expect(application.get(getAutoSequenceOptionsToken())).to.eql({ verify: false })
    })

    it("has the pipe that stands in for that of a constant", async () => {
        const application = await applications.start(production(), {
            change: (builder) =>
                builder
                    .overrideProvider(DataSource)
                    .useValue({})
                    .overridePipe(PagePipe)
                    .useClass(
                        class implements PipeTransform<string> {
                            transform(key: string) {
                                return { title: `The page ${key}` }
                            }
                        },
                    ),
        })
        const response = await fetch(`${await application.getUrl()}/pages/page_1`)
        expect(await response.text()).to.equal("The page page_1")
    })

    it("numbers rows as soon as it is compiled", async () => {
        const application = await applications.create({
            imports: [
                TypeOrmModule.forRoot({
                    ...(await database().newOptions()),
                    entities: [Parcel],
                    synchronize: true,
                }),
                AutoSequenceModule.forRoot({ strict: true }),
            ],
        })
        expect(await saveNew(Parcel, application.get(DataSource))).to.eql([1, 2])
    })

    it("may do without the whole module", async () => {
        const application = await applications.start({
            providers: [
                LabelsService,
                { provide: getSequenceToken("labels"), useValue: fakeLabels },
            ],
        })
        expect(await application.get(LabelsService).print()).to.equal(7)
    })
})
