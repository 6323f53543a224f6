import assert from "node:assert/strict"
import { describe, it } from "node:test"
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
        const given = answers.map(({ body }) => body.number)
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
            assert.deepEqual([body.number, body.receiptNumber], [1, null])
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
})
