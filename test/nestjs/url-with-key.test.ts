import { Controller, Get, type INestApplication, Param, VersioningType } from "@nestjs/common"
import { expect } from "chai"
import { once } from "node:events"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { PseudoKeyPipe } from "../../src/nestjs"
import { urlWithKey } from "../../src/nestjs/pseudo-keys/url-with-key"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { Article, type Site, type SiteOptions, startSite } from "./articles"

const ArticlePipe = PseudoKeyPipe(Article)

@Controller()
class Addresses {
    @Get(["articles/:key", "by-slug/:key/page"])
    one(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @Get("articles/:key/:other")
    two(@Param("key", ArticlePipe) one: Article, @Param("other", ArticlePipe) other: Article) {
        return { slugs: [one.slug, other.slug] }
    }

    @Get("files/:key.json")
    file(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @Get("@:key")
    at(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }

    @Get("of/:language-:key/x")
    inside(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }
}

@Controller({ path: "articles", version: "1" })
class Versioned {
    @Get(":key")
    one(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }
}

@Controller(":host")
class AnyHost {
    @Get(":key")
    one(@Param("key", ArticlePipe) { slug }: Article) {
        return { slug }
    }
}

/** The location that a path is redirected to, which fetch() would normalise before it asks. */
async function locationOf({ address }: Site, path: string): Promise<string | undefined> {
    const { port } = new URL(address)
    return new Promise((resolve, reject) => {
        request({ port, path, host: "127.0.0.1" }, (response) => {
            response.resume().on("end", () => {
                resolve(response.headers.location)
            })
        })
            .on("error", reject)
            .end()
    })
}

onOnePostgres("The address of a current key", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const keys = { redirectRetiredKeys: true }
    const start = (controller: unknown = Addresses, options: SiteOptions = {}) =>
        startSite(
            applications,
            database(),
            { controllers: [controller as never] },
            { keys, ...options },
        )

    async function expectLocations(site: Site, locations: Record<string, string>): Promise<void> {
        const found: Record<string, string | undefined> = {}
        for (const path of Object.keys(locations)) found[path] = await locationOf(site, path)
        expect(found).to.eql(locations)
    }

    it("has the key in the place of the retired one, whatever else reads the same", async () => {
        const site = await start()
        await site.renamed("articles", "b")
        await site.renamed("page", "c")
        await site.renamed("x", "y")
        await expectLocations(site, {
            "/articles/articles": "/articles/b",
            "/ARTICLES/articles": "/ARTICLES/b",
            "/articles/articles/": "/articles/b/",
            "/by-slug/page/page": "/by-slug/c/page",
            "/by-slug/page/page?page=page": "/by-slug/c/page?page=page",
            "/articles/articles/b": "/articles/b/b",
            "/articles/b/articles": "/articles/b/b",
            "/articles/x/y": "/articles/y/y",
            "/articles/y/x/": "/articles/y/y/",
            "/of/x-x/x": "/of/x-y/x",
        })
    })

    it("is right with a slash at its end, where a current key reads the same", async () => {
        const site = await start()
        await site.renamed("by-slug", "b")
        await site.renamed("page", "c")
        await expectLocations(site, {
            "/by-slug/by-slug/page/": "/by-slug/b/page/",
            "/by-slug/page/page/": "/by-slug/c/page/",
        })
    })

    it("is right where a key is a part of a segment", async () => {
        const site = await start()
        await site.renamed("f", "b")
        await site.renamed("files", "c")
        await site.renamed("json", "d")
        await site.renamed("a~b", "e")
        await expectLocations(site, {
            "/files/f.json": "/files/b.json",
            "/@f": "/@b",
            "/files/files.json": "/files/c.json",
            "/files/json.json": "/files/d.json",
            "/files/%66.json": "/files/b.json",
            "/files/a%7Eb.json": "/files/e.json",
        })
    })

    it("is found for keys that a client has encoded", async () => {
        const site = await start()
        await site.renamed("a~b.c", "~d.e-f_g")
        await expectLocations(site, {
            "/articles/a~b.c": "/articles/~d.e-f_g",
            "/articles/a%7Eb%2Ec": "/articles/~d.e-f_g",
            "/articles/%61%7e%62%2e%63?q=%61": "/articles/~d.e-f_g?q=%61",
        })
    })

    it("has the prefix and the version of the application", async () => {
        const site = await start(Versioned, {
            prepare: (application: INestApplication) => {
                application.setGlobalPrefix("api").enableVersioning({ type: VersioningType.URI })
            },
        })
        await site.renamed("v1", "b")
        await site.renamed("api", "c")
        await expectLocations(site, {
            "/api/v1/articles/v1": "/api/v1/articles/b",
            "/api/v1/articles/api": "/api/v1/articles/c",
        })
    })

    it("has the path that the application is mounted at", async () => {
        const site = await start()
        await site.renamed("shop", "b")
        const instance = site.application.getHttpAdapter().getInstance() as Express
        const server = createServer(mounted(instance, "/shop/articles")).listen(0, "127.0.0.1")
        await once(server, "listening")
        try {
            const { port } = server.address() as AddressInfo
            const outer = { address: `http://127.0.0.1:${port}` } as Site
            await expectLocations(outer, {
                "/shop/articles/articles/shop": "/shop/articles/articles/b",
                "/shop/articles/by-slug/shop/page?a": "/shop/articles/by-slug/b/page?a",
            })
        } finally {
            server.close()
        }
    })

    it("never leads to another host", async () => {
        const site = await start(AnyHost, {
            // As those do who take double slashes for one.
            prepare: (application: INestApplication) =>
                application.use((request: { url: string }, _: unknown, next: () => void) => {
                    request.url = request.url.replace(/^[/\\]+/, "/")
                    next()
                }),
        })
        await site.renamed("old", "new")
        await site.renamed("old.example", "new.example")
        for (const path of [
            "//evil.example/old",
            "///evil.example/old",
            "//evil.example/old?a=//b",
            "/\\evil.example/old",
            "/%5Cevil.example/old",
            "/%2F%2Fevil.example/old",
            "/evil.example/old.example",
            "http://evil.example/shop/old",
        ]) {
            const location = await locationOf(site, path)
            expect(location, path).to.be.a("string")
            expect(new URL(location!, site.address).origin, `${path} ${location}`).to.equal(
                site.address,
            )
        }
        expect(await locationOf(site, "http://evil.example/shop/old")).to.equal("/shop/new")
    })
})

describe("The address with another key", () => {
    const addressOf = (url: string, route?: string, key = "new", more = {}) =>
        urlWithKey(
            {
                method: "GET",
                url,
                params: { key: "old", id: "7" },
                route: { path: route },
                ...more,
            },
            { type: "param", data: "key" },
            key,
        )

    it("has it where the pattern of the route says", () => {
        expect(addressOf("/old/old/old", "/old{/:key}/old")).to.equal("/old/new/old")
        expect(addressOf("/old/x/old", "/:key/x/:key")).to.equal("/old/x/new")
        expect(addressOf("/old/7-old/old/", "/old/:id(\\d+)-:key?/old")).to.equal("/old/7-new/old/")
        const routeOptions = { url: "/:key/old" }
        expect(addressOf("/old/old", undefined, "new", { routeOptions })).to.equal("/new/old")
    })

    it("has it at the end where no pattern says where, or the address is another one", () => {
        expect(addressOf("/old/older")).to.equal("/new/older")
        expect(addressOf("/old/old")).to.equal("/old/new")
        expect(addressOf("/cold/xold-old.json")).to.equal("/cold/xold-new.json")
        expect(addressOf("/100%/old?a=100%")).to.equal("/100%/new?a=100%")
        const originalUrl = "/old/latest"
        const rewritten = addressOf("/articles/old", "/articles/:key", "new", { originalUrl })
        expect(rewritten).to.equal("/new/latest")
    })

    it("is made of what an address may contain, and leaves the rest of it", () => {
        expect(addressOf("/old", "/:key", "東京")).to.equal("/%E6%9D%B1%E4%BA%AC")
        expect(addressOf("/old", undefined, "東京")).to.equal("/%E6%9D%B1%E4%BA%AC")
        const asked = { method: "GET", url: "/by-query?key=old&to=/a?b", params: {} }
        const address = urlWithKey(asked, { type: "query", data: "key" }, "東京")
        expect(address).to.equal("/by-query?key=%E6%9D%B1%E4%BA%AC&to=%2Fa%3Fb")
        expect(addressOf("/old?to=/a?b", "/:key")).to.equal("/new?to=/a?b")
    })
})

interface Express {
    (request: unknown, response: unknown, next?: unknown): void
}

/** What Express does for `app.use(path, other)`. */
function mounted(application: Express, path: string) {
    return (incoming: { url?: string; originalUrl?: string }, response: unknown): void => {
        incoming.originalUrl = incoming.url
        incoming.url = incoming.url?.slice(path.length)
        application(incoming, response)
    }
}
