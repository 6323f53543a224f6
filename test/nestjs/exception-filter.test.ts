import { Controller, Get, GoneException, Param, Query } from "@nestjs/common"
import { APP_FILTER } from "@nestjs/core"
import { expect } from "chai"
import * as errors from "../../src/errors"
import {
    AutoSequenceExceptionFilter,
    PseudoKeyParam,
    PseudoKeyPipe,
    provideTestKeys,
} from "../../src/nestjs"
import { Applications, Messages } from "./applications"
import { Article } from "./articles"

type ErrorName = keyof typeof errors

@Controller()
class Failing {
    @Get("fail")
    fail(@Query("with") name: string) {
        const Failure = errors[name as ErrorName] as new (message: string) => Error
        throw new Failure("Invoice.number: what nobody shall read")
    }
}

@Controller("articles")
class Articles {
    @Get("pipe/:key")
    pipe(@Param("key", PseudoKeyPipe(Article)) { slug }: Article) {
        return { slug }
    }
    @Get("hidden/:key")
    hidden(
        @Param("key", PseudoKeyPipe(Article, { exceptionFactory: () => new GoneException() }))
        { slug }: Article,
    ) {
        return { slug }
    }
    @Get("param/:key")
    param(@PseudoKeyParam("key", Article, { dataSource: "other" }) { slug }: Article) {
        return { slug }
    }
}

describe("NestJS without a database", () => {
    const applications = new Applications()
    afterEach(() => applications.close())

    async function start(metadata: Parameters<Applications["create"]>[0]) {
        const application = await applications.create(metadata, { messages: new Messages() })
        await application.listen(0, "127.0.0.1")
        const { port } = application.getHttpServer().address() as { port: number }
        return async (path: string) => {
            const response = await fetch(`http://127.0.0.1:${port}${path}`)
            return { status: response.status, body: await response.text() }
        }
    }

    it("the exception filter answers by what a client can do, and tells no names", async () => {
        const filter = { provide: APP_FILTER, useClass: AutoSequenceExceptionFilter }
        const ask = await start({ controllers: [Failing], providers: [filter] })
        const expected: [ErrorName, number, string?][] = [
            ["KeyTakenError", 409, "KEY_TAKEN"],
            ["AlreadyNumberedError", 409, "ALREADY_NUMBERED"],
            ["NumberTakenError", 409, "NUMBER_TAKEN"],
            ["PeriodClosedError", 409, "PERIOD_CLOSED"],
            ["AlreadyVoidedError", 409, "ALREADY_VOIDED"],
            ["SettingInUseError", 409, "SETTING_IN_USE"],
            ["ImportConflictError", 409, "IMPORT_CONFLICT"],
            ["InvalidKeyError", 400, "INVALID_KEY"],
            ["InvalidNumberError", 400, "INVALID_NUMBER"],
            ["KeyNotFoundError", 404, "KEY_NOT_FOUND"],
            ["StaleSnapshotError", 503, "STALE_SNAPSHOT"],
            ["DocumentNumberError", 500],
            ["InvalidOptionError", 500],
            ["NotInstalledError", 500],
        ]
        for (const [name, status, code] of expected) {
            const answer = await ask(`/fail?with=${name}`)
            expect(answer.status, name).to.equal(status)
            expect(answer.body).not.to.include("Invoice")
            if (code) expect(JSON.parse(answer.body)).to.include({ statusCode: status, code })
        }
    })

    it("rows of keys come from a test", async () => {
        const article = Object.assign(new Article(), { slug: "tea" })
        const ask = await start({
            controllers: [Articles],
            providers: [provideTestKeys([Article, (key) => (key === "tea" ? article : null)])],
        })
        for (const way of ["pipe", "param"]) {
            expect(await ask(`/articles/${way}/tea`)).to.eql({
                status: 200,
                body: '{"slug":"tea"}',
            })
            expect((await ask(`/articles/${way}/coffee`)).status).to.equal(404)
        }
        expect((await ask("/articles/hidden/coffee")).status).to.equal(410)
    })
})
