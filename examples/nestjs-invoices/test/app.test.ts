import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { Client, linesOver } from "./support/client.js"
import { createDatabase, skip } from "./support/database.js"
import { startApp, useApp } from "./support/server.js"

interface OpenApi {
    paths: Record<string, Record<string, { parameters: unknown[]; responses: object }>>
    components: { schemas: object }
}

describe("The application", { skip }, () => {
    const url = useApp()

    it("is healthy", async () => {
        const { status, body } = await new Client(url()).get("/health")
        type Line = { check: string; status: string }
        const { info } = body as unknown as { info: { numbers: { status: string; lines: Line[] } } }
        assert.deepEqual([status, info.numbers.status], [200, "up"])
        assert.deepEqual(
            info.numbers.lines.filter((line) => line.status === "problem"),
            [],
        )
    })

    it("describes its routes", async () => {
        const { body } = await new Client(url()).get("/docs-json")
        const { paths, components } = body as unknown as OpenApi
        assert.deepEqual(Object.keys(paths).sort(), [
            "/customers",
            "/customers/{key}",
            "/customers/{key}/drafts",
            "/customers/{key}/invoices",
            "/customers/{key}/invoices/{number}",
            "/drafts/{key}",
            "/drafts/{key}/finalise",
            "/drafts/{key}/preview",
            "/health",
            "/invoices/{key}",
            "/invoices/{key}/payment",
            "/invoices/{key}/void",
            "/tenants",
        ])
        const { get, patch } = paths["/customers/{key}"] ?? {}
        const example = "cus_V1StGXR8_Z5jdHi6B-myT"
        assert.deepEqual(get?.parameters, [
            { name: "key", in: "path", required: true, schema: { type: "string", example } },
        ])
        assert.deepEqual(Object.keys(get?.responses ?? {}), ["200", "301", "401", "404"])
        assert.deepEqual(Object.keys(patch?.responses ?? {}), [
            "200",
            "308",
            "400",
            "401",
            "404",
            "409",
        ])
        // None of an entity, whose properties are the application's own business.
        assert.deepEqual(Object.keys(components.schemas).sort(), [
            "CustomerChange",
            "CustomerView",
            "DraftView",
            "InvoiceView",
            "Line",
            "Lines",
            "NewCustomer",
            "NewTenant",
            "NumberPreviewView",
            "TenantView",
            "VoidReason",
        ])
    })
})

describe("The application, when it is started again", { skip }, () => {
    let database: Awaited<ReturnType<typeof createDatabase>>
    before(async () => (database = await createDatabase()))
    after(() => database.drop())

    it("goes on with the numbers", async () => {
        const first = await startApp()
        const tenant = await Client.signUp(first.url)
        const customer = await tenant.customer()
        await tenant.post(`${customer}/invoices`, linesOver(100))
        await first.close()

        const second = await startApp()
        try {
            const same = tenant.at(second.url)
            await same.post(`${customer}/invoices`, linesOver(100))
            assert.deepEqual(await same.numbers(customer), [1, 2])
        } finally {
            await second.close()
        }
    })
})
