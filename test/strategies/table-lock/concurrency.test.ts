import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { onEachDatabase } from "../../support/databases"
import { NumberTakenError } from "../../../src"
import { rejection } from "../../support/errors"
import {
    Customer,
    customer,
    Invoice,
    invoiceEntities,
    storedNumbers,
    upTo,
} from "../../support/invoices"
import { isThorough } from "../../support/thoroughness"

const WORKERS = isThorough ? 32 : 12
const INSERTS = isThorough ? 200 : 4
const SCOPES = isThorough ? [1, 10, 1000] : [1, 10]
const [REQUESTS, CONNECTIONS] = isThorough ? [100, 50] : [40, 12]
const ROLLED_BACK = new Error("rolled back on purpose")
onEachDatabase("Under concurrency", (database) => {
    for (const scopes of SCOPES)
        it(`${WORKERS} connections x ${INSERTS} inserts, a third rolled back, over ${scopes} scopes: exactly 1..N`, async () => {
            const dataSource = await database().connect(invoiceEntities, { connections: WORKERS })
            const customers = await dataSource
                .getRepository(Customer)
                .save(upTo(scopes).map((i) => ({ name: String(i) })))
            const expected: Record<string, number> = {}

            const insert = async (worker: number, turn: number) => {
                const customer = customers[(worker * INSERTS + turn) % scopes] as Customer
                const isRolledBack = (worker + turn) % 3 === 0
                await dataSource
                    .transaction(async (manager) => {
                        await manager.getRepository(Invoice).save({ customer })
                        if (isRolledBack) throw ROLLED_BACK
                    })
                    .catch((error: unknown) => {
                        if (error !== ROLLED_BACK) throw error
                    })
                if (!isRolledBack) expected[customer.name] = (expected[customer.name] ?? 0) + 1
            }
            await Promise.all(
                upTo(WORKERS).map(async (worker) => {
                    for (const turn of upTo(INSERTS)) await insert(worker, turn)
                }),
            )

            const stored = await storedNumbers(dataSource)
            expect(Object.keys(stored)).to.have.length(Object.keys(expected).length)
            for (const [name, count] of Object.entries(expected))
                expect(stored[name], `customer ${name}`).to.deep.equal(upTo(count))
        })

    const request = (work: (manager: EntityManager, by: Customer) => Promise<unknown>) =>
        async function (dataSource: DataSource) {
            const ada = await customer(dataSource)
            return Promise.allSettled(
                upTo(REQUESTS).map(() => dataSource.transaction((manager) => work(manager, ada))),
            )
        }

    it(`${REQUESTS} parallel requests get ${REQUESTS} distinct numbers`, async () => {
        const dataSource = await database().connect(invoiceEntities, { connections: CONNECTIONS })
        const send = request((manager, customer) =>
            manager.getRepository(Invoice).save({ customer }),
        )
        const results = await send(dataSource)
        expect(results.filter(({ status }) => status === "rejected")).to.deep.equal([])
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: upTo(REQUESTS) })
    })

    it("the same load produces duplicates without the lock, which the unique index refuses", async () => {
        const dataSource = await database().connect(invoiceEntities, { connections: CONNECTIONS })
        const send = request(async (manager, customer) => {
            const last = await manager.getRepository(Invoice).maximum("number", { customer })
            await manager.getRepository(Invoice).save({ customer, number: (last ?? 0) + 1 })
        })
        const results = await send(dataSource)
        const refused = results.flatMap((result) =>
            result.status === "rejected" ? [Promise.reject(result.reason as Error)] : [],
        )
        expect(refused).not.to.have.length(0)
        for (const one of refused) expect(await rejection(one)).to.be.instanceOf(NumberTakenError)
        expect(await dataSource.getRepository(Invoice).count()).to.equal(REQUESTS - refused.length)
    })
})
