import { Injectable } from "@nestjs/common"
import { InjectRepository, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, EntityManager, Repository } from "typeorm"
import {
    addTransactionalDataSource,
    deleteDataSourceByName,
    initializeTransactionalContext,
    Propagation,
    runOnTransactionCommit,
    runOnTransactionRollback,
    StorageDriver,
    Transactional,
} from "typeorm-transactional"
import {
    CounterLockedError,
    findByPseudoKeyOrFail,
    resolvePseudoKey,
    Sequence,
    transactionWithRetry,
} from "../../src"
import { AutoSequenceModule, InjectSequence } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { emptyTables } from "../support/empty-tables"
import { rejection, sqlState } from "../support/errors"
import { upTo } from "../support/invoices"
import { Applications } from "./applications"
import {
    CountedOrder,
    list,
    LockedOrder,
    type Order,
    ORDERS,
    storedNumbers,
    TriggeredOrder,
} from "./orders"

type Work<T> = () => Promise<T>

@Injectable()
class Shop {
    constructor(
        @InjectRepository(CountedOrder) readonly counted: Repository<CountedOrder>,
        @InjectRepository(TriggeredOrder) readonly triggered: Repository<TriggeredOrder>,
        @InjectRepository(LockedOrder) readonly locked: Repository<LockedOrder>,
        @InjectSequence("receipts") readonly receipts: Sequence,
        readonly dataSource: DataSource,
        readonly manager: EntityManager,
    ) {}

    @Transactional()
    async required<T>(work: Work<T>): Promise<T> {
        return work()
    }

    @Transactional({ propagation: Propagation.NESTED })
    async nested<T>(work: Work<T>): Promise<T> {
        return work()
    }

    @Transactional({ propagation: Propagation.REQUIRES_NEW })
    async requiresNew<T>(work: Work<T>): Promise<T> {
        return work()
    }

    @Transactional({ propagation: Propagation.NOT_SUPPORTED })
    async notSupported<T>(work: Work<T>): Promise<T> {
        return work()
    }
}

const refused = new Error("The card was refused.")
const refuse = async () => {
    throw refused
}

onOnePostgres("Transactions of typeorm-transactional", (_, { lasting }) => {
    const applications = new Applications()
    let shop: Shop

    before(async () => {
        initializeTransactionalContext({ storageDriver: StorageDriver.ASYNC_LOCAL_STORAGE })
        const options = await lasting().newOptions()
        const application = await applications.create({
            imports: [
                TypeOrmModule.forRootAsync({
                    useFactory: () => ({ ...options, autoLoadEntities: true, synchronize: true }),
                    dataSourceFactory: async (given) =>
                        addTransactionalDataSource(new DataSource(given!)),
                }),
                TypeOrmModule.forFeature([...ORDERS]),
                AutoSequenceModule.forRoot({ install: true }),
                AutoSequenceModule.forFeature(["receipts"]),
            ],
            providers: [Shop],
        })
        await application.init()
        shop = application.get(Shop)
    })
    beforeEach(() => emptyTables(shop.dataSource))
    after(async () => {
        await applications.close()
        deleteDataSourceByName("default")
    })

    for (const [at, orders] of ORDERS.entries())
        describe(`with ${orders.name}`, () => {
            const repository = () =>
                [shop.counted, shop.triggered, shop.locked][at] as Repository<Order>
            const place = (title = "Tea") => repository().save({ title, shop: "north" })
            const numbers = () => storedNumbers(shop.dataSource.manager, orders)

            it("give number and key back when the method throws", async () => {
                await shop.required(() => place())
                const attempt = shop.required(async () => {
                    const { number, slug } = await place()
                    expect([number, slug]).to.eql([2, "Tea-2"])
                    await refuse()
                })
                expect(await rejection(attempt)).to.equal(refused)
                const { number, slug } = await shop.required(() => place())
                expect([number, slug]).to.eql([2, "Tea-2"])
                expect(await numbers()).to.eql([1, 2])
            })

            it("number 20 parallel calls without a gap, whichever of them throw", async () => {
                const calls = list(20, (call) =>
                    shop.required(async () => {
                        await place()
                        await shop.required(() => place())
                        if (call % 5 === 0) await refuse()
                    }),
                )
                const ended = await Promise.allSettled(calls)
                const reasons = ended.flatMap((one) =>
                    one.status === "rejected" ? [one.reason] : [],
                )
                expect(reasons).to.eql(list(4, () => refused))
                expect(await numbers()).to.eql(upTo(32))
            })

            it("number parallel saves of one method", async () => {
                const saved = await shop.required(() => Promise.all(list(10, () => place())))
                expect(saved.map(({ number }) => number).sort((a, b) => a - b)).to.eql(upTo(10))
                expect(new Set(saved.map(({ slug }) => slug))).to.have.property("size", 10)
            })

            it("find a row by the key that it has in the transaction", async () => {
                const order = await shop.required(() => place("Old"))
                const find = (key: string) => findByPseudoKeyOrFail(repository(), key)
                await rejection(
                    shop.required(async () => {
                        await repository().save(Object.assign(order, { slug: "New" }))
                        expect(await find("New")).to.include({ number: 1 })
                        expect(await find("Old")).to.include({ slug: "New" })
                        expect(await resolvePseudoKey(shop.dataSource, "New")).to.include({
                            isRetired: false,
                        })
                        await refuse()
                    }),
                )
                expect((await rejection(find("New"))).name).to.equal("KeyNotFoundError")
                expect(await find("Old")).to.include({ slug: "Old" })
            })
        })

    describe("and a Sequence", () => {
        it("that is given nothing, or the data source, are one", async () => {
            await shop.receipts.next()
            const attempt = shop.required(async () => {
                expect(await shop.receipts.next()).to.equal(2)
                expect(await shop.receipts.next(shop.dataSource)).to.equal(3)
                expect(await shop.receipts.nextMany(2)).to.eql([4, 5])
                expect(await shop.receipts.last()).to.equal(5)
                expect(await shop.receipts.delete()).to.equal(true)
                expect(await shop.receipts.last(shop.dataSource)).to.equal(null)
                expect(await shop.receipts.next()).to.equal(1)
                await refuse()
            })
            expect(await rejection(attempt)).to.equal(refused)
            expect(await shop.receipts.last()).to.equal(1)
        })

        it("that is iterated over are one", async () => {
            await rejection(
                shop.required(async () => {
                    for await (const receipt of shop.receipts) if (receipt === 3) break
                    await refuse()
                }),
            )
            expect(await shop.receipts.last()).to.equal(null)
        })

        it("in parallel give exactly the numbers of those who did not throw", async () => {
            const calls = list(20, (at) =>
                shop.required(async () => {
                    const taken = await Promise.all([shop.receipts.next(), shop.receipts.next()])
                    if (at % 3 === 0) await refuse()
                    return taken
                }),
            )
            const taken = (await Promise.allSettled(calls)).flatMap((one) =>
                one.status === "fulfilled" ? one.value : [],
            )
            expect(taken.sort((a, b) => a - b)).to.eql(upTo(26))
        })

        it("go beside those that ask outside of a transaction", async () => {
            const inside = list(20, () => shop.required(() => shop.receipts.next()))
            const outside = list(20, () => shop.receipts.next())
            const taken = await Promise.all([...inside, ...outside])
            expect(taken.sort((a, b) => a - b)).to.eql(upTo(40))
        })

        it("are two where the transaction is suspended", async () => {
            await rejection(
                shop.required(async () => {
                    expect(await shop.notSupported(() => shop.receipts.next())).to.equal(1)
                    expect(await shop.requiresNew(() => shop.receipts.next())).to.equal(2)
                    await refuse()
                }),
            )
            expect(await shop.receipts.last()).to.equal(2)
        })

        it("are two again in what runs when the transaction is over", async () => {
            const taken: Promise<number>[] = []
            const heard = (): Promise<number> =>
                new Promise((resolve, reject) => {
                    const take = () => void shop.receipts.next().then(resolve, reject)
                    runOnTransactionCommit(take)
                    runOnTransactionRollback(take)
                })
            await shop.required(async () => {
                taken.push(heard())
                await shop.receipts.next()
            })
            expect(await taken[0]).to.equal(2)
            await rejection(
                shop.required(async () => {
                    taken.push(heard())
                    await shop.receipts.next()
                    await refuse()
                }),
            )
            expect(await taken[1]).to.equal(3)
        })

        it("that is asked behind their back, when they are over, are two", async () => {
            let late!: Promise<number>
            const over = new Promise<void>((resolve) => {
                void shop
                    .required(async () => {
                        await shop.receipts.next()
                        late = over.then(() => shop.receipts.next())
                    })
                    .then(resolve)
            })
            await over
            expect(await late).to.equal(2)
        })

        it("that is given an injected EntityManager are two, as its own methods are", async () => {
            await rejection(
                shop.required(async () => {
                    await shop.receipts.next(shop.manager)
                    await shop.manager.save(CountedOrder, { title: "Tea", shop: "north" })
                    await refuse()
                }),
            )
            expect(await shop.receipts.last()).to.equal(1)
            expect(await shop.counted.count()).to.equal(1)
        })

        for (const [name, apart] of [
            ["REQUIRES_NEW", <T>(work: Work<T>) => shop.requiresNew(work)],
            // It has no savepoints.
            ["NESTED", <T>(work: Work<T>) => shop.nested(work)],
            ["NOT_SUPPORTED", <T>(work: Work<T>) => shop.notSupported(work)],
        ] as const)
            it(`would wait for itself, but for nowait: ${name}`, async () => {
                await shop.required(async () => {
                    expect(await shop.receipts.next()).to.equal(1)
                    const attempt = apart(() => shop.receipts.next({ nowait: true }))
                    expect(await rejection(attempt)).to.be.instanceOf(CounterLockedError)
                    expect(await shop.receipts.next()).to.equal(2)
                })
                expect(await shop.receipts.last()).to.equal(2)
            })
    })

    it("make a nested method wait for the one around it, in the same scope", async () => {
        const place = () => shop.counted.save({ title: "Tea", shop: "north" })
        await shop.required(async () => {
            await place()
            const inner = shop.nested(async () => {
                await shop.dataSource.query("SET LOCAL lock_timeout = '50ms'")
                await place()
            })
            expect(await sqlState(inner)).to.equal("55P03")
            expect(await place()).to.include({ number: 2 })
        })
        expect(await storedNumbers(shop.dataSource.manager, CountedOrder)).to.eql([1, 2])
    })

    it("are not those of transactionWithRetry, which gives its own manager", async () => {
        await rejection(
            shop.required(async () => {
                await transactionWithRetry(shop.dataSource, async (manager) => {
                    expect(await shop.receipts.next(manager)).to.equal(1)
                })
                await refuse()
            }),
        )
        expect(await shop.receipts.last()).to.equal(1)
    })
})
