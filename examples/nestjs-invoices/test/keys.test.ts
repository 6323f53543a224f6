import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Client, linesOver } from "./support/client.js"
import { skip } from "./support/database.js"
import { useApp } from "./support/server.js"

describe("Public keys", { skip }, () => {
    const url = useApp()

    it("lead to the present address after they were changed", async () => {
        const tenant = await Client.signUp(url())
        const old = await tenant.customer()
        await tenant.post(`${old}/invoices`, linesOver(100))
        assert.equal((await tenant.patch(old, { key: "cus_ann" })).body.key, "cus_ann")

        const moved = await tenant.get(`${old}/invoices`)
        assert.deepEqual([moved.status, moved.location], [301, "/customers/cus_ann/invoices"])
        const [invoice] = await tenant.list(`${old}/invoices`)
        assert.deepEqual([invoice?.sequence, invoice?.customer], [1, "cus_ann"])

        const post = await tenant.post(`${old}/invoices`, linesOver(100))
        assert.deepEqual([post.status, post.location], [308, "/customers/cus_ann/invoices"])
    })

    it("are refused where another customer has one, or had it", async () => {
        const tenant = await Client.signUp(url())
        const [ann, bob] = [await tenant.customer(), await tenant.customer()]
        await tenant.patch(ann, { key: "cus_ann" })
        await tenant.patch("/customers/cus_ann", { key: "cus_anna" })
        for (const key of ["cus_ann", "cus_anna"])
            assert.equal((await tenant.patch(bob, { key })).status, 409)
        for (const key of ["ann", "cus_", "cus_a b", "", 7, null])
            assert.equal(
                (await tenant.patch(bob, { key })).status,
                400,
                `key: ${JSON.stringify(key)}`,
            )
        assert.equal((await tenant.get(bob)).status, 200)
    })

    it("are the tenant's own: those of another tenant are unknown", async () => {
        const [tenant, other] = [await Client.signUp(url()), await Client.signUp(url())]
        const customer = await tenant.customer()
        const invoice = await tenant.post(`${customer}/invoices`, linesOver(100))
        const draft = await tenant.post(`${customer}/drafts`, linesOver(100))
        const unknown = await other.get("/customers/cus_nobody")
        assert.equal(unknown.status, 404)
        for (const path of [
            customer,
            `${customer}/invoices`,
            `/invoices/${invoice.body.key}`,
            `/drafts/${draft.body.key}`,
        ])
            assert.deepEqual(await other.get(path), unknown)
        assert.deepEqual(await other.patch(customer, { key: "cus_mine" }), unknown)

        // Each tenant may have the same.
        await tenant.patch(customer, { key: "cus_ann" })
        const same = await other.patch(await other.customer(), { key: "cus_ann" })
        assert.equal(same.status, 200)
    })

    it("are needed: nothing is found by a primary key, and none is told", async () => {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer()
        const answers = [
            await tenant.get(customer),
            await tenant.get("/customers"),
            await tenant.post(`${customer}/invoices`, linesOver(100)),
            await tenant.get(`${customer}/invoices`),
            await tenant.post(`${customer}/drafts`, linesOver(100)),
        ]
        for (const { body } of answers) assert.doesNotMatch(JSON.stringify(body), /"\w*[iI]d":/)
        assert.equal((await tenant.get("/customers/1")).status, 404)
    })
})

describe("Requests", { skip }, () => {
    const url = useApp()

    it("are refused without an API key", async () => {
        for (const headers of [{}, { "X-Api-Key": "made-up" }]) {
            const client = new Client(url(), headers as Record<string, string>)
            assert.equal((await client.get("/customers")).status, 401)
            assert.equal((await client.get("/customers/cus_nobody")).status, 401)
        }
    })

    it("are refused with what is no invoice", async () => {
        const tenant = await Client.signUp(url())
        const customer = await tenant.customer()
        const [line] = linesOver(100).lines
        for (const body of [
            {},
            { lines: [] },
            { lines: [{ ...line, quantity: 0 }] },
            { lines: [{ ...line, unitPrice: "12" }] },
            { lines: [{ ...line, discount: 10 }] },
            { lines: [line], number: 7 },
            { lines: [{ ...line, description: "\0" }] },
            { lines: [{ ...line, description: "half a pair \ud83c" }] },
        ])
            assert.equal(
                (await tenant.post(`${customer}/invoices`, body)).status,
                400,
                JSON.stringify(body),
            )
        assert.deepEqual(await tenant.numbers(customer), [])
        assert.equal((await tenant.post(`${customer}/invoices`, linesOver(100, "🫖"))).status, 201)
    })

    it("are refused with a name that can't be stored", async () => {
        const tenant = await Client.signUp(url())
        for (const name of ["\0", "Ann\0", "\udf75", "", "a".repeat(101), 7, null])
            for (const path of ["/tenants", "/customers"])
                assert.equal(
                    (await tenant.post(path, { name })).status,
                    400,
                    `${path} ${JSON.stringify(name)}`,
                )
        assert.deepEqual(await tenant.list("/customers"), [])
        assert.equal((await tenant.post("/customers", { name: "Ænn 🫖" })).status, 201)
    })
})
