import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    MoreThan,
    PrimaryGeneratedColumn,
    type QueryRunner,
} from "typeorm"
import { AutoSequenceColumn, type AutoSequenceColumnOptions } from "../../src"
import { Random } from "../../torture/random"
import { lastOfCounters } from "../support/counted-invoices"
import { describeOn } from "../support/databases"
import { seed } from "../support/seed"
import { servers } from "../support/servers"
import { isThorough } from "../support/thoroughness"
import { mustWait, sessionOf } from "../support/waiting"
import type { Row, ServerName, Tables } from "./database"
import { type Operation, program } from "./operations"
import { ordersOf, Playback } from "./playback"
import { atCommit, counter, type Protocol, trigger } from "./protocols"

interface Entry {
    id: number
    scope: number
    note: string
    number: number | null
}

/** The same table for each way of making numbers. */
function entryOf(options: AutoSequenceColumnOptions): new () => Entry {
    @Entity({ name: "entry" })
    class Entry {
        @PrimaryGeneratedColumn() id!: number
        @Column() scope!: number
        @Column() note!: string
        @AutoSequenceColumn({ ...options, uniqueWith: "scope" }) number!: number
    }
    return Entry
}

const WAYS: readonly {
    readonly name: string
    readonly entity: new () => Entry
    protocol(server: { name: ServerName } & Parameters<typeof counter>[0]): Protocol
}[] = [
    { name: "counter", entity: entryOf({ strategy: "counter" }), protocol: counter },
    { name: "trigger", entity: entryOf({ strategy: "trigger" }), protocol: trigger },
    {
        name: "at COMMIT",
        entity: entryOf({ strategy: "counter", assign: "commit" }),
        protocol: atCommit,
    },
]

const PROGRAMS = [
    "a commit",
    "a rollback",
    "ab commit",
    "ba b commit",
    "a -a a commit",
    "a! a commit",
    "[ a < b commit",
    "[ a! < a b commit",
    "b [ a ] rollback",
    "[ ab < ba commit",
]

const REPLAYS = isThorough ? 600 : 60

/** Each replay has two of its own. */
function scopeIn(replay: number, letter: string): number {
    return replay * 2 + "ab".indexOf(letter)
}

/** A writer on a connection of its own, which does what it is told. */
class Writer {
    private constructor(
        private readonly runner: QueryRunner,
        readonly session: string,
        private readonly entity: new () => Entry,
        private readonly replay: number,
    ) {}

    static async begin(
        dataSource: DataSource,
        entity: new () => Entry,
        replay: number,
    ): Promise<Writer> {
        const runner = dataSource.createQueryRunner()
        await runner.startTransaction("READ COMMITTED")
        return new Writer(runner, await sessionOf(runner.manager), entity, replay)
    }

    async do(operation: Operation): Promise<void> {
        const { runner, entity, replay } = this
        switch (operation.does) {
            case "insert": {
                const rows = [...operation.scopes].map((scope) => ({
                    scope: scopeIn(replay, scope),
                    note: operation.fails ? null : "",
                }))
                const saving = runner.manager.save(entity, rows as Entry[])
                await (operation.fails ? saving.catch(() => undefined) : saving)
                return
            }
            case "delete": {
                const [last] = await runner.manager.find(entity, {
                    where: { scope: scopeIn(replay, operation.scope), number: MoreThan(0) },
                    order: { number: "DESC" },
                    take: 1,
                })
                if (last) await runner.manager.delete(entity, { id: last.id })
                return
            }
            case "savepoint":
                return runner.startTransaction()
            case "release":
                return runner.commitTransaction()
            case "rollback to":
            case "rollback":
                return runner.rollbackTransaction()
            case "commit":
                return runner.commitTransaction()
        }
    }

    async end(): Promise<void> {
        const { runner } = this
        try {
            while (runner.isTransactionActive) await runner.rollbackTransaction()
        } catch {
            // A deadlock has taken the savepoint along; the connection is given up.
        }
        await runner.release()
    }
}

for (const server of servers.filter(({ can }) => can.parallel))
    for (const { name, entity, protocol } of WAYS)
        describeOn(`The order of the model's steps: ${name}`, server, (database) => {
            const isMariaDb = server.name === "MariaDB"
            const setting = {
                name: isMariaDb ? "mariadb" : "postgres",
                isolation: "read committed",
                hasUniqueIndex: true,
            } as const

            it("comes to the same on a real one", async function () {
                this.timeout(REPLAYS * 1000)
                const dataSource = await database().connect(
                    [entity],
                    isMariaDb ? {} : { extra: { max: 10, options: "-c deadlock_timeout=20ms" } },
                )
                const random = new Random(seed)
                for (let at = 0; at < REPLAYS; at += 1) {
                    const texts = [random.pick(PROGRAMS), random.pick(PROGRAMS)] as const
                    const writers = texts.map((text) => program(text))
                    const [first = [], second = []] = writers
                    const order = random.pick(ordersOf(first.length, second.length))
                    // Their counters are there, or are made by the first of the writers.
                    const isSeeded = isMariaDb || at % 2 === 0
                    const what = `TEST_SEED=${seed} ${at}: ${texts.join(" | ")}, begun as ${order.join("")}`
                    const playback = new Playback({
                        server: setting,
                        protocol: protocol(setting),
                        writers: writers.map((one) => [one]),
                        tables: isSeeded ? SEEDED : undefined,
                    })
                    if (isSeeded)
                        for (const scope of "ab")
                            await dataSource.manager.save(entity, {
                                scope: scopeIn(at, scope),
                                note: "",
                            } as Entry)
                    await replay({ dataSource, entity, at, playback, writers, order, what })
                    expect(await storedIn(dataSource, entity, at), what).to.deep.equal(
                        expected(playback.state),
                    )
                }
            })
        })

const SEEDED: Tables = {
    counters: { a: 1, b: 1 },
    rows: {
        "seed a": { scope: "a", number: 1, isDeleted: false },
        "seed b": { scope: "b", number: 1, isDeleted: false },
    },
}

interface Replay {
    readonly dataSource: DataSource
    readonly entity: new () => Entry
    readonly at: number
    readonly playback: Playback
    readonly writers: readonly (readonly Operation[])[]
    readonly order: readonly number[]
    readonly what: string
}

/** Does with the database what is done in the model, and expects each operation to wait where it does there. */
async function replay(to: Replay): Promise<void> {
    const { dataSource, playback, what } = to
    const real = await Promise.all(to.writers.map(() => Writer.begin(dataSource, to.entity, to.at)))
    const left = to.writers.map((operations) => [...operations])
    const waiting = new Map<number, Promise<void>>()
    const next = [...to.order]
    try {
        while (left.some((operations, at) => operations.length > 0 && !playback.isOver(at))) {
            const at = next.shift() ?? left.findIndex((_, i) => canGo(i))
            if (!canGo(at)) continue
            await begin(at)
        }
    } finally {
        // What still waits does so for the other one.
        await Promise.all([
            ...[...waiting.values()].map((work) => work.catch(() => undefined)),
            ...real.map((writer) => writer.end()),
        ])
    }

    function canGo(at: number): boolean {
        return !waiting.has(at) && !playback.isOver(at) && (left[at] ?? []).length > 0
    }

    async function begin(at: number): Promise<void> {
        const operation = left[at]?.shift() as Operation
        const writer = real[at] as Writer
        const went = playback.go(at)
        const work = writer.do(operation)
        // It is looked at later.
        work.catch(() => undefined)
        if (went === "waits") waiting.set(at, work)
        // One of them is ended at once.
        if (waiting.size === real.length) {
            await endDeadlock()
            return
        }
        const label = `${what}: writer ${at}, ${operation.does}`
        expect(await mustWait(dataSource, writer.session, work), label).to.equal(went === "waits")
        if (went === "done") await finished(at, work)
        await wake()
    }

    /** Those who waited for what is over now. */
    async function wake(): Promise<void> {
        for (const [at, work] of waiting) {
            if (playback.go(at) === "waits") continue
            waiting.delete(at)
            await finished(at, work)
        }
    }

    async function endDeadlock(): Promise<void> {
        const victim = await Promise.race(
            [...waiting].map(([at, work]) =>
                work.then(
                    () => new Promise<number>(() => undefined),
                    () => at,
                ),
            ),
        )
        waiting.delete(victim)
        playback.lose(victim)
        await real[victim]?.end()
        await wake()
    }

    /** On PostgreSQL statements fail behind one that has failed, and COMMIT with them. */
    async function finished(at: number, work: Promise<unknown>): Promise<void> {
        await work.catch((error: unknown) => {
            const { status } = playback.state.writers[at] as { status: string }
            if (status === "open") throw error
        })
        if (playback.isOver(at)) await real[at]?.end()
    }
}

async function storedIn(
    dataSource: DataSource,
    entity: new () => Entry,
    at: number,
): Promise<unknown> {
    const stored = await dataSource.manager.find(entity)
    const counters = new Map(await lastOfCounters(dataSource, entity))
    return byScope((letter) => {
        const scope = scopeIn(at, letter)
        const rows = stored.filter((row) => row.scope === scope)
        return { rows, counter: counters.get(`v1:"${scope}"`) }
    })
}

function expected({ rows, counters }: Tables): unknown {
    const stored = Object.values<Row>(rows).filter(({ isDeleted }) => !isDeleted)
    return byScope((letter) => ({
        rows: stored.filter(({ scope }) => scope === letter),
        counter: counters[letter],
    }))
}

/** The numbers of each scope in order, and where its counter is; at the start where there is none. */
function byScope(
    of: (letter: string) => {
        readonly rows: readonly { readonly number: number | null }[]
        readonly counter: number | undefined
    },
): unknown {
    return [..."ab"].map((letter) => {
        const { rows, counter = 0 } = of(letter)
        const numbers = rows.map(({ number }) => number).sort((a, b) => (a ?? 0) - (b ?? 0))
        return { letter, numbers, counter }
    })
}
