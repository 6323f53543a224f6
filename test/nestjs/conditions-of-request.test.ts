import {
    type CanActivate,
    Controller,
    type ExecutionContext,
    ForbiddenException,
    Get,
    Inject,
    Injectable,
    type INestApplication,
    Scope,
    UseGuards,
    VersioningType,
} from "@nestjs/common"
import { REQUEST } from "@nestjs/core"
import { expect } from "chai"
import { PseudoKeyParam, type PseudoKeyParamOptions } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, type Messages } from "./applications"
import { Article, Draft, Page, type Site, type SiteOptions, startSite } from "./articles"

interface TenantRequest {
    headers: Record<string, string | undefined>
    user?: { tenantId: number | undefined }
}

/** As a guard that has read a token. */
@Injectable()
class TenantGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<TenantRequest>()
        const { "x-tenant": tenant } = request.headers
        request.user = { tenantId: tenant === undefined ? undefined : Number(tenant) }
        return tenant !== "none"
    }
}

const ofTenant = (request: TenantRequest) => ({ tenantId: request.user!.tenantId! })

/** Takes longer for one tenant than for the other one. */
async function ofTenantLater(request: TenantRequest): Promise<{ tenantId: number }> {
    const { tenantId } = ofTenant(request)
    for (let turn = 0; turn < tenantId * 10; turn += 1) await new Promise(setImmediate)
    return { tenantId }
}

@Controller()
@UseGuards(TenantGuard)
class Tenants {
    @Get("articles/:key")
    article(@PseudoKeyParam("key", Article, { where: ofTenant }) article: Article) {
        return { id: article.id, tenantId: article.tenantId }
    }

    @Get("later/:key")
    later(@PseudoKeyParam("key", Article, { where: ofTenantLater }) article: Article) {
        return { id: article.id, tenantId: article.tenantId }
    }

    @Get("drafts/:key")
    draft(@PseudoKeyParam("key", Draft, { where: ofTenant }) { id, tenantId }: Draft) {
        return { id, tenantId }
    }

    @Get("pages/:key")
    page(@PseudoKeyParam("key", Page, { where: ofTenant }) { id, tenantId }: Page) {
        return { id, tenantId }
    }

    @Get("pages-of-nobody/:key")
    ofNobody(
        @PseudoKeyParam("key", Page, { where: () => ({ tenantId: null as never }) })
        { id, tenantId }: Page,
    ) {
        return { id, tenantId }
    }

    @Get("two/:one/:other")
    two(
        @PseudoKeyParam("one", Article, { where: ofTenant }) one: Article,
        @PseudoKeyParam("other", Article, { where: ofTenantLater }) other: Article,
    ) {
        return [one.id, other.id]
    }
}

/** Made for each request itself. */
@Controller({ scope: Scope.REQUEST })
@UseGuards(TenantGuard)
class TenantsOfRequest {
    constructor(@Inject(REQUEST) private readonly request: TenantRequest) {}

    @Get("articles/:key")
    article(@PseudoKeyParam("key", Article, { where: ofTenant }) article: Article) {
        return { id: article.id, tenantId: this.request.user?.tenantId }
    }
}

onOnePostgres("PseudoKeyParam with conditions of the request", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const start = (controller: unknown = Tenants, options: SiteOptions = {}) =>
        startSite(applications, database(), { controllers: [controller as never] }, options)

    const asTenant = (tenant: number) => ({ headers: { "x-tenant": String(tenant) } })

    it("finds rows of the tenant alone, whose guard runs before", async () => {
        for (const controller of [Tenants, TenantsOfRequest]) {
            const site = await start(controller)
            const { id, publicId } = await site.renamed("old", "new", { tenantId: 7 })
            for (const key of [publicId, "old", "new"]) {
                const { status, body } = await site.ask(`/articles/${key}`, asTenant(7))
                expect([status, body]).to.eql([200, JSON.stringify({ id, tenantId: 7 })])
                const other = await site.ask(`/articles/${key}`, asTenant(8))
                expect(other).to.include({ status: 404 })
                expect(other).to.eql(await site.ask("/articles/nobody", asTenant(8)))
            }
            const refused = await site.ask("/articles/new", { headers: { "x-tenant": "none" } })
            expect(refused.status).to.equal(403)
        }
    })

    it("never mixes up requests that are made at once", async () => {
        const site = await start()
        const { manager } = site
        const rows = new Map<string, number>()
        for (const tenantId of [1, 2]) {
            const { id, publicId } = await manager.save(Article, { tenantId, title: "tea" })
            rows.set(publicId, id)
            await manager.save(Page, { tenantId, slug: "home" })
        }
        const [first, second] = [...rows.keys()] as [string, string]
        const wishes = Array.from({ length: 50 }, (_, at) => ({
            tenant: 1 + (at % 2),
            key: [first, second][Math.floor(at / 2) % 2]!,
            path: ["articles", "later"][Math.floor(at / 4) % 2]!,
        }))
        const answers = await Promise.all(
            wishes.map(({ tenant, key, path }) => site.ask(`/${path}/${key}`, asTenant(tenant))),
        )
        wishes.forEach(({ tenant, key }, at) => {
            const isOwn = key === (tenant === 1 ? first : second)
            const { status, body } = answers[at]!
            expect(status).to.equal(isOwn ? 200 : 404)
            if (isOwn) expect(JSON.parse(body)).to.eql({ id: rows.get(key), tenantId: tenant })
        })
        const pages = await Promise.all(
            wishes.map(({ tenant }) => site.ask("/pages/home", asTenant(tenant))),
        )
        expect(pages.map(({ body }) => (JSON.parse(body) as Page).tenantId)).to.eql(
            wishes.map(({ tenant }) => tenant),
        )
    })

    it("makes the conditions of each of several parameters", async () => {
        const site = await start()
        const make = (tenantId: number, slug: string) =>
            site.manager.save(Article, { tenantId, title: "", slug })
        const [one, other] = [await make(7, "one"), await make(7, "other")]
        await make(8, "foreign")
        const ask = (path: string) => site.ask(`/two/${path}`, asTenant(7))
        expect((await ask("one/other")).body).to.equal(JSON.stringify([one.id, other.id]))
        for (const path of ["one/foreign", "foreign/other", "foreign/foreign"])
            expect((await ask(path)).status, path).to.equal(404)
    })

    it("refuses a request whose tenant is not known, and never answers with a row", async () => {
        const messages = await answersOfNobody(await start())
        expect(messages.errors).to.have.length(4)
        for (const error of messages.errors) expect(error).to.include("tenantId")
    })

    async function answersOfNobody(site: Site): Promise<Messages> {
        const { manager, messages } = site
        const article = await site.renamed("old", "new")
        const draft = await manager.getRepository(Draft).save({})
        for (const path of [
            `articles/${article.publicId}`,
            "articles/old",
            "later/new",
            `drafts/${draft.publicId}`,
        ]) {
            const { status, body } = await site.ask(`/${path}`)
            expect([status, JSON.parse(body)], path).to.eql([
                500,
                { statusCode: 500, message: "Internal server error" },
            ])
        }
        return messages
    }

    it("takes null for the scope of a key", async () => {
        const site = await start()
        await site.manager.save(Page, { tenantId: 7, slug: "home" })
        expect((await site.ask("/pages-of-nobody/home", asTenant(7))).status).to.equal(404)
        const { id } = await site.manager.save(Page, { tenantId: null, slug: "home" })
        const { body } = await site.ask("/pages-of-nobody/home", asTenant(7))
        expect(JSON.parse(body)).to.eql({ id, tenantId: null })
    })

    it("refuses what is no condition", async () => {
        const notConditions = [
            ...[undefined, null, true, false, 7, "7", [undefined], [{ tenantId: 8 }, undefined]],
            ...[{ author: 7 }, { author: {} }, { author: [] }, { author: { id: undefined } }],
        ]
        const where = ({ headers }: TenantRequest) =>
            notConditions[Number(headers["x-case"])] as never
        const laterWhere = async (request: TenantRequest) => where(request)
        @Controller()
        class Careless {
            @Get("now/:key")
            now(@PseudoKeyParam("key", Article, { where }) { id }: Article) {
                return { id }
            }
            @Get("later/:key")
            later(@PseudoKeyParam("key", Article, { where: laterWhere }) { id }: Article) {
                return { id }
            }
        }
        const site = await start(Careless)
        const author = await site.manager.getRepository("Author").save({})
        await site.manager.save(Article, { title: "tea", author: author as never })
        const leaks: string[] = []
        for (const [at, condition] of notConditions.entries())
            for (const path of ["now", "later"]) {
                const init = { headers: { "x-case": String(at) } }
                const { status } = await site.ask(`/${path}/tea`, init)
                if (status !== 500) leaks.push(`${path} ${JSON.stringify(condition)}: ${status}`)
            }
        expect(leaks).to.eql([])
    })

    it("answers with what the conditions throw", async () => {
        const refuse = (): never => {
            throw new ForbiddenException()
        }
        const options: PseudoKeyParamOptions<Article>[] = [
            { where: refuse },
            { where: async () => refuse() },
        ]
        for (const option of options) {
            @Controller()
            class Closed {
                @Get("articles/:key")
                article(@PseudoKeyParam("key", Article, option) { id }: Article) {
                    return { id }
                }
            }
            const site = await start(Closed)
            await site.manager.save(Article, { title: "tea" })
            for (const key of ["tea", "nobody"])
                expect((await site.ask(`/articles/${key}`)).status).to.equal(403)
        }
    })

    it("works under a prefix and a version", async () => {
        @Controller({ path: "tenants/:tenant", version: "2" })
        class Versioned {
            @Get("articles/:key")
            article(
                @PseudoKeyParam("key", Article, {
                    where: ({ params }: { params: { tenant: string } }) => ({
                        tenantId: Number(params.tenant),
                    }),
                })
                { id }: Article,
            ) {
                return { id }
            }
        }
        const site = await start(Versioned, {
            prepare: (application: INestApplication) => {
                application.setGlobalPrefix("api").enableVersioning({ type: VersioningType.URI })
            },
        })
        const { id } = await site.manager.save(Article, { title: "tea", tenantId: 7 })
        const { body } = await site.ask("/api/v2/tenants/7/articles/tea")
        expect(JSON.parse(body)).to.eql({ id })
        expect((await site.ask("/api/v2/tenants/8/articles/tea")).status).to.equal(404)
    })
})
