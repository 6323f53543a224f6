import { Injectable } from "@nestjs/common"
import { getDataSourceToken, TypeOrmModule } from "@nestjs/typeorm"
import {
    ClsPluginTransactional,
    InjectTransaction,
    Propagation,
    Transactional,
    TransactionHost,
} from "@nestjs-cls/transactional"
import { TransactionalAdapterTypeOrm } from "@nestjs-cls/transactional-adapter-typeorm"
import { expect } from "chai"
import { ClsModule } from "nestjs-cls"
import { DataSource, EntityManager } from "typeorm"
import { CounterLockedError, findByPseudoKeyOrFail, Sequence } from "../../src"
import { AutoSequenceModule, InjectSequence } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { emptyTables } from "../support/empty-tables"
import { rejection, sqlState } from "../support/errors"
import { upTo } from "../support/invoices"
import { Applications } from "./applications"
import { CountedOrder, list, type Order, type OrderClass, ORDERS, storedNumbers } from "./orders"

type Work<T> = () => Promise<T>

@Injectable()
class Shop {
    constructor(
        readonly host: TransactionHost<TransactionalAdapterTypeOrm>,
        @InjectTransaction() readonly tx: EntityManager,
        @InjectSequence("receipts") readonly receipts: Sequence,
        readonly dataSource: DataSource,
    ) {}

    async place(orders: OrderClass, title = "Tea", shop = "north"): Promise<Order> {
        return this.host.tx.getRepository<Order>(orders).save({ title, shop })
    }

    @Transactional()
    async required<T>(work: Work<T>): Promise<T> {
        return work()
    }

    @Transactional(Propagation.Nested)
    async nested<T>(work: Work<T>): Promise<T> {
        return work()
    }

    @Transactional(Propagation.RequiresNew)
    async requiresNew<T>(work: Work<T>): Promise<T> {
        return work()
    }

    @Transactional(Propagation.NotSupported)
    async notSupported<T>(work: Work<T>): Promise<T> {
        return work()
    }
}

const refused = new Error("The card was refused.")
const refuse = async () => {
    throw refused
}

onOnePostgres("Transactions of @nestjs-cls/transactional", (_, { lasting }) => {
    const applications = new Applications()
    let shop: Shop

    before(async () => {
        const application = await applications.create({
            imports: [
                TypeOrmModule.forRoot({
                    ...(await lasting().newOptions()),
                    autoLoadEntities: true,
                    synchronize: true,
                }),
                TypeOrmModule.forFeature([...ORDERS]),
                AutoSequenceModule.forRoot({ install: true }),
                AutoSequenceModule.forFeature(["receipts"]),
                ClsModule.forRoot({
                    plugins: [
                        new ClsPluginTransactional({
                            adapter: new TransactionalAdapterTypeOrm({
                                dataSourceToken: getDataSourceToken(),
                            }),
                            enableTransactionProxy: true,
                        }),
                    ],
                }),
            ],
            providers: [Shop],
        })
        await application.init()
        shop = application.get(Shop)
    })
    beforeEach(() => emptyTables(shop.dataSource))
    after(() => applications.close())

    const numbers = (orders: OrderClass, of?: string) =>
        storedNumbers(shop.dataSource.manager, orders, of)

    for (const orders of ORDERS)
        describe(`with ${orders.name}`, () => {
            it("give number and key back when the method throws", async () => {
                await shop.required(() => shop.place(orders))
                const attempt = shop.required(async () => {
                    const { number, slug } = await shop.place(orders)
                    expect([number, slug]).to.eql([2, "Tea-2"])
                    await refuse()
                })
                expect(await rejection(attempt)).to.equal(refused)
                const { number, slug } = await shop.required(() => shop.place(orders))
                expect([number, slug]).to.eql([2, "Tea-2"])
                expect(await numbers(orders)).to.eql([1, 2])
            })

            it("give back what a nested method took when that throws, and keep the rest", async () => {
                await shop.required(async () => {
                    await shop.place(orders, "Outer")
                    const attempt = shop.nested(async () => {
                        await shop.place(orders, "Inner")
                        await refuse()
                    })
                    expect(await rejection(attempt)).to.equal(refused)
                    const { number, slug } = await shop.nested(() => shop.place(orders, "Inner"))
                    expect([number, slug]).to.eql([2, "Inner"])
                })
                expect(await numbers(orders)).to.eql([1, 2])
            })

            it("give back what a nested method has finished when the outer one throws", async () => {
                const attempt = shop.required(async () => {
                    await shop.nested(() => shop.place(orders))
                    await refuse()
                })
                expect(await rejection(attempt)).to.equal(refused)
                expect(await shop.required(() => shop.place(orders))).to.include({ number: 1 })
            })

            it("number 20 parallel calls without a gap, whichever of them throw", async () => {
                const calls = list(20, (at) =>
                    shop.required(async () => {
                        await shop.place(orders)
                        await shop.nested(() => shop.place(orders)).then(() => {})
                        if (at % 5 === 0) await refuse()
                    }),
                )
                const ended = await Promise.allSettled(calls)
                const reasons = ended.flatMap((one) =>
                    one.status === "rejected" ? [one.reason] : [],
                )
                expect(reasons).to.eql(list(4, () => refused))
                expect(await numbers(orders)).to.eql(upTo(32))
            })

            it("retire a key with the row's change, and take it back with it", async () => {
                const order = await shop.required(() => shop.place(orders, "Old"))
                const rename = async () => {
                    await shop.host.tx
                        .getRepository<Order>(orders)
                        .save(Object.assign(order, { slug: "New" }))
                }
                const find = (key: string) => findByPseudoKeyOrFail<Order>(shop.tx, orders, key)
                await rejection(
                    shop.required(async () => {
                        await rename()
                        expect(await find("New")).to.include({ number: 1 })
                        await refuse()
                    }),
                )
                expect((await rejection(find("New"))).name).to.equal("KeyNotFoundError")
                await shop.required(rename)
                expect(await find("Old")).to.include({ slug: "New", number: 1 })
            })
        })

    it("cover the injected transaction as well", async () => {
        const attempt = shop.required(async () => {
            await shop.tx.save(CountedOrder, { title: "Tea", shop: "north" })
            expect(await shop.receipts.next(shop.tx)).to.equal(1)
            await refuse()
        })
        expect(await rejection(attempt)).to.equal(refused)
        expect(await shop.receipts.last()).to.equal(null)
        await shop.required(async () => {
            expect(await shop.tx.save(CountedOrder, { title: "Tea", shop: "north" })).to.include({
                number: 1,
            })
            expect(await shop.receipts.nextMany(shop.tx, 2)).to.eql([1, 2])
        })
        expect(await shop.receipts.last(shop.tx)).to.equal(2)
    })

    it("cover a sequence that is given their manager, in parallel too", async () => {
        const calls = list(20, (at) =>
            shop.required(async () => {
                const taken = await shop.receipts.next(shop.host.tx)
                if (at % 3 === 0) await refuse()
                return taken
            }),
        )
        const taken = (await Promise.allSettled(calls)).flatMap((one) =>
            one.status === "fulfilled" ? [one.value] : [],
        )
        expect(taken.sort((a, b) => a - b)).to.eql(upTo(13))
        expect(await shop.receipts.last()).to.equal(13)
    })

    it("don't cover a sequence that is not given their manager", async () => {
        await rejection(
            shop.required(async () => {
                expect(await shop.receipts.next()).to.equal(1)
                await refuse()
            }),
        )
        expect(await shop.receipts.last()).to.equal(1)
    })

    it("go on after an error that the method catches before the database heard of it", async () => {
        await shop.required(async () => {
            await shop.place(CountedOrder)
            const wrong = shop.host.tx.save(CountedOrder, {
                title: "Tea",
                shop: "north",
                number: 1.5,
            })
            expect((await rejection(wrong)).name).to.equal("InvalidNumberError")
            expect(await shop.place(CountedOrder)).to.include({ number: 2 })
        })
        expect(await numbers(CountedOrder)).to.eql([1, 2])
    })

    it("number the rows of a method with a transaction of its own apart, in another scope", async () => {
        await rejection(
            shop.required(async () => {
                await shop.place(CountedOrder, "Outer", "north")
                await shop.requiresNew(() => shop.place(CountedOrder, "Inner", "south"))
                await refuse()
            }),
        )
        expect(await numbers(CountedOrder, "north")).to.eql([])
        expect(await numbers(CountedOrder, "south")).to.eql([1])
    })

    it("make a method with a transaction of its own wait for the one around it, in the same scope", async () => {
        await shop.required(async () => {
            await shop.place(CountedOrder, "Outer")
            const inner = shop.requiresNew(async () => {
                await shop.host.tx.query("SET LOCAL lock_timeout = '50ms'")
                await shop.place(CountedOrder, "Inner")
            })
            expect(await sqlState(inner)).to.equal("55P03")
            expect(await shop.place(CountedOrder)).to.include({ number: 2 })
        })
        expect(await numbers(CountedOrder)).to.eql([1, 2])
    })

    for (const [name, call] of [
        ["a transaction of its own", () => shop.requiresNew(() => take(shop.host.tx))],
        ["no transaction", () => shop.notSupported(() => take(shop.host.tx))],
        ["no manager given", () => take()],
    ] as const)
        it(`let a sequence with nowait refuse what would never end: ${name}`, async () => {
            await shop.required(async () => {
                expect(await shop.receipts.next(shop.host.tx)).to.equal(1)
                expect(await rejection(call())).to.be.instanceOf(CounterLockedError)
                expect(await shop.receipts.next(shop.host.tx)).to.equal(2)
            })
            expect(await shop.receipts.last()).to.equal(2)
        })

    const take = (manager?: EntityManager) =>
        manager
            ? shop.receipts.next(manager, { nowait: true })
            : shop.receipts.next({ nowait: true })

    it("leave nothing behind that is asked for after their end", async () => {
        let late: Work<unknown>[] = []
        await shop.required(async () => {
            await shop.place(CountedOrder)
            const { tx } = shop.host
            late = [
                () => shop.receipts.next(tx),
                () => tx.save(CountedOrder, { title: "Tea", shop: "north" }),
            ]
        })
        for (const call of late) expect((await rejection(call())).name).to.match(/Released/)
        expect(await shop.receipts.last()).to.equal(null)
        expect(await numbers(CountedOrder)).to.eql([1])
    })
})
