import { expect } from "chai"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { Column, Entity, type Logger, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceMessages,
    type OpenTelemetryMeter,
    type OpenTelemetryTracer,
    reportToOpenTelemetry,
    Sequence,
    transactionWithRetry,
    InvalidOptionError,
} from "../../src"
import { onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

type Message = {
    [C in keyof AutoSequenceMessages]: [C, AutoSequenceMessages[C]]
}[keyof AutoSequenceMessages]

/** All that is told while something is done. */
async function heardDuring(work: () => Promise<unknown>): Promise<Message[]> {
    const heard: Message[] = []
    const channels = ["take", "retry", "lost", "gap-refused"].map((name) => `autosequence:${name}`)
    const listener = (message: unknown, channel: string | symbol) =>
        void heard.push([channel, message] as Message)
    for (const channel of channels) subscribe(channel, listener)
    try {
        await work()
    } finally {
        for (const channel of channels) unsubscribe(channel, listener)
    }
    return heard
}

/** What does not differ from one run to the next. */
const known = (messages: readonly Message[]) =>
    messages.map(([channel, message]) => {
        const { dataSource, ...told } = message as AutoSequenceMessages["autosequence:take"]
        expect(dataSource.isInitialized).to.equal(true)
        if (channel === "autosequence:take") {
            expect(told.durationMs).to.be.within(0, 60_000)
            expect(Date.now() - told.startedAt).to.be.within(0, 60_000)
        }
        return Object.fromEntries(
            Object.entries(told).filter(([name]) => !/^(startedAt|durationMs|delayMs)$/.test(name)),
        )
    })

class Kept implements Logger {
    readonly statements: string[] = []
    readonly warnings: string[] = []
    logQuery(sql: string): void {
        this.statements.push(sql)
    }
    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(level: string, text: string): void {
        if (level === "warn") this.warnings.push(text)
    }
}

onEachCell("Signals", ({ way, can, database }) => {
    const { options } = way

    @Entity()
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 9 }) area!: string
        @Column({ type: "varchar", length: 9, unique: true, nullable: true }) code?: string | null
        @AutoSequenceColumn({ ...options, uniqueWith: "area" }) number!: number
    }

    it("tell of numbers that were taken, name the series in our statements, and lose nothing of an INSERT", async () => {
        const logger = new Kept()
        const dataSource = await database().connect([Ticket], { logger, logging: true })
        const series = dataSource.getMetadata(Ticket).tableName + ".number"
        const save = (...areas: string[]) =>
            dataSource.manager.save(
                Ticket,
                areas.map((area) => ({ area })),
            )
        await save("a")
        logger.statements.length = 0
        const messages = await heardDuring(() => save("a", "b", "b"))
        const told = { series, strategy: options.strategy ?? "table-lock" }
        const sum = new Map<string | null | undefined, number>()
        for (const message of known(messages)) {
            const { scope, count, ...others } =
                message as unknown as AutoSequenceMessages["autosequence:take"]
            expect(others).to.eql(told)
            sum.set(scope?.area, (sum.get(scope?.area) ?? 0) + count)
        }
        // Of a trigger the database alone knows the scope.
        if (told.strategy === "trigger") expect([...sum]).to.eql([[undefined, 3]])
        else expect(Object.fromEntries(sum)).to.eql({ a: 1, b: 2 })
        if (told.strategy === "counter" && options.gapless !== false)
            expect(logger.statements.join("\n")).to.include(`/* autosequence ${series} */`)
        const one = await heardDuring(() => save("a"))
        expect(known(one).map(({ count }) => count)).to.eql([1])
        // Numbers that callers set are not taken; nobody is told then.
        const set = await heardDuring(() =>
            dataSource.manager.save(Ticket, { area: "c", number: 7 }),
        )
        expect(set).to.eql([])
        const numbers = await dataSource.manager.find(Ticket, { order: { id: "ASC" } })
        expect(numbers.map(({ area, number }) => `${area}${number}`)).to.eql([
            "a1",
            "a2",
            "b1",
            "b2",
            "a3",
            "c7",
        ])
        expect(logger.warnings).to.eql([])
    })

    if (options.gapless === false && can.parallel)
        it("tell of numbers that are lost, and of each once", async () => {
            const dataSource = await database().connect([Ticket])
            const messages = await heardDuring(async () => {
                await dataSource.manager.save(Ticket, { area: "a", code: "x" })
                await rejection(
                    dataSource.transaction(async (manager) => {
                        await manager.save(Ticket, [{ area: "a" }, { area: "b" }])
                        throw new Error("rolled back")
                    }),
                )
                await rejection(dataSource.manager.save(Ticket, { area: "a", code: "x" }))
            })
            const lost = messages.filter(([channel]) => channel === "autosequence:lost")
            const sum = { rolledBack: 0, failed: 0 } as Record<string, number>
            for (const [, message] of lost) {
                const { reason, count } = message as AutoSequenceMessages["autosequence:lost"]
                sum[reason] = (sum[reason] ?? 0) + count
            }
            expect(sum).to.eql({ rolledBack: 2, failed: 1 })
        })
})

onOnePostgres("Signals", (database) => {
    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy: "counter", deletable: false }) number!: number
    }
    @Entity()
    class Slip {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy: "counter", gapless: false, cache: 10 }) number!: number
    }

    it("tell of refused gaps, of retries, of sequences, of waits, and name our connections", async () => {
        const logger = new Kept()
        const dataSource = await database().connect([Receipt, Slip], { logger })
        const receipt = await dataSource.getRepository(Receipt).save({})
        const hostile = "a */ b ? $1 :c `\" ' /* é"
        const messages = await heardDuring(async () => {
            await rejection(dataSource.getRepository(Receipt).remove(receipt))
            let attempts = 0
            await transactionWithRetry(dataSource, async (manager) => {
                if (attempts++ === 0)
                    await manager.query(
                        "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$",
                    )
            })
            expect(await new Sequence(hostile).next(dataSource)).to.equal(1)
            await dataSource.transaction(async (manager) => {
                expect(await new Sequence(hostile).nextMany(manager, 2)).to.eql([2, 3])
            })
        })
        const { tableName } = dataSource.getMetadata(Receipt)
        expect(known(messages)).to.eql([
            { series: `${tableName}.number`, code: "NOT_DELETABLE" },
            { attempt: 1, attempts: 5, code: "40001" },
            { series: hostile, strategy: "sequence", scope: undefined, count: 1 },
            { series: hostile, strategy: "sequence", scope: undefined, count: 2 },
        ])
        expect(logger.warnings).to.have.lengthOf(1)
        expect(logger.warnings[0]).to.match(/^autosequence: attempt 1 of 5 .*\(40001\)/)

        // Another transaction holds the counter for longer than a second, as the database itself measures it.
        await dataSource
            .transaction(async (manager) => {
                await manager.save(Receipt, {})
                const waiting = dataSource.manager.save(Receipt, {})
                await manager.query("SELECT pg_sleep(1.1)")
                void waiting.catch(() => {})
                return { waiting }
            })
            .then(({ waiting }) => waiting)
        expect(logger.warnings.at(-1)).to.match(
            /^autosequence: \S+\.number took 1\.\d s, .*counters --waiting shows them\.$/,
        )

        await dataSource.manager.save(Slip, {})
        const closing = await heardDuring(async () => {
            const rows: { name: string }[] = await dataSource.query(
                "SELECT application_name AS name FROM pg_stat_activity WHERE application_name LIKE '%autosequence'",
            )
            expect(rows.map(({ name }) => name)).to.include("typeorm-autosequence")
            await dataSource.destroy()
        })
        expect(closing.map(([, message]) => ({ ...message, dataSource: undefined }))).to.eql([
            {
                dataSource: undefined,
                series: `${dataSource.getMetadata(Slip).tableName}.number`,
                count: 9,
                reason: "closed",
            },
        ])
    })

    it("are reported to OpenTelemetry until that is ended, without a scope", async () => {
        const told: [string, number, object | undefined][] = []
        const record = (name: string) => (value: number, attributes?: object) =>
            void told.push([name, value, attributes])
        const meter: OpenTelemetryMeter = {
            createHistogram: (name) => ({ record: record(name) }),
            createCounter: (name) => ({ add: record(name) }),
        }
        const spans: [string, object | undefined][] = []
        const tracer: OpenTelemetryTracer = {
            startSpan(name, options) {
                spans.push([name, options?.attributes])
                return { end: () => {} }
            },
        }
        const dataSource = await database().connect([Receipt])
        const series = `${dataSource.getMetadata(Receipt).tableName}.number`
        expect(() => reportToOpenTelemetry({})).to.throw(InvalidOptionError)
        const stop = reportToOpenTelemetry({ meter, tracer })
        await dataSource.manager.save(Receipt, [{}, {}])
        stop()
        await dataSource.manager.save(Receipt, {})
        const attributes = {
            "db.system.name": "postgresql",
            "autosequence.series": series,
            "autosequence.strategy": "counter",
        }
        const taken = told.filter(([name]) => name === "autosequence.numbers.taken")
        expect(taken.reduce((sum, [, value]) => sum + value, 0)).to.equal(2)
        for (const [name, , found] of told) {
            expect(name).to.match(/^autosequence\.(take\.duration|numbers\.taken)$/)
            expect(found).to.eql(attributes)
        }
        expect(spans[0]?.[0]).to.equal(`autosequence.take ${series}`)
    })
})
