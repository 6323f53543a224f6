import { expect } from "chai"
import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type Browser, chromium, type Page } from "playwright-core"
import { type AuditReport, auditToHtml, type ScopeAudit } from "../../src"

const CHROMIUM = process.env.TEST_CHROMIUM ?? "/usr/bin/chromium"

const SCOPE: ScopeAudit = {
    scope: { company: "<b>Tom & 'Jerry'</b> \"Ltd\"", period: "2026" },
    ...{
        first: "1",
        last: "100",
        rows: 95,
        counter: "100",
        counterState: "level",
        movedAt: null,
        closed: false,
    },
    missing: "5",
    ranges: [
        { from: "21", to: "23", count: "3", place: "between", cause: "unexplained", event: null },
        {
            ...{ from: "51", to: "52", count: "2", place: "between", cause: "event" },
            event: {
                kind: "skip",
                reason: "printed <on> paper",
                by: "ann",
                at: "2026-01-01T12:00:00.000Z",
            },
        },
    ],
    moreRanges: 0,
    findings: [
        { kind: "gap", severity: "problem", count: 3, text: "3 numbers are missing.", numbers: [] },
    ],
}

function report(scopes: readonly ScopeAudit[]): AuditReport {
    return {
        format: 1,
        at: "2026-01-01T12:00:00.000Z",
        database: { type: "postgres", version: "18.1", name: "shop" },
        versions: { library: "1.0.0", typeorm: "1.1.1", node: "24.0.0" },
        problems: 1,
        series: [
            {
                ...{
                    name: "invoice.number",
                    columns: ["Invoice.number"],
                    strategy: "counter",
                    gapless: true,
                },
                ...{
                    startAt: "1",
                    incrementBy: "1",
                    period: "year",
                    problems: [],
                    unchecked: [],
                    rows: 95,
                },
                ...{ scopeCount: scopes.length, problemScopes: 1, scopes },
            },
        ],
        references: [],
    }
}

const FINE: ScopeAudit = {
    ...SCOPE,
    scope: { company: "Beta", period: "2026" },
    ranges: [],
    findings: [],
    missing: "0",
}

describe("the document of an audit, in a browser", () => {
    let browser: Browser
    let directory: string
    let url: string

    before(async function () {
        if (!existsSync(CHROMIUM)) {
            console.log(
                `      skipped, no ${CHROMIUM}: apt-get install chromium, or set TEST_CHROMIUM`,
            )
            return this.skip()
        }
        browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] })
        directory = await mkdtemp(join(tmpdir(), "autosequence-document-"))
        const path = join(directory, "audit.html")
        const many = Array.from({ length: 60 }, (_, at) => ({
            ...FINE,
            scope: { company: `Customer ${at}`, period: "2026" },
        }))
        await writeFile(path, auditToHtml(report([SCOPE, FINE, ...many])))
        url = pathToFileURL(path).href
    })
    after(async () => {
        await (browser as Browser | undefined)?.close()
        if (directory) await rm(directory, { recursive: true, force: true })
    })

    async function open(
        width: number,
        height: number,
    ): Promise<{ page: Page; requests: string[]; errors: string[] }> {
        const page = await browser.newPage({ viewport: { width, height } })
        const requests: string[] = []
        const errors: string[] = []
        page.on("request", (request) => requests.push(request.url()))
        page.on("pageerror", (error) => errors.push(error.message))
        page.on("console", (message) => message.type() === "error" && errors.push(message.text()))
        await page.goto(url)
        return { page, requests, errors }
    }

    it("shows texts as they are, gaps in their places, and loads nothing", async () => {
        const { page, requests, errors } = await open(1280, 900)
        expect(requests).to.eql([url])
        expect(errors).to.eql([])
        const first = page.locator("tr[data-text]").first()
        expect(await first.locator("td").first().textContent()).to.equal(
            "company <b>Tom & 'Jerry'</b> \"Ltd\", period 2026",
        )
        expect(await page.locator("main b").allTextContents()).to.eql(["21 to 23", "51 to 52"])
        expect(await page.locator("tr.more").first().textContent()).to.include(
            "by ann: printed <on> paper",
        )
        const bar = await first.locator("svg").boundingBox()
        const gap = await first.locator(".unexplained").boundingBox()
        const known = await first.locator(".event").boundingBox()
        if (!bar || !gap || !known) throw new Error("no bar")
        expect((gap.x - bar.x) / bar.width).to.be.closeTo(0.2, 0.01)
        expect(gap.width / bar.width).to.be.closeTo(0.03, 0.01)
        expect((known.x - bar.x) / bar.width).to.be.closeTo(0.5, 0.01)
        await page.close()
    })

    it("finds scopes, numbers and reasons", async () => {
        const { page } = await open(1280, 900)
        const shown = () => page.locator("tr[data-text]:visible").count()
        expect(await shown()).to.equal(62)
        await page.fill("#search", "customer 59")
        expect([await shown(), await page.textContent("#shown")]).to.eql([1, "1 of 62 scopes"])
        await page.fill("#search", "PAPER tom")
        expect([await shown(), await page.locator("tr.more:visible").count()]).to.eql([1, 1])
        await page.fill("#search", "")
        expect([await shown(), await page.textContent("#shown")]).to.eql([62, ""])
        await page.close()
    })

    for (const [name, width] of [
        ["a desktop", 1280],
        ["a phone", 360],
    ] as const)
        it(`fits the width of ${name}`, async () => {
            const { page } = await open(width, 800)
            expect(await page.evaluate("document.documentElement.scrollWidth")).to.be.at.most(width)
            const wide = await page
                .locator("td, th, p, h2")
                .evaluateAll(
                    (elements, most) =>
                        elements.filter(
                            (one) =>
                                (
                                    one as { getBoundingClientRect(): { right: number } }
                                ).getBoundingClientRect().right > most,
                        ).length,
                    width,
                )
            expect(wide).to.equal(0)
            await page.close()
        })

    it("prints on pages, without the search", async () => {
        const { page } = await open(1280, 900)
        const pdf = await page.pdf({ format: "A4" })
        const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0
        expect(pages).to.be.within(2, 5)
        await page.emulateMedia({ media: "print" })
        expect(await page.locator(".search").isVisible()).to.equal(false)
        await page.close()
    })
})
