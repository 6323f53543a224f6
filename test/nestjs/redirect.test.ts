import {
    All,
    type ArgumentsHost,
    Body,
    type CallHandler,
    Catch,
    Controller,
    createParamDecorator,
    type ExceptionFilter,
    type ExecutionContext,
    Get,
    HttpException,
    Injectable,
    type NestInterceptor,
    Param,
    Post,
    type Provider,
    Query,
} from "@nestjs/common"
import { APP_FILTER, APP_INTERCEPTOR, HttpAdapterHost } from "@nestjs/core"
import { expect } from "chai"
import type { Observable } from "rxjs"
import {
    AutoSequenceModule,
    PseudoKeyParam,
    PseudoKeyPipe,
    RetiredKeyException,
} from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { type Answer, Article, Author, Page, type SiteOptions, startSite } from "./articles"

const WRITING = ["POST", "PUT", "PATCH", "DELETE"]

const ByHeader = createParamDecorator(
    (name: string, context: ExecutionContext): unknown =>
        context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers[name],
)

const ArticlePipe = PseudoKeyPipe(Article)

@Controller()
class Articles {
    @Get("articles/:key")
    show(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @All("any/:key")
    change(@Param("key", ArticlePipe) { slug }: Article, @Body() body: unknown) {
        return { slug, body }
    }

    @Get("by-query")
    byQuery(@Query("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @Get("authors/:author/articles/:article")
    both(
        @Param("author", PseudoKeyPipe(Author)) { publicId }: Author,
        @Param("article", ArticlePipe) { slug }: Article,
    ) {
        return { publicId, slug }
    }

    @Get("direct/:key")
    direct(@Param("key", PseudoKeyPipe(Article, { redirect: false })) { slug }: Article) {
        return { slug }
    }

    @Get("tenants/:tenant/articles/:key")
    ofTenant(
        @PseudoKeyParam("key", Article, {
            where: (request: { params: { tenant: string } }) => ({
                tenantId: Number(request.params.tenant),
            }),
        })
        { slug }: Article,
    ) {
        return { slug }
    }

    @Get("current-slugs/:key")
    current(@Param("key", PseudoKeyPipe(Article, { retired: false })) { slug }: Article) {
        return { slug }
    }

    @Get("pages/:key")
    page(@Param("key", PseudoKeyPipe(Page, { where: { tenantId: 7 } })) { slug }: Page) {
        return { slug }
    }

    @Post("by-body")
    byBody(@Body("article", ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @Get("by-whole-query")
    byWholeQuery(@Query({ transform: ({ key }) => String(key) }, ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @Get("by-header")
    byHeader(@ByHeader("x-article", ArticlePipe) { slug }: Article) {
        return { slug }
    }
}

/** As applications have them that answer all errors in a form of their own. */
@Catch()
class Everything implements ExceptionFilter {
    constructor(private readonly host: HttpAdapterHost) {}
    catch(error: unknown, host: ArgumentsHost): void {
        const status = error instanceof HttpException ? error.getStatus() : 500
        const isRetired = error instanceof RetiredKeyException
        const response: unknown = host.switchToHttp().getResponse()
        this.host.httpAdapter.reply(response, { own: true, isRetired }, status)
    }
}

@Injectable()
class Passing implements NestInterceptor {
    intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle()
    }
}

const everything: Provider = {
    provide: APP_FILTER,
    inject: [HttpAdapterHost],
    useFactory: (host: HttpAdapterHost) => new Everything(host),
}

onOnePostgres("redirectRetiredKeys", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const redirecting: SiteOptions = { keys: { redirectRetiredKeys: true } }
    const start = (options = redirecting, providers: Provider[] = []) =>
        startSite(applications, database(), { controllers: [Articles], providers }, options)

    function expectRedirect(answer: Answer, status: number, location: string): void {
        expect(answer).to.include({ status, location })
        expect(answer.headers["cache-control"]).to.equal("no-cache")
    }

    it("redirects those who read, and keeps the query", async () => {
        const site = await start()
        const { publicId } = await site.renamed("old", "new")
        for (const method of ["GET", "HEAD"]) {
            const ask = (path: string) => site.ask(path, { method })
            expectRedirect(await ask("/articles/old"), 301, "/articles/new")
            const query = "?a=1&b=%20x&a=old&c[]=?&old"
            expectRedirect(await ask(`/articles/old${query}`), 301, `/articles/new${query}`)
            for (const key of ["new", publicId])
                expect(await ask(`/articles/${key}`)).to.include({ status: 200, location: null })
            expect((await ask("/articles/never")).status).to.equal(404)
        }
        const followed = await site.ask("/articles/old", { redirect: "follow" })
        expect(followed.body).to.equal('{"slug":"new"}')
    })

    it("has those who write do it again, with all that they sent", async () => {
        const site = await start()
        await site.renamed("old", "new")
        for (const method of WRITING) {
            const init: RequestInit = {
                method,
                headers: { "content-type": "application/json" },
                body: '{"price":7}',
            }
            expectRedirect(await site.ask("/any/old?a=1", init), 308, "/any/new?a=1")
            const { body } = await site.ask("/any/old", { ...init, redirect: "follow" })
            expect(JSON.parse(body)).to.eql({ slug: "new", body: { price: 7 } })
        }
    })

    it("redirects keys of the query", async () => {
        const site = await start()
        await site.renamed("old", "new")
        for (const [query, location] of [
            ["key=old", "key=new"],
            ["a=old&key=old&b=1", "a=old&key=new&b=1"],
            ["%6Bey=%6Fld", "key=new"],
        ])
            expectRedirect(await site.ask(`/by-query?${query}`), 301, `/by-query?${location}`)
        expect((await site.ask("/by-query?key=old&key=old")).status).to.equal(404)
        const { body } = await site.ask("/by-query?x=%26&key=old", { redirect: "follow" })
        expect(body).to.equal('{"slug":"new"}')
    })

    it("redirects to where all of several keys are current", async () => {
        const site = await start()
        const { manager } = site
        const author = await manager.save(Author, { publicId: "aut_a" })
        await manager.save(Author, { ...author, publicId: "aut_b" })
        await site.renamed("old", "new")
        const right = "/authors/aut_b/articles/new"
        expectRedirect(await site.ask("/authors/aut_a/articles/new"), 301, right)
        expectRedirect(await site.ask("/authors/aut_b/articles/old"), 301, right)
        const both = await site.ask("/authors/aut_a/articles/old", { redirect: "follow" })
        expect(both.body).to.equal('{"publicId":"aut_b","slug":"new"}')
        const missing = await site.ask("/authors/aut_a/articles/nobody", { redirect: "follow" })
        expect(missing.status).to.equal(404)
    })

    it("does not go round in circles when a row takes a key back", async () => {
        const site = await start()
        const article = await site.renamed("a", "b")
        expectRedirect(await site.ask("/articles/a"), 301, "/articles/b")
        await site.manager.save(Article, { ...article, slug: "a" })
        expect((await site.ask("/articles/a")).status).to.equal(200)
        expectRedirect(await site.ask("/articles/b"), 301, "/articles/a")
        await site.manager.save(Article, { ...article, slug: "c" })
        for (const key of ["a", "b"])
            expectRedirect(await site.ask(`/articles/${key}`), 301, "/articles/c")
    })

    it("tells nobody about a key of another tenant, or of a row that is gone", async () => {
        const site = await start()
        const { manager } = site
        const article = await site.renamed("old", "new", { tenantId: 7 })
        const page = await manager.save(Page, { tenantId: 8, slug: "home" })
        await manager.save(Page, { ...page, slug: "start" })
        const ask = (path: string) => site.ask(path)
        expectRedirect(await ask("/tenants/7/articles/old"), 301, "/tenants/7/articles/new")
        const never = await ask("/articles/never")
        expect(never).to.include({ status: 404, location: null })
        for (const path of ["/tenants/8/articles/old", "/pages/home", "/current-slugs/old"])
            expect(await ask(path), path).to.eql(never)
        await manager.softDelete(Article, { id: article.id })
        expect(await ask("/articles/old")).to.eql(never)
    })

    it("gives the handler the row where there is no other address, or none is wanted", async () => {
        const site = await start()
        await site.renamed("old", "new")
        const json = { "content-type": "application/json" }
        for (const [path, init] of [
            ["/direct/old", {}],
            ["/by-body", { method: "POST", headers: json, body: '{"article":"old"}' }],
            ["/by-header", { headers: { "x-article": "old" } }],
            ["/by-whole-query?key=old", {}],
        ] as [string, RequestInit][]) {
            const { body, location } = await site.ask(path, init)
            expect([path, body, location]).to.eql([path, '{"slug":"new"}', null])
        }
        const page = await site.manager.save(Page, { tenantId: 7, slug: "home" })
        await site.manager.save(Page, { ...page, slug: null })
        const answer = await site.ask("/pages/home")
        expect(answer).to.include({ status: 200, body: '{"slug":null}', location: null })
    })

    it("does nothing unless it is set", async () => {
        for (const keys of [{}, { redirectRetiredKeys: false }]) {
            const site = await start({ keys })
            await site.renamed("old", "new")
            const answer = await site.ask("/articles/old")
            expect(answer).to.include({ status: 200, body: '{"slug":"new"}', location: null })
        }
    })

    it("may be known later", async () => {
        for (const redirectRetiredKeys of [true, false]) {
            const keys = AutoSequenceModule.forRootAsync({
                useFactory: async () => ({ redirectRetiredKeys }),
            })
            const metadata = { controllers: [Articles], imports: [keys] }
            const site = await startSite(applications, database(), metadata, { keys: false })
            await site.renamed("old", "new")
            const answer = await site.ask("/articles/old")
            if (redirectRetiredKeys) expectRedirect(answer, 301, "/articles/new")
            else expect(answer).to.include({ status: 200, location: null })
        }
    })

    it("leaves the answer to the filters of the application", async () => {
        const ways: [SiteOptions, Provider[]][] = [
            [redirecting, [everything]],
            [
                {
                    ...redirecting,
                    prepare: (application) =>
                        application.useGlobalFilters(
                            new Everything(application.get(HttpAdapterHost)),
                        ),
                },
                [],
            ],
        ]
        for (const [options, providers] of ways) {
            const site = await start(options, providers)
            await site.renamed("old", "new")
            const read = await site.ask("/articles/old?a=1")
            expectRedirect(read, 301, "/articles/new?a=1")
            expect(JSON.parse(read.body)).to.eql({ own: true, isRetired: true })
            const written = await site.ask("/any/old", { method: "PUT" })
            expectRedirect(written, 308, "/any/new")
            const missing = await site.ask("/articles/never")
            expect(missing).to.include({ status: 404, location: null })
            expect(JSON.parse(missing.body)).to.eql({ own: true, isRetired: false })
        }
    })

    it("works among other interceptors", async () => {
        const passing = { provide: APP_INTERCEPTOR, useClass: Passing }
        const prepare: SiteOptions["prepare"] = (application) =>
            application.useGlobalInterceptors(new Passing())
        const site = await start({ ...redirecting, prepare }, [passing, passing])
        await site.renamed("old", "new")
        expectRedirect(await site.ask("/articles/old"), 301, "/articles/new")
        expectRedirect(await site.ask("/any/old", { method: "PATCH" }), 308, "/any/new")
    })
})
