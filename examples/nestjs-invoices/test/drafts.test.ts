import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Client, linesOver } from "./support/client.js"
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
        assert.ok(!("number" in body))
        assert.equal((await tenant.put(draft, linesOver(700))).body.total, 700)
        assert.equal((await tenant.get(draft)).body.total, 700)
        assert.equal((await tenant.delete(draft)).status, 204)
        assert.equal((await tenant.get(draft)).status, 404)
        assert.equal((await tenant.post(`${draft}/finalise`)).status, 404)

        const next = await tenant.post(`${customer}/invoices`, linesOver(100))
        assert.equal(next.body.number, 1)
    })

    it("become one invoice with a number, however often they are finalised at once", async () => {
        const { tenant, customer, draft } = await newDraft()
        const answers = await Promise.all([1, 2, 3].map(() => tenant.post(`${draft}/finalise`)))
        assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 404, 404])
        assert.deepEqual(await tenant.numbers(customer), [1])
        assert.equal((await tenant.get(draft)).status, 404)
    })

    it("are still there when they can't be finalised", async () => {
        const { tenant, customer, draft } = await newDraft({ creditLimit: 100 })
        assert.equal((await tenant.post(`${draft}/finalise`)).status, 422)
        assert.equal((await tenant.get(draft)).status, 200)
        assert.deepEqual(await tenant.numbers(customer), [])

        await tenant.put(draft, linesOver(100))
        assert.equal((await tenant.post(`${draft}/finalise`)).body.number, 1)
    })
})
