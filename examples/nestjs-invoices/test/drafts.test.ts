import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Client, linesOver, upTo } from "./support/client.js"
import { skip } from "./support/database.js"
import { useApp } from "./support/server.js"

describe("Drafts", { skip }, () => {
    const url = useApp()

    async function newDraft(fields?: { creditLimit: number }) {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer(fields)
        const { body } = await tenant.post(`${customer}/drafts`, linesOver(500))
        return { tenant, customer, body, draft: `/drafts/${body.key}` }
    }

    it("have no number, and can be changed and thrown away", async () => {
        const { tenant, customer, draft, body } = await newDraft()
        assert.ok(!("number" in body) && !("sequence" in body))
        assert.deepEqual(await tenant.numbers(customer), [])
        assert.equal((await tenant.put(draft, linesOver(700))).body.total, 700)
        assert.equal((await tenant.get(draft)).body.total, 700)
        assert.equal((await tenant.delete(draft)).status, 204)
        assert.equal((await tenant.get(draft)).status, 404)
        assert.equal((await tenant.post(`${draft}/finalise`)).status, 404)

        const next = await tenant.post(`${customer}/invoices`, linesOver(100))
        assert.equal(next.body.sequence, 1)
    })

    it("become one invoice with a number, however often they are finalised at once", async () => {
        const { tenant, customer, draft, body } = await newDraft()
        const answers = await Promise.all([1, 2, 3].map(() => tenant.post(`${draft}/finalise`)))
        assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 404, 404])
        const issued = answers.find(({ status }) => status === 201)
        assert.deepEqual([issued?.body.key, issued?.body.sequence], [body.key, 1])
        assert.ok(issued?.body.issuedAt)
        assert.equal((await tenant.post(`${customer}/invoices`, linesOver(100))).body.sequence, 2)
        assert.deepEqual(await tenant.numbers(customer), [1, 2])
    })

    it("show the number that they would get, and reserve none", async () => {
        const { tenant, customer, draft } = await newDraft()
        const preview = async () => (await tenant.get(`${draft}/preview`)).body
        assert.deepEqual(await preview(), { number: "INV/00001", reserved: false })
        await tenant.post(`${customer}/invoices`, linesOver(100))
        assert.deepEqual(await preview(), { number: "INV/00002", reserved: false })
        assert.equal((await tenant.post(`${draft}/finalise`)).body.number, "INV/00002")
        assert.equal((await tenant.get(`${draft}/preview`)).status, 404)
    })

    it("are numbered 1 to 20 when 20 of a customer are finalised at once", async () => {
        const { tenant, customer } = await newDraft()
        const drafts = await Promise.all(
            upTo(20).map(() => tenant.post(`${customer}/drafts`, linesOver(100))),
        )
        const answers = await Promise.all(
            drafts.map(({ body }) => tenant.post(`/drafts/${body.key}/finalise`)),
        )
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
        assert.deepEqual(await tenant.numbers(customer), upTo(20))
    })

    it("are found as drafts alone, and final invoices as invoices", async () => {
        const { tenant, customer, draft, body } = await newDraft()
        const invoice = `/invoices/${body.key}`
        assert.equal((await tenant.get(invoice)).status, 404)
        assert.equal((await tenant.post(`${invoice}/payment`)).status, 404)

        await tenant.post(`${draft}/finalise`)
        assert.equal((await tenant.get(draft)).status, 404)
        assert.equal((await tenant.put(draft, linesOver(100))).status, 404)
        assert.equal((await tenant.delete(draft)).status, 404)
        const { status, body: paid } = await tenant.post(`${invoice}/payment`)
        assert.deepEqual([status, paid.sequence, paid.total, paid.receiptNumber], [200, 1, 500, 1])
        assert.deepEqual(await tenant.numbers(customer), [1])
    })

    it("are either finalised or thrown away, and changed before they are final or not at all", async () => {
        const { tenant, customer } = await newDraft()
        let issued = 0
        for (const { body } of await Promise.all(
            upTo(20).map(() => tenant.post(`${customer}/drafts`, linesOver(500))),
        )) {
            const draft = `/drafts/${body.key}`
            const [change, finalise, removal] = await Promise.all([
                tenant.put(draft, linesOver(700)),
                tenant.post(`${draft}/finalise`),
                tenant.delete(draft),
            ])
            const invoice = await tenant.get(`/invoices/${body.key}`)
            if (finalise.status === 201) {
                assert.equal(removal.status, 404)
                assert.deepEqual(finalise.body, invoice.body)
                assert.deepEqual(
                    [invoice.body.sequence, invoice.body.total],
                    [++issued, change.status === 200 ? 700 : 500],
                )
            } else
                assert.deepEqual([finalise.status, removal.status, invoice.status], [404, 204, 404])
        }
        assert.deepEqual(await tenant.numbers(customer), upTo(issued))
    })

    it("count for the credit limit when they are final", async () => {
        const { tenant, customer, draft } = await newDraft({ creditLimit: 600 })
        assert.equal((await tenant.post(`${customer}/invoices`, linesOver(200))).status, 201)
        assert.equal((await tenant.post(`${draft}/finalise`)).status, 422)
        assert.equal((await tenant.post(`${customer}/invoices`, linesOver(400))).status, 201)
        assert.deepEqual(await tenant.numbers(customer), [1, 2])
    })

    it("are still there when they can't be finalised", async () => {
        const { tenant, customer, draft } = await newDraft({ creditLimit: 100 })
        assert.equal((await tenant.post(`${draft}/finalise`)).status, 422)
        assert.equal((await tenant.get(draft)).status, 200)
        assert.deepEqual(await tenant.numbers(customer), [])

        await tenant.put(draft, linesOver(100))
        assert.equal((await tenant.post(`${draft}/finalise`)).body.sequence, 1)
    })
})
