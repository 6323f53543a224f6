import {
    All,
    Body,
    Controller,
    Get,
    type HttpServer,
    type INestApplication,
    Param,
    Query,
    VersioningType,
} from "@nestjs/common"
import { Test } from "@nestjs/testing"
import { TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import type { AddressInfo } from "node:net"
import { AutoSequenceModule, PseudoKeyParam, PseudoKeyPipe } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Messages } from "./applications"
import { Article, ENTITIES, Site } from "./articles"

/** A name that the compiler does not look for: not everybody who runs the tests has it. */
const FASTIFY: string = "@nestjs/platform-fastify"

const ofTenant = ({ query }: { query: { tenant: string } }) => ({ tenantId: Number(query.tenant) })

@Controller({ path: "articles", version: "1" })
class Articles {
    @Get(":key")
    show(@Param("key", PseudoKeyPipe(Article)) { slug }: Article) {
        return { slug }
    }

    @Get(":key/of-tenant")
    ofTenant(@PseudoKeyParam("key", Article, { where: ofTenant }) { slug }: Article) {
        return { slug }
    }

    @Get(":key/:key2")
    two(
        @Param("key", PseudoKeyPipe(Article)) one: Article,
        @Param("key2", PseudoKeyPipe(Article)) other: Article,
    ) {
        return { slugs: [one.slug, other.slug] }
    }

    @Get("")
    byQuery(@Query("key", PseudoKeyPipe(Article)) { slug }: Article) {
        return { slug }
    }

    @All("any/:key/body")
    change(@Param("key", PseudoKeyPipe(Article)) { slug }: Article, @Body() body: unknown) {
        return { slug, body }
    }
}

onOnePostgres("Keys on Fastify", (database) => {
    let application: INestApplication | undefined
    afterEach(() => application?.close())

    async function start(options: object = {}): Promise<Site> {
        const { FastifyAdapter } = (await import(FASTIFY)) as {
            FastifyAdapter: new (options: object) => HttpServer
        }
        const module = await Test.createTestingModule({
            imports: [
                TypeOrmModule.forRoot({
                    ...(await database().newOptions()),
                    autoLoadEntities: true,
                    synchronize: true,
                }),
                TypeOrmModule.forFeature(ENTITIES),
                AutoSequenceModule.forRoot({ redirectRetiredKeys: true }),
            ],
            controllers: [Articles],
        })
            .setLogger(new Messages())
            .compile()
        application = module.createNestApplication(new FastifyAdapter(options) as never)
        application.setGlobalPrefix("api").enableVersioning({ type: VersioningType.URI })
        await application.listen(0, "127.0.0.1")
        const { port } = application.getHttpServer().address() as AddressInfo
        return new Site(application, `http://127.0.0.1:${port}/api/v1`, new Messages())
    }

    before(async function () {
        try {
            await import(FASTIFY)
        } catch {
            console.log(`      skipped, ${FASTIFY} is not installed`)
            this.skip()
        }
    })

    it("lead from a retired one to the current one", async () => {
        const site = await start()
        await site.renamed("old", "new", { tenantId: 7 })
        await site.renamed("articles", "b")
        for (const [path, location] of [
            ["/articles/old?a=1", "/articles/new?a=1"],
            ["/articles/%6Fld", "/articles/new"],
            ["/articles/articles", "/articles/b"],
            ["/articles/old/new", "/articles/new/new"],
            ["/articles/new/old", "/articles/new/new"],
            ["/articles?a=old&key=old", "/articles?a=old&key=new"],
            ["/articles/old/of-tenant?tenant=7", "/articles/new/of-tenant?tenant=7"],
        ] as const)
            for (const method of ["GET", "HEAD"]) {
                const answer = await site.ask(path, { method })
                expect(answer).to.include({ status: 301, location: `/api/v1${location}` })
                expect(answer.headers["cache-control"]).to.equal("no-cache")
            }
        const foreign = await site.ask("/articles/old/of-tenant?tenant=8")
        expect(foreign).to.include({ status: 404, location: null })
    })

    it("take the body along to the new address", async () => {
        const site = await start()
        await site.renamed("any", "new")
        for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
            const init = {
                method,
                headers: { "content-type": "application/json" },
                body: '{"price":7}',
            }
            const first = await site.ask("/articles/any/any/body", init)
            const location = "/api/v1/articles/any/new/body"
            expect(first).to.include({ status: 308, location })
            const followed = await site.ask("/articles/any/any/body", {
                ...init,
                redirect: "follow",
            })
            expect(JSON.parse(followed.body)).to.eql({ slug: "new", body: { price: 7 } })
        }
    })

    it("answer the same to whatever is no key of a row", async () => {
        const site = await start()
        const { id } = await site.manager.save(Article, { title: "tea" })
        const first = await site.ask("/articles/never")
        expect(first.status).to.equal(404)
        for (const path of [
            ...["/%00", `/${id}`, `/art_${id}`, "/TEA", "/a%2Fb", "/tea%00", "/..."],
            ...["", "?key=", "?key=tea&key=tea", "?key[a]=tea", "?key=%00"],
        ])
            expect(await site.ask(`/articles${path}`), path).to.eql(first)
    })

    it("never lead to another host", async () => {
        const ignoring = { ignoreDuplicateSlashes: true }
        // Fastify 4 has these options among the others.
        const site = await start({ ...ignoring, routerOptions: ignoring })
        await site.renamed("old", "new")
        const origin = site.address.slice(0, -"/api/v1".length)
        const { status, headers } = await fetch(`${origin}//api/v1/articles/old`, {
            redirect: "manual",
        })
        expect(status).to.equal(301)
        expect(headers.get("location")).to.equal("/api/v1/articles/new")
    })
})
