import {
    Body,
    Controller,
    createParamDecorator,
    type ExecutionContext,
    ForbiddenException,
    Get,
    Param,
    Post,
    Query,
    ValidationPipe,
} from "@nestjs/common"
import { getDataSourceToken, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { getMetadataStorage } from "class-validator"
import type { DataSource } from "typeorm"
import { InvalidOptionError } from "../../src"
import { AutoSequenceModule, PseudoKeyPipe } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { Applications } from "./applications"
import { Article, Author, Draft, Page, type Site, startSite, Twin } from "./articles"

// Makes a global variable, which a test would seem to leave.
getMetadataStorage()

const ByHeader = createParamDecorator(
    (name: string, context: ExecutionContext): unknown =>
        context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers[name],
)

const ArticlePipe = PseudoKeyPipe(Article)

@Controller()
class Library {
    @Get("articles/:key")
    article(@Param("key", ArticlePipe) article: Article) {
        return { id: article.id, isEntity: article instanceof Article }
    }

    @Get("with-authors/:key")
    withAuthor(
        @Param("key", PseudoKeyPipe(Article, { relations: { author: true }, withDeleted: true }))
        { id, author, deletedAt }: Article,
    ) {
        return { id, author: author?.id, isDeleted: deletedAt !== null }
    }

    @Get("authors/:key")
    author(
        @Param(
            "key",
            PseudoKeyPipe(Author, {
                relations: { articles: true },
                order: { articles: { title: "DESC" } },
            }),
        )
        { articles }: Author,
    ) {
        return articles.map(({ title }) => title)
    }

    @Get("drafts/:key")
    draft(@Param("key", PseudoKeyPipe(Draft)) { id }: Draft) {
        return { id }
    }

    @Get("twins/:key")
    twin(@Param("key", PseudoKeyPipe(Twin, { property: "second" })) { id }: Twin) {
        return { id }
    }

    @Get("pages/:key")
    page(@Param("key", PseudoKeyPipe(Page, { where: { tenantId: 7 } })) { id }: Page) {
        return { id }
    }

    @Get("current-slugs/:key")
    current(@Param("key", PseudoKeyPipe(Article, { retired: false })) { id }: Article) {
        return { id }
    }

    @Get("by-query")
    byQuery(@Query("key", ArticlePipe) { id }: Article) {
        return { id }
    }

    @Get("optional")
    optional(@Query("key", PseudoKeyPipe(Article, { optional: true })) article?: Article) {
        return { id: article?.id ?? "none" }
    }

    @Post("optional-by-body")
    optionalByBody(
        @Body("article", PseudoKeyPipe(Article, { optional: true })) article: Article | null,
    ) {
        return { id: article && article.id }
    }

    @Get("hidden/:key")
    hidden(
        @Param(
            "key",
            PseudoKeyPipe(Article, { exceptionFactory: () => new ForbiddenException("No.") }),
        )
        { id }: Article,
    ) {
        return { id }
    }

    @Get("by-header")
    byHeader(@ByHeader("x-article", ArticlePipe) { id }: Article) {
        return { id }
    }

    @Post("by-body")
    byBody(@Body("article", ArticlePipe) { id }: Article) {
        return { id }
    }

    @Get("authors/:author/articles/:article")
    both(
        @Param("author", PseudoKeyPipe(Author)) author: Author,
        @Param("article", ArticlePipe) article: Article,
        @Query("draft", PseudoKeyPipe(Draft, { optional: true })) draft?: Draft,
    ) {
        return [author.id, article.id, draft?.id ?? "none"]
    }
}

onOnePostgres("PseudoKeyPipe", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const start = () => startSite(applications, database(), { controllers: [Library] })

    async function expectJson(site: Site, path: string, expected: unknown): Promise<void> {
        const { status, body } = await site.ask(path)
        expect({ path, status, body }).to.eql({
            path,
            status: 200,
            body: JSON.stringify(expected),
        })
    }

    it("gives the handler the row, by keys of all kinds", async () => {
        const site = await start()
        const { manager } = site
        await site.renamed("another", "other")
        const { id, publicId } = await site.renamed("old", "new")
        for (const key of [publicId, "old", "new", "%6Eew"])
            await expectJson(site, `/articles/${key}`, { id, isEntity: true })
        const derived = await manager.save(Article, { title: "Crème brûlée" })
        await expectJson(site, "/articles/Creme-brulee", { id: derived.id, isEntity: true })
        const draft = await manager.getRepository(Draft).save({})
        await expectJson(site, `/drafts/${draft.publicId}`, { id: draft.id })
        const twin = await manager.getRepository(Twin).save({})
        await manager.save(Twin, { second: twin.first })
        await expectJson(site, `/twins/${twin.second}`, { id: twin.id })
        await manager.save(Page, { tenantId: 8, slug: "home" })
        expect((await site.ask("/pages/home")).status).to.equal(404)
        const page = await manager.save(Page, { tenantId: 7, slug: "home" })
        await expectJson(site, "/pages/home", { id: page.id })
    })

    it("finds as findOne() is told to", async () => {
        const site = await start()
        const { manager } = site
        const author = await manager.getRepository(Author).save({})
        const titles = ["b", "c", "a"]
        const articles = await manager.save(
            titles.map((title) => manager.create(Article, { title, author })),
        )
        await expectJson(site, `/authors/${author.publicId}`, ["c", "b", "a"])
        const { id, publicId } = articles[0]!
        const expected = { id, author: author.id }
        await expectJson(site, `/with-authors/${publicId}`, { ...expected, isDeleted: false })
        await manager.softDelete(Article, { id })
        await expectJson(site, `/with-authors/${publicId}`, { ...expected, isDeleted: true })
        for (const key of [publicId, "b"])
            expect((await site.ask(`/articles/${key}`)).status, key).to.equal(404)
    })

    it("answers the same to whatever is no key of a row", async () => {
        const site = await start()
        const { manager } = site
        const { id } = await manager.save(Article, { title: "tea" })
        const { publicId } = await manager.getRepository(Author).save({})
        const draft = await manager.getRepository(Draft).save({})
        const texts = [
            ...["art_nobody", "nobody", publicId, draft.publicId, String(id), `art_${id}`],
            ...["TEA", "a".repeat(255), "a".repeat(256), "a".repeat(10_000), "%00", "tea%00"],
            ...["a%20b", "%27", "a%2Fb", "%F0%9F%8D%B5", "...", "%2e%2e%2fa", "__proto__"],
            ...["constructor", "null", "undefined", "[object%20Object]", "tea%0d%0aX-Evil:%201"],
        ]
        const answers = await Promise.all([
            ...texts.map((text) => site.ask(`/articles/${text}`)),
            ...texts.map((text) => site.ask(`/by-query?key=${text}`)),
            site.ask("/by-query"),
            site.ask("/by-query?key="),
            site.ask("/by-query?key=tea&key=tea"),
            site.ask("/by-query?key[]=tea"),
            site.ask("/by-query?key[a]=tea"),
            site.ask("/by-query?key[toString]=tea"),
            // Not decoded by the server, so the text itself is asked for.
            site.ask("/by-query?key=%E0%A4%A"),
            site.ask("/by-header"),
            ...["tea", `dra_${"A".repeat(22)}`].map((text) => site.ask(`/drafts/${text}`)),
        ])
        const [first] = answers
        expect(first).to.include({ status: 404, location: null })
        expect(JSON.parse(first!.body)).to.eql({ message: "Not Found", statusCode: 404 })
        for (const answer of answers) expect(answer).to.eql(first)
        expect(site.messages.errors).to.eql([])
        // Routers refuse it before anything of the application is asked.
        const broken = await site.ask("/articles/%E0%A4%A")
        expect(broken.status).to.equal(400)
    })

    it("answers the same to what is no text", async () => {
        const site = await start()
        await site.manager.save(Article, { title: "tea", slug: "tea" })
        const post = (article: unknown) =>
            site.ask("/by-body", {
                method: "POST",
                headers: { "content-type": "application/json" },
                body: JSON.stringify({ article }),
            })
        expect((await post("tea")).status).to.equal(201)
        const first = await post("nobody")
        expect(first.status).to.equal(404)
        for (const key of [undefined, null, 1, true, ["tea"], { slug: "tea" }, { length: 3 }, []])
            expect(await post(key), JSON.stringify(key)).to.eql(first)
    })

    it("lets a parameter be missing, and no other one", async () => {
        const site = await start()
        const { id } = await site.manager.save(Article, { title: "tea" })
        await expectJson(site, "/optional", { id: "none" })
        await expectJson(site, "/optional?key=tea", { id })
        for (const query of ["key=", "key=nobody", "key=tea&key=tea", "key=undefined", "key=null"])
            expect((await site.ask(`/optional?${query}`)).status, query).to.equal(404)
        for (const [article, answer] of [
            [null, { status: 201, body: '{"id":null}' }],
            ["tea", { status: 201, body: JSON.stringify({ id }) }],
        ] as const) {
            const headers = { "content-type": "application/json" }
            const init = { method: "POST", headers, body: JSON.stringify({ article }) }
            expect(await site.ask("/optional-by-body", init)).to.include(answer)
        }
    })

    it("lets a parameter be missing behind a ValidationPipe, which makes an empty object of it", async () => {
        const site = await startSite(
            applications,
            database(),
            { controllers: [Library] },
            {
                prepare: (application) =>
                    application.useGlobalPipes(new ValidationPipe({ transform: true })),
            },
        )
        const { id } = await site.manager.save(Article, { title: "tea" })
        await expectJson(site, "/optional", { id: "none" })
        await expectJson(site, "/optional?key=tea", { id })
        for (const query of ["key=", "key=nobody", "key=tea&key=tea"])
            expect((await site.ask(`/optional?${query}`)).status, query).to.equal(404)
        expect((await site.ask("/by-query")).status).to.equal(404)
    })

    it("throws what the application wants", async () => {
        const site = await start()
        const { id } = await site.manager.save(Article, { title: "tea" })
        await expectJson(site, "/hidden/tea", { id })
        const answers = await Promise.all(
            ["nobody", "%00", `art_${id}`].map((key) => site.ask(`/hidden/${key}`)),
        )
        for (const answer of answers) expect(answer).to.eql(answers[0])
        expect(answers[0]).to.include({ status: 403 })
        expect(JSON.parse(answers[0]!.body)).to.include({ message: "No." })
    })

    it("leaves out retired keys where it shall", async () => {
        const site = await start()
        const { id, publicId } = await site.renamed("old", "new")
        for (const key of ["new", publicId]) await expectJson(site, `/current-slugs/${key}`, { id })
        expect(await site.ask("/current-slugs/old")).to.eql(await site.ask("/current-slugs/never"))
    })

    it("stands beside other pipes, and in decorators of the application", async () => {
        const site = await start()
        const { manager } = site
        const author = await manager.getRepository(Author).save({})
        const article = await manager.save(Article, { title: "tea" })
        const draft = await manager.getRepository(Draft).save({})
        const path = `/authors/${author.publicId}/articles/${article.publicId}`
        await expectJson(site, path, [author.id, article.id, "none"])
        const ids = [author.id, article.id, draft.id]
        await expectJson(site, `${path}?draft=${draft.publicId}`, ids)
        for (const wrong of [
            `/authors/aut_nobody/articles/tea`,
            `/authors/${author.publicId}/articles/nobody`,
            `/authors/aut_nobody/articles/nobody`,
            `/authors/${article.publicId}/articles/${author.publicId}`,
            `${path}?draft=${article.publicId}`,
        ])
            expect((await site.ask(wrong)).status, wrong).to.equal(404)
        const answer = await site.ask("/by-header", { headers: { "x-article": "tea" } })
        expect(JSON.parse(answer.body)).to.eql({ id: article.id })
    })

    it("is replaced by overridePipe()", async () => {
        const row = Object.assign(new Article(), { id: 42 })
        const site = await startSite(
            applications,
            database(),
            { controllers: [Library] },
            {
                change: (builder) =>
                    builder.overridePipe(ArticlePipe).useValue({ transform: () => row }),
            },
        )
        await expectJson(site, "/articles/whatever", { id: 42, isEntity: true })
    })

    it("refuses conditions of the request, which it would not make", () => {
        const where = (() => ({ tenantId: 7 })) as never
        expect(() => PseudoKeyPipe(Article, { where }))
            .to.throw(InvalidOptionError, "@PseudoKeyParam")
            .with.property("code", "INVALID_OPTION")
    })

    it("says what to import where nothing was", async () => {
        @Controller()
        class Two {
            @Get("default/:key")
            one(@Param("key", ArticlePipe) { id }: Article) {
                return { id }
            }
            @Get("archive/:key")
            other(
                @Param("key", PseudoKeyPipe(Article, { dataSource: "archive" })) { id }: Article,
            ) {
                return { id }
            }
        }
        for (const keys of [false, {}] as const) {
            const starting = startSite(applications, database(), { controllers: [Two] }, { keys })
            const { message } = await rejection(starting)
            expect(message).to.include("PseudoKeyPipe(Article)")
            expect(message).to.include(
                keys
                    ? 'AutoSequenceModule.forRoot({ dataSource: "archive" })'
                    : "AutoSequenceModule.forRoot",
            )
        }
    })

    it("asks the data source that it is told", async () => {
        @Controller()
        class Two {
            @Get("default/:key")
            one(@Param("key", PseudoKeyPipe(Article)) { title }: Article) {
                return { title }
            }
            @Get("archive/:key")
            other(
                @Param("key", PseudoKeyPipe(Article, { dataSource: "archive" })) { title }: Article,
            ) {
                return { title }
            }
        }
        const name = "archive"
        const options = await database().newOptions(2)
        const site = await startSite(applications, database(), {
            controllers: [Two],
            imports: [
                TypeOrmModule.forRoot({
                    ...options,
                    name,
                    autoLoadEntities: true,
                    synchronize: true,
                }),
                TypeOrmModule.forFeature([Article, Author], name),
                AutoSequenceModule.forRoot({ dataSource: name }),
            ],
        })
        const archive: DataSource = site.application.get(getDataSourceToken(name))
        await site.manager.save(Article, { title: "here", slug: "tea" })
        expect((await site.ask("/archive/tea")).status).to.equal(404)
        await archive.manager.save(Article, { title: "there", slug: "tea" })
        await expectJson(site, "/default/tea", { title: "here" })
        await expectJson(site, "/archive/tea", { title: "there" })
    })
})
