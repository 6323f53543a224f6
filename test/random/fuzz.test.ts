import { existsSync } from "node:fs"
import { join, sep } from "node:path"
import { expect } from "chai"
import fc, { type Arbitrary } from "fast-check"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import * as core from "../../src"
import { run } from "../../src/cli/run"
import { SEED } from "./check"

/** What each property is tried with: some in `npm test`, `FUZZ_CASES=100000` for a night. */
const CASES = Number(process.env.FUZZ_CASES ?? 400)
const OUR_FILES = join(__dirname, "..", "..", "src") + sep

@Entity({ name: "letter" })
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 20 }) box!: string
    @Column({ type: "date", nullable: true }) sentOn!: string | null
    @core.AutoSequenceColumn({
        uniqueWith: "box",
        strategy: "counter",
        period: { of: "sentOn", by: "year", timeZone: "UTC" },
    })
    number!: number
    @core.DocumentNumber({ of: "number", format: "L-{box}-{YYYY}-{0000}" })
    text!: string
    @core.PseudoKey({ prefix: "let" }) key!: string
}

const odd: Arbitrary<unknown> = fc.constantFrom<unknown>(
    ...[undefined, null, NaN, Infinity, -0, -1, 0, 1, 1.5, 2 ** 31, 2 ** 53, 1n, -(2n ** 70n)],
    ...["", " ", "\0", "\ud800", "__proto__", "constructor", "'; --", "{0000}", "{", "a.b", "💶"],
    ...[true, false, [], {}, [[]], { toString: null }, Object.create(null), Symbol("odd")],
    ...[() => 1, () => undefined, Promise.resolve(1), Buffer.from([0, 255]), new Date(NaN), /a/],
    ...[new Map([[1, 2]]), class {}, new Proxy({}, {}), new Error("odd")],
)
const anything = fc.oneof(
    odd,
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, maxDepth: 2 }),
)

/** Some of these options, each with what it may be or with anything. */
function optionsOf(plausible: Readonly<Record<string, readonly unknown[]>>): Arbitrary<object> {
    const one = fc
        .constantFrom(...Object.keys(plausible))
        .chain((name) =>
            fc.tuple(
                fc.constant(name),
                fc.oneof(fc.constantFrom<unknown>(...(plausible[name] ?? [])), anything),
            ),
        )
    return fc.array(one, { maxLength: 4 }).map((entries) => Object.fromEntries(entries))
}

const numbers = [1, 5, 1000, 2 ** 31 - 1, 2 ** 40]
const flags = [true, false]
const strategies = ["table-lock", "counter", "trigger"]
const columns = { name: ["n"], comment: ["c"], nullable: flags, select: flags, primary: flags }
const numbered = optionsOf({
    ...{
        startAt: numbers,
        incrementBy: numbers,
        cache: numbers,
        gapless: flags,
        strategy: strategies,
    },
    ...{ uniqueWith: ["box", ["box", "sentOn"], []], type: ["int", "bigint"], series: ["s"] },
    ...{ period: [{ of: "sentOn", by: "year" }, { of: 1 }], when: [{ box: "a" }, [], {}] },
    ...{ assign: ["insert", "commit"], deletable: [...flags, "withReason"], journal: flags },
    ...{ settings: flags, dates: ["free", "ascending"], explicit: ["keep", "refuse"], ...columns },
    other: [1],
})
const keyed = optionsOf({
    ...{
        prefix: ["a", "inv"],
        generate: ["nanoid", "uuid", "uuidv7", "ulid"],
        length: [21, 5, 300],
    },
    ...{ alphabet: ["abcdef", "01"], uniqueWith: ["box"], history: flags, derive: [() => "a"] },
    ...{ seal: [{ column: "id", secret: "0123456789abcdef0123456789abcdef" }, {}], other: [1] },
    ...{ case: ["keep", "lower"], relations: [["box"]], after: ["insert"], ...columns },
})
const framed = optionsOf({
    ...{ of: ["number"], format: ["I-{0000}", "{YYYY}-{0}", () => "a"], maxLength: [10, 5] },
    ...{ characters: ["A-Z0-9-", /[A-Z]/], uniqueWith: ["box"], largest: [99, 5n], ...columns },
    other: [1],
})
const counted = optionsOf({
    ...{ startAt: numbers, incrementBy: numbers, resetAt: numbers, type: ["number", "bigint"] },
    ...{ scope: [{ box: "a" }, ["a", 1]], strategy: strategies, other: [1] },
})

async function outcome(call: () => unknown): Promise<unknown> {
    try {
        await call()
    } catch (error) {
        return error
    }
    return undefined
}

/** Whether an error is one that the library throws on purpose, or that comes from TypeORM or a driver. */
function isRight(error: unknown, mayBeOfOthers: boolean): boolean {
    if (error === undefined || error instanceof core.AutoSequenceError) return true
    if (!mayBeOfOthers || !(error instanceof Error)) return false
    const [, path = ""] =
        /^\s+at .*?\(?((?:\/|[A-Z]:)[^()]*?):\d+:\d+\)?$/m.exec(error.stack ?? "") ?? []
    // TypeORM's own source maps may name files of the same folder, which are not there.
    return !(path.startsWith(OUR_FILES) && existsSync(path))
}

async function check<T>(
    values: Arbitrary<T>,
    call: (value: T) => unknown,
    { share = 1, mayBeOfOthers = false } = {},
): Promise<void> {
    const property = fc.asyncProperty(values, async (value) => {
        const error = await outcome(() => call(value))
        if (isRight(error, mayBeOfOthers)) return
        throw error instanceof Error ? error : new Error(`No error was thrown: ${typeof error}`)
    })
    await fc.assert(property, { seed: SEED, numRuns: Math.ceil(CASES * share) })
}

describe(`Whatever is given is taken, or refused by a typed error (TEST_SEED=${SEED})`, function () {
    this.timeout(20_000 + CASES * 20)
    let dataSource: DataSource

    before(async () => {
        dataSource = new DataSource(
            core.withAutoSequence({ type: "sqljs", entities: [Letter], synchronize: true }),
        )
        await dataSource.initialize()
        await core.installAutoSequence(dataSource)
        await dataSource.getRepository(Letter).save({ box: "a", sentOn: "2026-05-05" })
    })
    after(() => dataSource.destroy())

    it("as options of a numbered column", () =>
        check(numbered, (options) => {
            core.AutoSequenceColumn(options as never)(class {}.prototype as object, "n" as never)
        }))

    it("as options of a key", () =>
        check(keyed, (options) => {
            core.PseudoKey(options as never)(class {}.prototype as object, "n" as never)
        }))

    it("as options of a text", () =>
        check(framed, (options) => {
            core.DocumentNumber(options as never)(class {}.prototype as object, "n" as never)
        }))

    it("as options that are none", () =>
        check(
            anything,
            async (value) => {
                const { manager } = dataSource
                const calls = [
                    () => core.withAutoSequence({ type: "sqljs" }, value as never),
                    () => core.withAutoSequence(value as never),
                    () => new core.Sequence("a", value as never),
                    () => core.counterEntity(value as never),
                    () => core.seriesOf(dataSource, value as never, "number"),
                    () => core.seriesOf(dataSource, Letter, value as never),
                    () => core.withTableLock(dataSource, value as never, () => Promise.resolve()),
                    () =>
                        core.transactionWithRetry(
                            dataSource,
                            () => Promise.resolve(),
                            value as never,
                        ),
                    () => core.findByPseudoKey(manager, value as never, "let_a"),
                    () => core.findByPseudoKey(manager, Letter, "let_a", value as never),
                    () => core.auditSeries(dataSource, value as never),
                    () => core.verifyAutoSequence(dataSource, value as never),
                ]
                for (const call of calls) {
                    const error = await outcome(call)
                    if (!isRight(error, false)) throw error
                }
            },
            { share: 0.1 },
        ))

    it("as options of entities, when the data source is made", () =>
        check(
            fc.tuple(numbered, keyed, framed),
            async ([numbering, keying, framing]) => {
                class Fuzzed {
                    id!: number
                    box!: string
                    sentOn!: string
                    number!: number
                    key!: string
                    text!: string
                }
                PrimaryGeneratedColumn()(Fuzzed.prototype, "id")
                Column({ type: "varchar", length: 20 })(Fuzzed.prototype, "box")
                Column({ type: "date" })(Fuzzed.prototype, "sentOn")
                core.AutoSequenceColumn(numbering as object)(Fuzzed.prototype, "number")
                core.PseudoKey(keying as object)(Fuzzed.prototype, "key")
                core.DocumentNumber({ of: "number", format: "{0000}", ...(framing as object) })(
                    Fuzzed.prototype,
                    "text",
                )
                Entity({ name: "fuzzed" })(Fuzzed)
                const made = new DataSource(
                    core.withAutoSequence({ type: "sqljs", entities: [Fuzzed] }),
                )
                await made.initialize()
                await made.destroy()
            },
            { share: 0.1, mayBeOfOthers: true },
        ))

    it("as the options, the scope and the name of a sequence", () =>
        check(
            fc.tuple(fc.oneof(fc.constant("s"), anything), counted, anything),
            async ([name, options, scope]) => {
                const sequence = new core.Sequence(name as string, options)
                await sequence.next(dataSource)
                await sequence.inScope(scope as never).nextMany(dataSource, 2)
            },
        ))

    it("as a scope of a series", () =>
        check(
            optionsOf({ box: ["a", "b"], sentOn: ["2026-01-01", new Date()], period: ["2026"] }),
            async (scope) => {
                const series = core.seriesOf(dataSource, Letter, "number")
                await series.last(scope as never)
                await series.preview(scope as never)
            },
        ))

    it("as a row", () =>
        check(
            optionsOf({
                box: ["a", "b"],
                sentOn: ["2026-01-01"],
                number: [5],
                key: ["let_b"],
                text: ["L-1"],
            }),
            (row) =>
                dataSource.transaction(async (manager) => {
                    await manager.save(Letter, row)
                    throw new core.InvalidOptionError("rolled back on purpose")
                }),
            { share: 0.5, mayBeOfOthers: true },
        ))

    it("as a key, or as the text of a number", () =>
        check(
            fc.oneof(
                anything,
                fc.string({ maxLength: 30 }).map((end) => `let_${end}`),
            ),
            async (key) => {
                const { manager } = dataSource
                const calls = [
                    () => core.findByPseudoKey(manager, Letter, key as never),
                    () => core.resolvePseudoKey(dataSource, key as never),
                    () => core.findByDocumentNumber(manager, Letter, key as never),
                    () => core.seriesOf(dataSource, Letter, "number").parse(key as never),
                ]
                for (const call of calls) {
                    const error = await outcome(call)
                    if (!isRight(error, false)) throw error
                }
            },
        ))

    it("as arguments of the command", async () => {
        const words = [
            "migrate",
            "audit",
            "gaps",
            "ids:reset",
            "resync",
            "counters",
            "next",
            "doctor",
        ]
        const commands = [...words, "backfill", "migration:generate"]
        const own = [
            "--json",
            "--csv",
            "-q",
            "--dry-run",
            "--timeout",
            "--order-by",
            "--rename",
            "-h",
        ]
        const word = fc.oneof(
            fc.constantFrom(...commands, ...own, "-d", "--", "-", "--no-color", "-v", "=", "--x=1"),
            fc.string({ unit: "binary", maxLength: 12 }),
        )
        const some = fc.tuple(
            fc.oneof(fc.constantFrom(...commands), word),
            fc.array(word, { maxLength: 5 }),
        )
        await check(some, async ([first, others]) => {
            const said: string[] = []
            const output = {
                out: (text: string) => said.push(text),
                err: (text: string) => said.push(text),
            }
            // It would run.
            if (first === "demo") return
            const status = await run([first, ...others], output as never)
            if (![0, 2, 3].includes(status)) throw new Error(`It ends with ${status}.`)
            const text = said.join("\n")
            expect(text).not.to.match(
                /TypeError|RangeError|\[object |is not a function|Cannot read/,
            )
            if (status !== 0) expect(text.trim()).not.to.equal("")
        })
    })
})
