import { once } from "node:events"
import type { Server } from "node:http"
import { BadRequestException, Body, Controller, Injectable, Post, Req } from "@nestjs/common"
import { TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource } from "typeorm"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { emptyTables } from "../support/empty-tables"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { Signal } from "../support/waiting"
import { Applications } from "./applications"
import { list, type Order, type OrderClass, ORDERS, storedNumbers } from "./orders"

interface Wanted {
    readonly shop: string
    readonly at: number
    readonly isRefused?: boolean
}

/** What becomes of the requests, and what a test does while one is handled. */
@Injectable()
class Handling {
    orders!: OrderClass
    running: Promise<unknown>[] = []
    whenSaved!: (wanted: Wanted, isGone: Promise<unknown>) => Promise<void>

    /** A new test. */
    begin(): void {
        this.running = []
        this.whenSaved = async () => {}
    }
}

@Controller("orders")
class OrdersController {
    constructor(
        private readonly dataSource: DataSource,
        private readonly handling: Handling,
    ) {}

    @Post()
    place(
        @Body() wanted: Wanted,
        @Req() { socket }: { socket: NodeJS.EventEmitter },
    ): Promise<Order> {
        const { orders, running, whenSaved } = this.handling
        const handled = this.dataSource.transaction(async (manager) => {
            const isGone = once(socket, "close")
            const order = { shop: wanted.shop, title: `Tea ${wanted.at}` }
            const saved = await manager.getRepository<Order>(orders).save(order)
            await whenSaved(wanted, isGone)
            if (wanted.isRefused) throw new BadRequestException()
            return saved
        })
        running.push(handled)
        return handled
    }
}

onOnePostgres("Requests of many clients", (_, { lasting }) => {
    const applications = new Applications()
    let url: string
    let server: Server
    let dataSource: DataSource
    let handling: Handling
    let applicationName: string

    before(async () => {
        const options = await lasting().newOptions()
        applicationName = `requests_${options.schema}`
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({
                    ...options,
                    applicationName,
                    autoLoadEntities: true,
                    synchronize: true,
                }),
                TypeOrmModule.forFeature([...ORDERS]),
                AutoSequenceModule.forRoot({ install: true }),
            ],
            providers: [Handling],
            controllers: [OrdersController],
        })
        url = await application.getUrl()
        server = application.getHttpServer() as Server
        dataSource = application.get(DataSource)
        handling = application.get(Handling)
    })
    beforeEach(async () => {
        await emptyTables(dataSource)
        handling.begin()
    })
    after(async () => {
        // fetch() keeps some for seconds, and the application would wait for them.
        server.closeAllConnections()
        await applications.close()
    })

    const post = async (wanted: Wanted, signal?: AbortSignal): Promise<number> => {
        const { status } = await fetch(`${url}/orders`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(wanted),
            signal,
        })
        return status
    }

    /** How many connections of the application are in this state. */
    const count = async (state: string): Promise<number> => {
        const rows = await dataSource.query<unknown[]>(
            `SELECT pid FROM pg_stat_activity WHERE application_name = $1
             AND pid <> pg_backend_pid() AND ${state}`,
            [applicationName],
        )
        return rows.length
    }

    const expectNothingOpen = async () => {
        await Promise.allSettled(handling.running)
        expect(await count("state <> 'idle'")).to.equal(0)
    }

    for (const orders of ORDERS)
        describe(`for a ${orders.name}`, () => {
            beforeEach(() => {
                handling.orders = orders
            })

            const stored = (shop?: string) => storedNumbers(dataSource.manager, orders, shop)

            it("are numbered without a gap in one scope, whichever of them fail", async () => {
                const requests = list(40, (at) =>
                    post({ shop: "north", at, isRefused: at % 4 === 0 }),
                )
                const statuses = await Promise.all(requests)
                expect(statuses).to.eql(list(40, (at) => (at % 4 === 0 ? 400 : 201)))
                expect(await stored()).to.eql(upTo(30))
                await expectNothingOpen()
            })

            it("are numbered without a gap in each of five scopes", async () => {
                const requests = list(40, (at) =>
                    post({ shop: `shop ${at % 5}`, at, isRefused: at >= 35 }),
                )
                await Promise.all(requests)
                for (const at of upTo(5)) expect(await stored(`shop ${at - 1}`)).to.eql(upTo(7))
                await expectNothingOpen()
            })

            for (const isGivenUp of [true, false])
                it(`leave no gap when the client goes, and the handler ${isGivenUp ? "gives up" : "goes on"}`, async () => {
                    const clients = upTo(20).map(() => new AbortController())
                    handling.whenSaved = async ({ at }, isGone) => {
                        if (at % 2 === 0) return
                        clients[at]!.abort()
                        await isGone
                        if (isGivenUp) throw new BadRequestException()
                    }
                    const requests = clients.map(({ signal }, at) =>
                        post({ shop: "north", at }, signal),
                    )
                    const ended = await Promise.allSettled(requests)
                    const isAnswered = ended.map(({ status }) => status === "fulfilled")
                    expect(isAnswered).to.eql(list(20, (at) => at % 2 === 0))
                    await expectNothingOpen()
                    expect(await stored()).to.eql(upTo(isGivenUp ? 10 : 20))
                })

            it("leave no gap when the client goes while its request waits for another", async () => {
                const isSaved = new Signal()
                const isFree = new Signal()
                handling.whenSaved = ({ at }) => {
                    isSaved.send()
                    return at === 1 ? isFree.promise : Promise.resolve()
                }
                const first = post({ shop: "north", at: 1 })
                await isSaved.promise
                const client = new AbortController()
                let isAnswered = false
                const second = post({ shop: "north", at: 2 }, client.signal).finally(() => {
                    isAnswered = true
                })
                while (!isAnswered && (await count("wait_event_type = 'Lock'")) === 0);
                client.abort()
                isFree.send()
                expect((await rejection(second)).name).to.equal("AbortError")
                expect(await first).to.equal(201)
                await expectNothingOpen()
                expect(await stored()).to.eql([1, 2])
            })
        })
})
