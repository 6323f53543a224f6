import { expect } from "chai"
import { isThorough } from "../support/thoroughness"
import { countersAreRight, isNumberedFromOne } from "./claims"
import type { Isolation, Server, ServerName } from "./database"
import { explore } from "./explore"
import { program } from "./operations"
import { atCommit, counter, counterAhead, type Protocol, trigger } from "./protocols"
import * as wrong from "./wrong-protocols"

type MakeProtocol = (server: Server) => Protocol

const CLAIMS = [isNumberedFromOne, countersAreRight]
const PROTOCOLS: Record<string, MakeProtocol> = {
    counter,
    "counter, numbers taken ahead": counterAhead,
    trigger,
    "at COMMIT": atCommit,
}
const SERVERS: readonly (readonly [ServerName, Isolation])[] = [
    ["postgres", "read committed"],
    ["postgres", "repeatable read"],
    ["mariadb", "repeatable read"],
    ["galera", "repeatable read"],
]

const WORDS = ["a", "a!", "ab", "ba", "aa!", "-a", "[ a <", "[ a! < b", "[ ab ]"]
/** Each does one thing, and ends in either way. */
const SHORT = WORDS.flatMap((word) => [`${word} commit`, `${word} rollback`])
/** Each does two. */
const LONG = WORDS.flatMap((first) => WORDS.map((second) => `${first} ${second} commit`))
const TINY = ["a", "a!", "ab", "ba"].map((word) => `${word} commit`).concat("a rollback")

/** The programs of writers, or of threads that share the connection of one. */
type Writers = readonly (string | readonly string[])[]

function pairsOf(programs: readonly string[], others = programs): Writers[] {
    return programs.flatMap((one, at) =>
        others.slice(others === programs ? at : 0).map((other) => [one, other]),
    )
}

const TRIPLES = TINY.flatMap((one, at) =>
    pairsOf(TINY.slice(at)).map((others) => [one, ...others] as Writers),
)

/** Calls of one connection that don't wait for one another, beside a writer of another connection. */
const THREADS = ["a", "a!", "ab", "aa!"].flatMap((one, at, all) =>
    all
        .slice(at)
        .flatMap((other) => TINY.map((beside): Writers => [[`${one} commit`, other], beside])),
)

interface Found {
    states: number
    deadlocks: number
    wrong?: string
}

function exploreAll(
    make: MakeProtocol,
    [name, isolation]: (typeof SERVERS)[number],
    all: readonly Writers[],
    { kills = 0, hasUniqueIndex = true } = {},
): Found {
    const server = { name, isolation, hasUniqueIndex }
    const total: Found = { states: 0, deadlocks: 0 }
    for (const texts of all) {
        const writers = texts.map((threads) => [threads].flat().map(program))
        const { states, deadlocks, violation } = explore(
            { server, protocol: make(server), writers, kills },
            CLAIMS,
        )
        total.states += states
        total.deadlocks += deadlocks
        if (violation)
            return {
                ...total,
                wrong: [violation.claim, texts.join(" | "), ...violation.trace].join("\n"),
            }
    }
    return total
}

describe("In every order in which the steps of writers can come", () => {
    let states = 0
    after(() => {
        console.log(`      ${states.toLocaleString("en")} states`)
    })

    for (const [name, protocol] of Object.entries(PROTOCOLS))
        for (const server of SERVERS)
            describe(`${name}, ${server.join(", ")}`, () => {
                const expectRight = (all: readonly Writers[], options?: { kills: number }) => {
                    const found = exploreAll(protocol, server, all, options)
                    expect(found.wrong).to.equal(undefined)
                    expect(found.states).to.be.greaterThan(1000)
                    states += found.states
                    return found
                }

                it("two writers number each scope from 1 to N, also if one is killed", () => {
                    const { deadlocks } = expectRight(pairsOf(SHORT), { kills: 1 })
                    // The database makes the numbers of a call in the order of its rows.
                    if (protocol !== trigger) expect(deadlocks).to.equal(0)
                })

                it("three writers do", () => {
                    expectRight(TRIPLES)
                })

                it("calls that share a connection do", () => {
                    expectRight(THREADS)
                })

                if (!isThorough) return
                it("longer transactions do", function () {
                    this.timeout(60_000)
                    const { deadlocks } = expectRight(pairsOf(LONG, SHORT))
                    if (protocol === atCommit) expect(deadlocks).to.equal(0)
                })
            })
})

describe("The model finds what is wrong with", () => {
    const MARIADB = SERVERS[2] as (typeof SERVERS)[number]
    const POSTGRES = SERVERS[0] as (typeof SERVERS)[number]

    const expectWrong = (found: Found, claim: RegExp) => {
        expect(found.wrong).to.match(claim)
    }

    it("MAX + 1: the number of the last row again, when that is deleted", () => {
        expectWrong(
            exploreAll(wrong.maxPlusOne, POSTGRES, [["a commit", "-a a commit"]]),
            /^scope a has 1, 1\b/,
        )
    })

    it("MAX + 1 without a unique index: the same number twice", () => {
        const all = [["a commit", "a commit"]]
        expectWrong(
            exploreAll(wrong.maxPlusOne, POSTGRES, all, { hasUniqueIndex: false }),
            /^scope a has 1, 1\b/,
        )
        // With one, a writer fails in its place.
        expect(exploreAll(wrong.maxPlusOne, POSTGRES, all).wrong).to.equal(undefined)
    })

    it("a counter with a connection of its own: gaps where a transaction is rolled back", () => {
        expectWrong(
            exploreAll(wrong.counterThatStays, POSTGRES, [["a rollback", "a commit"]]),
            /^scope a has 2\b|^the counter of a is 2, after 1\b/,
        )
    })

    it("a counter that is not locked: the same number twice", () => {
        const options = { hasUniqueIndex: false }
        expectWrong(
            exploreAll(wrong.counterThatIsNotLocked, POSTGRES, [["a commit", "a commit"]], options),
            /^scope a has 1, 1\b/,
        )
    })

    it("a counter that is not set back: a gap behind a row that fails", () => {
        expectWrong(
            exploreAll(wrong.counterThatIsNotSetBack, MARIADB, [["a! a commit"]]),
            /^scope a has 2\b/,
        )
    })

    it("a counter that is set back too far: the number of a stored row again", () => {
        expectWrong(
            exploreAll(wrong.counterThatIsSetBackTooFar, MARIADB, [["aa! a commit"]], {
                hasUniqueIndex: false,
            }),
            /^the counter of a is 0, after 1|^scope a has 1, 1/,
        )
    })

    it("statements of other calls before a failed one is settled: a gap", () => {
        expectWrong(
            exploreAll(wrong.counterWithoutTurns, MARIADB, [[["a! commit", "a"]]]),
            /^scope a has 2\b/,
        )
    })

    it("counters in the order of the rows: deadlocks", () => {
        const all = [["ab commit", "ba commit"]]
        for (const [right, other] of [
            [atCommit, wrong.unsortedAtCommit],
            [counter, wrong.unsortedCounter],
        ] as const) {
            expect(exploreAll(right, MARIADB, all).deadlocks).to.equal(0)
            const found = exploreAll(other, MARIADB, all)
            expect(found.deadlocks).to.be.greaterThan(0)
            expect(found.wrong).to.equal(undefined)
        }
    })
})
