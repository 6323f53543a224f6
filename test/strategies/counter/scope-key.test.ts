import { expect } from "chai"
import fc from "fast-check"
import { Column, type ColumnOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../../src"
import { keyOf } from "../../../src/series/scopes/scope-key"
import { dialectOf } from "../../../src/dialects"
import type { Dialect, Expressions } from "../../../src/dialects/dialect"
import { type Kind, onEveryDatabase } from "../../support/databases"
import { expectKeysAsInSql } from "../../support/keys"
import { storedCounters } from "../../support/stored"
import { COUNTING, worksOn } from "../../support/strategies"

/** What could pass for the quotes, the separator and the NULL of a key. */
const tricky = fc.string({ unit: fc.constantFrom('"', ",", "N", "NULL", "v1:", "#", "a", " ") })

const lists = fc.uniqueArray(fc.array(fc.option(tricky), { maxLength: 4 }), {
    minLength: 2,
    maxLength: 50,
    selector: (list) => JSON.stringify(list),
})

describe("The key of a scope", () => {
    const unlimited = {} as Expressions
    const limited = { hash: (text: string) => text } as Expressions

    it("is of this form", () => {
        expect(keyOf([], unlimited)).to.equal("v1:")
        expect(keyOf(["7", null, 'a "b"'], unlimited)).to.equal('v1:"7",NULL,"a ""b"""')
        expect(keyOf(["x".repeat(250)], limited)).to.equal(`v1:"${"x".repeat(250)}"`)
        expect(keyOf(["x".repeat(251)], limited)).to.equal(
            "v1#8a54a29a10cfb918890088af381dfe227a15c8c01b8cf60c466849506d55833a",
        )
    })

    it("tells all short lists of short texts apart", () => {
        const ends = (texts: string[]) => texts.flatMap((t) => ['"', ",", "a"].map((c) => t + c))
        const [none, one] = [[""], ends([""])]
        const texts = [null, ...none, ...one, ...ends(one), ...ends(ends(one))]
        const lists = texts.flatMap((text) => [[text], ...texts.map((other) => [text, other])])
        const keys = new Set(lists.map((list) => keyOf(list, unlimited)))
        expect(keys.size).to.equal(lists.length)
    })

    it("tells all lists of texts and NULLs apart", () => {
        fc.assert(
            fc.property(lists, (lists) => {
                expect(new Set(lists.map((list) => keyOf(list, unlimited))).size).to.equal(
                    lists.length,
                )
            }),
        )
    })

    it("tells them apart where long ones are hashed, and is never longer than its column", () => {
        const padding = fc.integer({ min: 225, max: 255 }).map((length) => "😀".repeat(length))
        fc.assert(
            fc.property(lists, padding, (lists, start) => {
                const keys = lists.map((list) => keyOf([start, ...list], limited))
                expect(new Set(keys).size).to.equal(lists.length)
                for (const key of keys) expect([...key].length).to.be.at.most(255)
            }),
        )
    })
})

function rowsFor(kind: Kind) {
    // SQLite's drivers store half a surrogate pair in ways of their own.
    const half = kind === "better-sqlite3" || kind === "sqljs" ? "?" : "\ud83d"
    const unit = fc
        .oneof(
            fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
            fc.constantFrom('"', "'", "\\", ",", " ", "%", half, "😀"),
        )
        // PostgreSQL has no such text.
        .filter((character) => character !== "\0")
    return fc.array(
        fc.record({
            text: fc.option(
                fc.oneof(fc.string({ unit }), fc.string({ unit, minLength: 200, maxLength: 300 })),
            ),
            integer: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
            big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
            uuid: fc
                .uuid({ version: 4 })
                .chain((uuid) => fc.constantFrom(uuid, uuid.toUpperCase())),
            date: fc
                .date({
                    min: new Date("1000-01-01"),
                    max: new Date("9999-12-31"),
                    noInvalidDate: true,
                })
                .map((date) => date.toISOString().slice(0, 10)),
        }),
        { minLength: 100, maxLength: 100 },
    )
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `The keys of random scopes of strategy ${strategy}`,
        (database) => {
            it("are the same from JavaScript and from SQL", async () => {
                const exact: ColumnOptions =
                    database().kind === "mariadb"
                        ? { charset: "utf8mb4", collation: "utf8mb4_nopad_bin" }
                        : {}
                @Entity()
                class Scoped {
                    @PrimaryGeneratedColumn() id!: number
                    @Column({ type: "varchar", length: 300, nullable: true, ...exact }) text!:
                        string | null
                    @Column({ type: "int", nullable: true }) integer!: number | null
                    @Column({ type: "bigint" }) big!: string
                    @Column({ type: "uuid" }) uuid!: string
                    @Column({ type: "date" }) date!: string
                    @AutoSequenceColumn({ strategy, uniqueWith: "text" }) ofText!: number
                    @AutoSequenceColumn({ strategy, uniqueWith: "integer" }) ofInteger!: number
                    @AutoSequenceColumn({ strategy, uniqueWith: ["big", "uuid"] }) ofTwo!: number
                    @AutoSequenceColumn({ strategy, uniqueWith: ["date", "text"] })
                    ofDate!: number
                }
                const dataSource = await database().connect([Scoped])
                const runner = dataSource.createQueryRunner()
                const { expressions } = dialectOf(dataSource) as Dialect
                const saved: (string | null)[] = []
                await fc.assert(
                    fc.asyncProperty(rowsFor(database().kind), async (rows) => {
                        const repository = runner.manager.getRepository(Scoped)
                        await repository.save(rows)
                        await expectKeysAsInSql(runner, repository.metadata)
                        saved.push(...rows.map(({ text }) => text))
                    }),
                    { numRuns: 3, endOnFailure: true },
                )
                await runner.release()

                const isWellFormed = (text: string | null) =>
                    text === Buffer.from(text ?? "").toString()
                const counters = (await storedCounters(dataSource)).map(({ scope }) => scope)
                expect(counters).to.include.members(
                    saved
                        .filter((text) => text === null || isWellFormed(text))
                        .map((text) => keyOf([text], expressions)),
                )
            })
        },
        worksOn(strategy),
    )
