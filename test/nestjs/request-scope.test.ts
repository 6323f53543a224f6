import type { Server } from "node:http"
import { Body, Controller, Get, Headers, Inject, Injectable, Post, Scope } from "@nestjs/common"
import { ContextIdFactory, type ContextIdStrategy, REQUEST } from "@nestjs/core"
import { InjectRepository, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, Repository } from "typeorm"
import { Sequence } from "../../src"
import { AutoSequenceModule, InjectSequence } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { upTo } from "../support/invoices"
import { Applications } from "./applications"
import { CountedOrder, list, storedNumbers } from "./orders"

interface Tenant {
    readonly headers: { readonly tenant?: string }
}

/** Made for each request. */
@Injectable({ scope: Scope.REQUEST })
class Requested {
    static made = 0

    constructor(
        @Inject(REQUEST) private readonly request: Tenant,
        @InjectRepository(CountedOrder) private readonly orders: Repository<CountedOrder>,
        @InjectSequence("receipts") private readonly receipts: Sequence,
    ) {
        Requested.made += 1
    }

    place(title: string): Promise<CountedOrder> {
        return this.orders.save({ shop: this.request.headers.tenant ?? "", title })
    }

    print(): Promise<number> {
        return this.receipts.inScope([this.request.headers.tenant ?? ""]).next()
    }
}

/** Made for each tenant. */
@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
    static made = 0
    private readonly ofTenant: Sequence

    constructor(
        @Inject(REQUEST) { tenant }: { tenant: string },
        @InjectSequence("receipts") receipts: Sequence,
    ) {
        Durable.made += 1
        this.ofTenant = receipts.inScope({ tenant })
    }

    print(): Promise<number> {
        return this.ofTenant.next()
    }
}

@Controller("orders")
class OrdersController {
    constructor(private readonly requested: Requested) {}

    @Post()
    place(@Body() { title }: { title: string }): Promise<CountedOrder> {
        return this.requested.place(title)
    }

    @Get("receipt")
    print(): Promise<number> {
        return this.requested.print()
    }
}

@Controller("durable")
class DurableController {
    constructor(private readonly durable: Durable) {}

    @Get()
    print(@Headers("tenant") _tenant: string): Promise<number> {
        return this.durable.print()
    }
}

/** Requests of one tenant share what is durable. */
class ByTenant implements ContextIdStrategy<Tenant> {
    private readonly roots = new Map<string, { readonly id: number }>()

    attach(contextId: { readonly id: number }, { headers }: Tenant) {
        const tenant = headers.tenant ?? ""
        const root = this.roots.get(tenant) ?? ContextIdFactory.create()
        this.roots.set(tenant, root)
        return {
            resolve: ({ isTreeDurable }: { isTreeDurable: boolean }) =>
                isTreeDurable ? root : contextId,
            payload: { tenant },
        }
    }
}

onOnePostgres("What is made for a request", (database) => {
    const applications = new Applications()
    let url: string
    let server: Server
    let dataSource: DataSource

    beforeEach(async () => {
        Requested.made = Durable.made = 0
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({
                    ...(await database().newOptions()),
                    autoLoadEntities: true,
                    synchronize: true,
                }),
                TypeOrmModule.forFeature([CountedOrder]),
                AutoSequenceModule.forRoot({ install: true }),
                AutoSequenceModule.forFeature(["receipts"]),
            ],
            providers: [Requested, Durable],
            controllers: [OrdersController, DurableController],
        })
        url = await application.getUrl()
        server = application.getHttpServer() as Server
        dataSource = application.get(DataSource)
    })
    afterEach(async () => {
        // fetch() keeps some for seconds, and the application would wait for them.
        server.closeAllConnections()
        await applications.close()
    })

    const get = async (path: string, tenant: string): Promise<number> => {
        const response = await fetch(`${url}${path}`, { headers: { tenant } })
        expect(response.status).to.equal(200)
        return (await response.json()) as number
    }

    it("saves numbered rows, 50 at once", async () => {
        const placed = await Promise.all(
            list(50, async (at) => {
                const response = await fetch(`${url}/orders`, {
                    method: "POST",
                    headers: { "content-type": "application/json", tenant: "north" },
                    body: JSON.stringify({ title: `Tea ${at}` }),
                })
                expect(response.status).to.equal(201)
                return ((await response.json()) as CountedOrder).number
            }),
        )
        expect(placed.sort((a, b) => a - b)).to.eql(upTo(50))
        expect(await storedNumbers(dataSource.manager, CountedOrder)).to.eql(upTo(50))
        expect(Requested.made).to.equal(50)
    })

    it("takes numbers of one sequence, 50 at once", async () => {
        const numbers = await Promise.all(
            list(50, (at) => get("/orders/receipt", at % 2 ? "north" : "south")),
        )
        for (const tenant of [0, 1])
            expect(numbers.filter((_, at) => at % 2 === tenant).sort((a, b) => a - b)).to.eql(
                upTo(25),
            )
        expect(Requested.made).to.equal(50)
    })

    describe("and kept for a tenant", () => {
        before(() => {
            ContextIdFactory.apply(new ByTenant())
        })
        after(() => {
            // Nest keeps one for all applications of a process.
            Object.assign(ContextIdFactory, { strategy: undefined })
        })

        it("takes numbers of the tenant's sequence, 50 at once", async () => {
            const first = [await get("/durable", "north"), await get("/durable", "south")]
            expect(first).to.eql([1, 1])
            const numbers = await Promise.all(
                list(50, (at) => get("/durable", at % 2 ? "north" : "south")),
            )
            for (const tenant of [0, 1])
                expect(numbers.filter((_, at) => at % 2 === tenant).sort((a, b) => a - b)).to.eql(
                    upTo(26).slice(1),
                )
            expect(Durable.made).to.equal(2)
        })
    })
})
