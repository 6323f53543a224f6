import { Injectable, Module } from "@nestjs/common"
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import type { DataSource, DataSourceOptions, Repository } from "typeorm"
import { InvalidOptionError, NotInstalledError, Sequence, withAutoSequence } from "../../src"
import {
    AutoSequenceModule,
    getSequenceToken,
    InjectSequence,
    type NamedSequence,
} from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { expectRejects, expectThrows, rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { Applications, Messages } from "./applications"
import { CountedOrder, list } from "./orders"

type PostgresOptions = Extract<DataSourceOptions, { type: "postgres" }>

@Injectable()
class Desk {
    constructor(@InjectSequence("receipts") readonly receipts: Sequence) {}
}

/** Two modules that count together. */
@Module({
    imports: [AutoSequenceModule.forFeature(["receipts"])],
    providers: [Desk],
    exports: [Desk],
})
class NorthModule {}

@Module({
    imports: [AutoSequenceModule.forFeature(["receipts"])],
    providers: [{ provide: "south desk", useClass: Desk }],
    exports: ["south desk"],
})
class SouthModule {}

@Injectable()
class Billing {
    constructor(
        @InjectSequence("receipts") readonly receipts: Sequence,
        @InjectSequence("receipts", "billing") readonly billed: Sequence,
    ) {}
}

onOnePostgres("AutoSequenceModule.forFeature", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    // autoLoadEntities would bring all entities of this process.
    const typeOrm = async (options: Partial<PostgresOptions> = {}, name?: string) => {
        const given = { ...(await database().newOptions()), synchronize: true, entities: [] }
        return TypeOrmModule.forRoot({ ...withAutoSequence({ ...given, ...options }), name })
    }

    const sequenceOf = <Type extends "number" | "bigint" = "number">(
        application: { get(token: string): Sequence<Type> },
        name: string,
        dataSource?: string,
    ) => application.get(getSequenceToken(name, dataSource))

    it("provides sequences by name and with options, on the data source", async () => {
        const application = await applications.create({
            imports: [
                await typeOrm(),
                AutoSequenceModule.forRoot({ strict: true }),
                AutoSequenceModule.forFeature([
                    "receipts",
                    { name: "cases", startAt: 1000, incrementBy: 10 },
                    { name: "lanes", resetAt: 3 },
                    { name: "events", type: "bigint", startAt: 2n ** 60n },
                    { name: "visits", scope: ["north"] },
                ]),
            ],
        })
        expect(await sequenceOf(application, "receipts").nextMany(2)).to.eql([1, 2])
        expect(await sequenceOf(application, "cases").nextMany(2)).to.eql([1000, 1010])
        expect(await sequenceOf(application, "lanes").nextMany(3)).to.eql([1, 2, 1])
        expect(await sequenceOf<"bigint">(application, "events").next()).to.equal(2n ** 60n)
        const visits = sequenceOf(application, "visits")
        await visits.next()
        const dataSource = application.get<DataSource>(getDataSourceToken())
        expect(await new Sequence("visits", { scope: ["north"] }).last(dataSource)).to.equal(1)
        expect(await visits.inScope(["south"]).next()).to.equal(1)
        expect(await visits.last()).to.equal(1)
    })

    it("lets modules count together that name the same sequence", async () => {
        const application = await applications.create({
            imports: [NorthModule, SouthModule, AutoSequenceModule.forRoot(), await typeOrm()],
        })
        const desks = [application.get(Desk), application.get<Desk>("south desk")]
        const numbers = await Promise.all(list(50, (at) => desks[at % 2]!.receipts.next()))
        expect(numbers.sort((a, b) => a - b)).to.eql(upTo(50))
    })

    it("keeps data sources apart that have names", async () => {
        const application = await applications.create({
            imports: [
                AutoSequenceModule.forFeature(["receipts"], "billing"),
                AutoSequenceModule.forFeature(["receipts"]),
                await typeOrm(),
                await typeOrm({}, "billing"),
                AutoSequenceModule.forRoot(),
                AutoSequenceModule.forRoot({ dataSource: "billing" }),
            ],
            providers: [Billing],
        })
        const { receipts, billed } = application.get(Billing)
        expect(await receipts.nextMany(3)).to.eql([1, 2, 3])
        expect(await billed.next()).to.equal(1)
        const billing = application.get<DataSource>(getDataSourceToken("billing"))
        expect(await new Sequence("receipts").last(billing)).to.equal(1)
        const rolledBack = billing.transaction(async (manager) => {
            expect(await billed.next(manager)).to.equal(2)
            throw new Error("Never mind.")
        })
        await rejection(rolledBack)
        expect(await billed.last()).to.equal(1)
    })

    it("works on a data source that a provider of the application makes", async () => {
        const token = Symbol("Archive")
        @Module({
            imports: [await typeOrm()],
            providers: [{ provide: token, useExisting: getDataSourceToken() }],
            exports: [token],
        })
        class ArchiveModule {}
        const application = await applications.create({
            imports: [
                AutoSequenceModule.forRoot({
                    dataSource: "archive",
                    dataSourceToken: token,
                    imports: [ArchiveModule],
                    install: true,
                }),
                AutoSequenceModule.forFeature(["files"], "archive"),
            ],
        })
        expect(await sequenceOf(application, "files", "archive").next()).to.equal(1)
    })

    it("refuses wrong options at once", () => {
        const wrong: readonly [unknown, string][] = [
            [{ name: "a", startAt: 0 }, "startAt is 0"],
            [{ name: "a", incrementBy: 1.5 }, "incrementBy is 1.5"],
            [{ name: "a", resetAt: 1 }, "resetAt is 1"],
            [{ name: "a", scope: "north" }, 'scope is "north"'],
            [{ name: "a", type: "text" }, 'type is "text"'],
            [{ name: "a", step: 2 }, 'there is no option "step"'],
            [{ startAt: 1 }, "The name of a sequence is undefined"],
            ["", 'The name of a sequence is ""'],
        ]
        for (const [sequence, text] of wrong)
            expectThrows(
                () => AutoSequenceModule.forFeature([sequence as string]),
                InvalidOptionError,
                text,
            )
    })

    it("names forRoot() where that is missing", async () => {
        const imports = [await typeOrm(), AutoSequenceModule.forFeature(["receipts"])]
        const attempt = applications.create({ imports })
        expect((await rejection(attempt)).message)
            .to.include('Sequence("receipts")')
            .and.include("AutoSequenceModule.forRoot()")
    })

    it("names forRoot() for the data source where that is missing", async () => {
        const attempt = applications.create({
            imports: [
                await typeOrm(),
                AutoSequenceModule.forRoot(),
                AutoSequenceModule.forFeature(["receipts"], "billing"),
            ],
        })
        expect((await rejection(attempt)).message)
            .to.include('Sequence("receipts", "billing")')
            .and.include('AutoSequenceModule.forRoot({ dataSource: "billing" })')
    })

    describe("without the counter table", () => {
        const start = async (options: object, messages = new Messages()) => {
            const imports = [
                await typeOrm({ synchronize: false }),
                AutoSequenceModule.forRoot(options),
                AutoSequenceModule.forFeature(["receipts"]),
            ]
            const application = await applications.create({ imports }, { messages })
            return { application, messages }
        }

        it("warns, and starts", async () => {
            const { application, messages } = await start({})
            expect(messages.warnings.join()).to.include("NOT_INSTALLED")
            const attempt = sequenceOf(application, "receipts").next()
            expect(await rejection(attempt)).to.be.instanceOf(NotInstalledError)
        })

        it("doesn't start with strict", async () => {
            expect(await rejection(start({ strict: true }))).to.be.instanceOf(NotInstalledError)
        })

        it("says nothing with verify: false", async () => {
            const { messages } = await start({ verify: false, strict: true })
            expect(messages.warnings).to.eql([])
        })

        it("creates it with install", async () => {
            const { application, messages } = await start({ install: true, strict: true })
            expect(messages.warnings).to.eql([])
            expect(await sequenceOf(application, "receipts").next()).to.equal(1)
        })
    })

    describe("with the name of a series that columns have", () => {
        const start = async (sequence: string | NamedSequence) =>
            applications.create({
                imports: [
                    await typeOrm({ entities: [CountedOrder] }),
                    TypeOrmModule.forFeature([CountedOrder]),
                    AutoSequenceModule.forRoot({ strict: true, install: true }),
                    AutoSequenceModule.forFeature([sequence]),
                ],
            })

        it("counts with them in the scope that a call names", async () => {
            const application = await start("orders")
            const orders = application.get<Repository<CountedOrder>>(
                getRepositoryToken(CountedOrder),
            )
            await orders.save({ shop: "north", title: "Tea" })
            const north = sequenceOf(application, "orders").inScope(["north"])
            expect(await north.next()).to.equal(2)
        })

        it("counts with them in a scope of its own", async () => {
            const application = await start({ name: "orders", scope: ["north"] })
            expect(await sequenceOf(application, "orders").next()).to.equal(1)
        })

        it("doesn't start with strict where it counts otherwise", async () => {
            for (const [sequence, text] of [
                [{ name: "orders", startAt: 5 }, "shares its series with CountedOrder.number"],
                [{ name: "orders", scope: [1, 2] }, "counts with CountedOrder.number"],
            ] as const)
                await expectRejects(
                    start(sequence).then(() => {}),
                    InvalidOptionError,
                    `"orders" ${text}`,
                )
        })
    })

    it("gives way to what a test puts in the place of a sequence", async () => {
        const application = await applications.create(
            { imports: [await typeOrm(), AutoSequenceModule.forRoot(), NorthModule] },
            {
                change: (builder) =>
                    builder
                        .overrideProvider(getSequenceToken("receipts"))
                        .useValue({ next: () => Promise.resolve(7) }),
            },
        )
        expect(await application.get(Desk).receipts.next()).to.equal(7)
    })

    it("provides them for factories", async () => {
        const application = await applications.create({
            imports: [
                await typeOrm(),
                AutoSequenceModule.forRoot(),
                AutoSequenceModule.forFeature(["receipts"]),
            ],
            providers: [
                {
                    provide: "first",
                    inject: [getSequenceToken("receipts")],
                    useFactory: (receipts: Sequence) => receipts.next(),
                },
            ],
        })
        expect(application.get("first")).to.equal(1)
    })
})
