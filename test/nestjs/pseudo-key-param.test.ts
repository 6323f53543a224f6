import {
    Controller,
    Get,
    Param,
    Patch,
    type ExecutionContext,
    type CanActivate,
    Injectable,
    NotFoundException,
    UseGuards,
    ValidationPipe,
} from "@nestjs/common"
import { ROUTE_ARGS_METADATA } from "@nestjs/common/constants"
import { ExternalContextCreator } from "@nestjs/core"
import { TypeOrmModule } from "@nestjs/typeorm"
import { IsString } from "class-validator"
import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { InvalidOptionError, PseudoKey } from "../../src"
import { PseudoKeyParam, type PseudoKeyParamOptions, PseudoKeyPipe } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { Applications } from "./applications"
import { Article, Page, type Site, startSite } from "./articles"

interface TenantRequest {
    tenantId?: number
    headers: Record<string, string | undefined>
}

@Injectable()
class TenantGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<TenantRequest>()
        const { "x-tenant": tenant } = request.headers
        if (tenant !== undefined) request.tenantId = Number(tenant)
        return true
    }
}

/** It checks itself before it is stored, as some applications do. */
@Entity()
class Label {
    @PrimaryGeneratedColumn()
    id!: number

    @IsString()
    @Column()
    name!: string

    @PseudoKey({ prefix: "lab" })
    publicId!: string
}

const ofTenant = (request: TenantRequest) => ({ tenantId: request.tenantId! })
const ArticleOfTenant = (options: PseudoKeyParamOptions<Article> = {}) =>
    PseudoKeyParam("key", Article, { where: ofTenant, ...options })

@Controller("articles")
@UseGuards(TenantGuard)
class Articles {
    static made = 0

    constructor() {
        Articles.made += 1
    }

    @Get("as-it-is/:key")
    asItIs(@ArticleOfTenant({ redirect: false }) { slug }: Article) {
        return { slug }
    }

    @Get("with-author/:key")
    withAuthor(@ArticleOfTenant({ relations: { author: true } }) { author }: Article) {
        return { author: author!.publicId }
    }

    @Get("later/:key")
    later(
        @ArticleOfTenant({ where: async (request) => Promise.resolve(ofTenant(request)) })
        { slug, tenantId }: Article,
    ) {
        return { slug, tenantId }
    }

    @Get("of-nobody/:key")
    ofNobody(@ArticleOfTenant({ where: () => undefined as never }) { slug }: Article) {
        return { slug }
    }

    @Get(":key")
    show(@ArticleOfTenant() { slug, tenantId }: Article) {
        return { slug, tenantId }
    }

    @Patch(":key")
    change(@ArticleOfTenant() { slug }: Article) {
        return { slug }
    }

    @Get(":page/:key")
    both(
        @PseudoKeyParam("page", Page, { where: ofTenant }) page: Page,
        @ArticleOfTenant() article: Article,
    ) {
        return [page.slug, article.slug]
    }
}

@Controller("labels")
class Labels {
    @Get("by-param/:key")
    byParam(@PseudoKeyParam("key", Label) label: Label) {
        return label.name
    }

    @Get("by-pipe/:key")
    byPipe(@Param("key", PseudoKeyPipe(Label)) label: Label) {
        return label.name
    }
}

/** As one of GraphQL is, whose arguments Nest reads by the same decorators. */
@Injectable()
class ArticleResolver {
    show(@ArticleOfTenant() { slug, tenantId }: Article) {
        return { slug, tenantId }
    }
}

onOnePostgres("@PseudoKeyParam", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())
    const start = (options: Parameters<typeof startSite>[3] = {}) =>
        startSite(
            applications,
            database(),
            { controllers: [Articles, Labels], imports: [TypeOrmModule.forFeature([Label])] },
            options,
        )
    const as = (tenant: number, init: RequestInit = {}) => ({
        ...init,
        headers: { "x-tenant": String(tenant) },
    })
    const save = (site: Site, slug: string, tenantId: number) =>
        site.manager.save(Article, { title: "", slug, tenantId })

    it("gives the row, with its relations", async () => {
        const site = await start()
        const author = await site.manager.save(
            site.manager.create("Author", {}) as { publicId: string },
        )
        const article = await save(site, "tea", 1)
        await site.manager.save(Article, { ...article, author: author as never })
        const { status, body } = await site.ask("/articles/with-author/tea", as(1))
        expect([status, JSON.parse(body)]).to.eql([200, { author: author.publicId }])
    })

    it("answers alike for the key of another tenant and for one that nobody has", async () => {
        const site = await start()
        await save(site, "tea", 1)
        const own = await site.ask("/articles/tea", as(1))
        expect([own.status, own.body]).to.eql([200, '{"slug":"tea","tenantId":1}'])
        const [foreign, unknown, none] = [
            await site.ask("/articles/tea", as(2)),
            await site.ask("/articles/milk", as(2)),
            await site.ask("/articles/art_1", as(2)),
        ]
        expect(foreign.status).to.equal(404)
        expect(foreign).to.eql(unknown)
        expect(none).to.eql(unknown)
    })

    it("keeps the requests of tenants apart that come at once, with one controller for all", async () => {
        const site = await start()
        for (const tenant of [1, 2]) await save(site, `of-${tenant}`, tenant)
        const made = Articles.made
        const asked = Array.from({ length: 50 }, (_, at) => ({
            tenant: (at % 2) + 1,
            of: (at % 3) + 1,
        }))
        const answers = await Promise.all(
            asked.map(({ tenant, of }) => site.ask(`/articles/later/of-${of}`, as(tenant))),
        )
        expect(answers.map(({ status, body }) => (status === 200 ? body : status))).to.eql(
            asked.map(({ tenant, of }) =>
                tenant === of ? `{"slug":"of-${of}","tenantId":${tenant}}` : 404,
            ),
        )
        expect(Articles.made).to.equal(made)
    })

    it("refuses conditions that say nothing", async () => {
        const site = await start()
        await save(site, "tea", 1)
        expect((await site.ask("/articles/tea")).status).to.equal(500)
        expect((await site.ask("/articles/of-nobody/tea", as(1))).status).to.equal(500)
        expect(site.messages.errors.join("\n")).to.include("tenantId")
    })

    it("redirects from retired keys, where the application does", async () => {
        const site = await start({ keys: { redirectRetiredKeys: true } })
        await site.renamed("old", "new")
        const { status, location } = await site.ask("/articles/old?page=2", as(1))
        expect([status, location]).to.eql([301, "/articles/new?page=2"])
        expect((await site.ask("/articles/old", as(1, { method: "PATCH" }))).status).to.equal(308)
        expect((await site.ask("/articles/old", as(2))).status).to.equal(404)
        expect((await site.ask("/articles/as-it-is/old", as(1))).status).to.equal(200)
    })

    it("redirects the one of two keys that is retired", async () => {
        const site = await start({ keys: { redirectRetiredKeys: true } })
        await site.renamed("same", "new")
        await site.manager.save(Page, { tenantId: 1, slug: "same" })
        const { location } = await site.ask("/articles/same/same", as(1))
        expect(location).to.equal("/articles/same/new")
        const followed = await site.ask(location!, as(1))
        expect(followed.body).to.equal('["same","new"]')
    })

    it("keeps the validators of an entity from its key, which a pipe doesn't", async () => {
        const site = await start({
            prepare: (application) =>
                application.useGlobalPipes(
                    new ValidationPipe({ transform: true, whitelist: true }),
                ),
        })
        const { publicId } = await site.manager.save(Label, { name: "Fragile" })
        const byParam = await site.ask(`/labels/by-param/${publicId}`)
        expect([byParam.status, byParam.body]).to.eql([200, "Fragile"])
        expect((await site.ask(`/labels/by-pipe/${publicId}`)).status).to.equal(400)
    })

    it("gives a GraphQL resolver the row of an argument, by the request in its context or that itself", async () => {
        const site = await startSite(
            applications,
            database(),
            { providers: [ArticleResolver] },
            {
                // There is no address to redirect to.
                keys: { redirectRetiredKeys: true },
                prepare: (application) =>
                    application.useGlobalPipes(new ValidationPipe({ transform: true })),
            },
        )
        await site.renamed("old", "tea", { tenantId: 1 })
        const resolver = site.application.get(ArticleResolver)
        // It is what @nestjs/graphql makes of a resolver.
        const show = site.application
            .get(ExternalContextCreator)
            .create(
                resolver as never,
                resolver.show.bind(resolver) as never,
                "show",
                ROUTE_ARGS_METADATA,
                { exchangeKeyForValue: () => undefined },
                undefined,
                undefined,
                undefined,
                "graphql",
            ) as (...given: unknown[]) => Promise<unknown>
        const ask = (key: unknown, context: object) => show(undefined, { key }, context, {})
        const expected = { slug: "tea", tenantId: 1 }
        expect(await ask("tea", { req: { tenantId: 1 } })).to.eql(expected)
        expect(await ask("tea", { tenantId: 1 })).to.eql(expected)
        expect(await ask("old", { req: { tenantId: 1 } })).to.eql(expected)
        for (const [key, context] of [
            ["tea", { req: { tenantId: 2 } }],
            ["milk", { req: { tenantId: 1 } }],
            [undefined, { req: { tenantId: 1 } }],
        ] as const)
            expect(await rejection(ask(key, context))).to.be.instanceOf(NotFoundException)
        expect(await rejection(ask("tea", {}))).to.be.instanceOf(InvalidOptionError)
    })

    it("shows the request to no pipe that walks through objects", async () => {
        const seen: unknown[] = []
        const spy = { transform: (value: unknown) => (seen.push(value), value) }
        const site = await start({
            prepare: (application) =>
                application.useGlobalPipes(
                    spy,
                    new ValidationPipe({ transform: true, validateCustomDecorators: true }),
                ),
        })
        await save(site, "tea", 1)
        expect((await site.ask("/articles/tea", as(1))).status).to.equal(200)
        expect(seen.map((value) => typeof value)).to.eql(["function"])
    })

    it("says what to import where that is missing", async () => {
        const { message } = await rejection(start({ keys: false }))
        expect(message).to.match(/PseudoKeyParam\(Article\).*AutoSequenceModule\.forRoot\(\)/)
    })
})
