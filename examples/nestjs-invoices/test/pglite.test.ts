import "reflect-metadata"
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { setImmediate } from "node:timers/promises"
import { DataSource } from "typeorm"
import { pgliteDriver } from "../src/database/pglite.js"
import { Client, linesOver, upTo } from "./support/client.js"

it("PGlite has one transaction after the other", async () => {
    const options = { type: "postgres", driver: pgliteDriver("memory://") } as const
    const dataSource = await new DataSource(options).initialize()
    try {
        await dataSource.query("CREATE TABLE tea (name text)")
        const add = (name: string, isRefused: boolean) =>
            dataSource.transaction(async (manager) => {
                await manager.query("INSERT INTO tea VALUES ($1)", [name])
                // The others have the time to do something.
                for (let turn = 0; turn < 10; turn++) await setImmediate()
                if (isRefused) throw new Error(`There is no ${name}.`)
            })
        await Promise.allSettled([add("Assam", true), add("Ceylon", false), add("Oolong", false)])
        assert.deepEqual(await dataSource.query("SELECT name FROM tea ORDER BY name"), [
            { name: "Ceylon" },
            { name: "Oolong" },
        ])
    } finally {
        await dataSource.destroy()
    }
})

describe("Without a server", () => {
    let directory: string
    let running: ChildProcess | undefined
    const spawned: ChildProcess[] = []
    before(async () => (directory = await mkdtemp(join(tmpdir(), "nestjs-invoices-"))))
    after(async () => {
        for (const app of spawned) app.kill("SIGKILL")
        await rm(directory, { recursive: true, force: true })
    })

    /** The application as `npm start` runs it. Resolves to its URL. */
    async function start(): Promise<string> {
        const app = spawnApp("inherit")
        running = app
        assert.ok(app.stdout)
        let printed = ""
        for await (const chunk of app.stdout.iterator({ destroyOnReturn: false })) {
            printed += String(chunk)
            const url = /(http:\S+)\/docs/.exec(printed)?.[1]
            if (url) return url
        }
        throw new Error(`The application has ended:\n${printed}`)
    }

    function spawnApp(stderr: "inherit" | "pipe") {
        const app = spawn(process.execPath, [join(import.meta.dirname, "../src/main.js")], {
            env: {
                ...process.env,
                DATABASE_URL: "",
                PGLITE_DIRECTORY: join(directory, "data"),
                PORT: "0",
            },
            stdio: ["ignore", "pipe", stderr],
        })
        spawned.push(app)
        return app
    }

    async function stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
        assert.ok(running)
        const ended = once(running, "exit")
        running.kill(signal)
        await ended
    }

    it("numbers invoices, and goes on after a restart, and after it was killed", async () => {
        const tenant = await Client.signUp(await start())
        await isRefusedMeanwhile()
        const customer = await tenant.customer()
        const withoutCredit = await tenant.customer({ creditLimit: 0 })
        const customers = upTo(10).flatMap(() => [customer, withoutCredit])
        const answers = await Promise.all(
            customers.map((path) => tenant.post(`${path}/invoices`, linesOver(100))),
        )
        assert.deepEqual(
            answers.map(({ status }) => status),
            customers.map((path) => (path === customer ? 201 : 422)),
        )
        for (const [last, signal] of [[10, "SIGTERM"] as const, [11, "SIGKILL"] as const]) {
            await stop(signal)

            const same = tenant.at(await start())
            assert.deepEqual(await same.numbers(customer), upTo(last))
            const next = await same.post(`${customer}/invoices`, linesOver(100))
            assert.equal(next.body.sequence, last + 1)
        }
        await stop()
    })

    /** A second process on the same directory. */
    async function isRefusedMeanwhile(): Promise<void> {
        const second = spawnApp("pipe")
        const ended = once(second, "exit")
        let printed = ""
        for await (const chunk of second.stderr ?? []) printed += String(chunk)
        assert.deepEqual(await ended, [1, null])
        assert.match(printed, new RegExp(`Process ${String(running?.pid)} uses the directory`))
    }
})
