import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { DataSource } from "typeorm"
import { seriesOf } from "typeorm-autosequence"
import { databaseOptions } from "../src/database/options.js"
import { Invoice } from "../src/invoices/invoice.entity.js"
import { Client, linesOver, upTo } from "./support/client.js"
import { skip } from "./support/database.js"
import { useApp } from "./support/server.js"

describe("Invoices", { skip }, () => {
    const url = useApp()

    it("are numbered 1 to 100 when 100 of a customer are issued at once", async () => {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer()
        const answers = await Promise.all(
            upTo(100).map(() => tenant.post(`${customer}/invoices`, linesOver(100))),
        )
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
        const given = answers.map(({ body }) => body.sequence)
        assert.deepEqual(
            given.sort((a, b) => a - b),
            upTo(100),
        )
        assert.deepEqual(await tenant.numbers(customer), upTo(100))
    })

    it("are counted for each customer", async () => {
        const tenant = await Client.signUp(url())
        for (const customer of [await tenant.customer(), await tenant.customer()]) {
            const { body } = await tenant.post(`${customer}/invoices`, linesOver(100))
            assert.deepEqual(await tenant.list(`${customer}/invoices`), [body])
            assert.deepEqual([body.sequence, body.receiptNumber], [1, null])
        }
    })

    it("leave no gap where one is refused after it was inserted", async () => {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer({ creditLimit: 1000 })
        const statusOver = async (cents: number) =>
            (await tenant.post(`${customer}/invoices`, linesOver(cents))).status
        assert.deepEqual(
            [await statusOver(600), await statusOver(600), await statusOver(400)],
            [201, 422, 201],
        )
        assert.deepEqual(await tenant.numbers(customer), [1, 2])
    })

    it("never pass the credit limit together, however many are issued at once", async () => {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer({ creditLimit: 1000 })
        const answers = await Promise.all(
            upTo(20).map(() => tenant.post(`${customer}/invoices`, linesOver(300))),
        )
        const issued = answers.filter(({ status }) => status === 201)
        assert.equal(issued.length, 3)
        assert.deepEqual(await tenant.numbers(customer), [1, 2, 3])
    })

    it("are paid once, by receipts that are counted for the tenant", async () => {
        const tenant = await Client.signUp(url())
        const other = await Client.signUp(url())
        const invoiceOf = async (client: Client) => {
            const customer = await client.customer()
            const { body } = await client.post(`${customer}/invoices`, linesOver(100))
            return `/invoices/${body.key}`
        }
        const invoices = await Promise.all(upTo(5).map(() => invoiceOf(tenant)))
        const twice = [...invoices, ...invoices]
        const answers = await Promise.all(twice.map((path) => tenant.post(`${path}/payment`)))
        const count = (status: number) => answers.filter((one) => one.status === status).length
        assert.deepEqual([count(200), count(409)], [5, 5])
        const receipts = await Promise.all(invoices.map((path) => tenant.get(path)))
        assert.deepEqual(receipts.map(({ body }) => body.receiptNumber).sort(), upTo(5))

        const { body } = await other.post(`${await invoiceOf(other)}/payment`)
        assert.equal(body.receiptNumber, 1)
    })

    it("have a number that people read, and are found by it, encoded", async () => {
        const tenant = await Client.signUp(url())
        const [customer, other] = [await tenant.customer(), await tenant.customer()]
        const { body } = await tenant.post(`${customer}/invoices`, linesOver(100))
        await tenant.post(`${customer}/invoices`, linesOver(200))
        await tenant.post(`${other}/invoices`, linesOver(300))
        assert.deepEqual([body.number, body.sequence], ["INV/00001", 1])
        const path = (of: string, number: string) => `${of}/invoices/${encodeURIComponent(number)}`
        assert.deepEqual((await tenant.get(path(customer, "INV/00001"))).body, body)
        assert.equal((await tenant.get(path(other, "INV/00001"))).body.total, 300)
        for (const wrong of ["INV/00003", "inv/00001", "INV/1", "1", "%"])
            assert.equal((await tenant.get(path(customer, wrong))).status, 404)
        assert.equal((await tenant.get(path(other, "INV/00002"))).status, 404)

        await tenant.patch(customer, { key: "cus_ann" })
        const { body: moved } = await tenant.follow(path(customer, "INV/00001"))
        assert.deepEqual(moved, { ...body, customer: "cus_ann" })
        const stranger = await Client.signUp(url())
        assert.equal((await stranger.get(path("/customers/cus_ann", "INV/00001"))).status, 404)
    })

    it("are made void once, with a reason, and keep their numbers", async () => {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer({ creditLimit: 500 })
        const { body } = await tenant.post(`${customer}/invoices`, linesOver(500))
        const path = `/invoices/${body.key}`
        for (const wrong of [undefined, {}, { reason: "" }, { reason: 7 }])
            assert.equal((await tenant.post(`${path}/void`, wrong)).status, 400)
        assert.equal((await tenant.get(path)).body.status, "final")

        const reason = { reason: "Issued to the wrong customer" }
        const answers = await Promise.all(upTo(3).map(() => tenant.post(`${path}/void`, reason)))
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409])
        const { body: stored } = await tenant.get(path)
        assert.deepEqual(stored, { ...body, status: "void" })
        assert.equal((await tenant.post(`${path}/payment`)).status, 409)

        // It is owed no more, and its number is not given again.
        const next = await tenant.post(`${customer}/invoices`, linesOver(500))
        assert.deepEqual([next.status, next.body.number], [201, "INV/00002"])
        assert.deepEqual(await tenant.numbers(customer), [1, 2])
        await tenant.post(`/invoices/${next.body.key}/payment`)
        assert.equal((await tenant.post(`/invoices/${next.body.key}/void`, reason)).status, 409)
        const stranger = await Client.signUp(url())
        assert.equal((await stranger.post(`${path}/void`, reason)).status, 404)
    })

    it("that are void are in the journal, with the reason and the tenant", async () => {
        const tenant = await Client.signUp(url())
        const { body } = await tenant.post(`${await tenant.customer()}/invoices`, linesOver(100))
        await tenant.post(`/invoices/${body.key}/void`, { reason: "Sent twice" })
        const dataSource = await new DataSource(databaseOptions()).initialize()
        try {
            const events = await seriesOf(dataSource, Invoice, "sequence").events()
            const { kind, first, reason, by } = events.at(-1) ?? assert.fail()
            assert.deepEqual([kind, first, reason, by], ["void", 1, "Sent twice", "Tea Traders"])
        } finally {
            await dataSource.destroy()
        }
    })
})
