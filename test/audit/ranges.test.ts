import { expect } from "chai"
import { MissingNumbers } from "../../src/audit/scopes/missing-numbers"
import { between, explained, type RangeEvent } from "../../src/audit/scopes/ranges"
import { textsOfKey } from "../../src/audit/scopes/scope-key-texts"
import { partsOfName } from "../../src/maintenance/references/column-place"
import { toCsv } from "../../src/cli/frame/csv"
import { showEvent, showScope } from "../../src/cli/frame/show"
import { toTable } from "../../src/cli/frame/table"

const event = (kind: string, first: bigint, last = first, at = "2026-01-01"): RangeEvent => ({
    ...{ kind, first, last, at, reason: null, by: null },
})
const partsOf = (from: bigint, to: bigint, events: RangeEvent[], step = 1n, isLossy = false) =>
    explained({ from, to, place: "between" }, events, { incrementBy: step, isLossy }).map(
        (part) => `${part.from}-${part.to} ${part.event?.kind ?? part.cause} ${part.count}`,
    )

describe("ranges of missing numbers", () => {
    it("are those between two numbers, on the steps, from the first number on", () => {
        const rule = { startAt: 10n, incrementBy: 5n }
        const shown = (low: bigint, high: bigint) =>
            between(low, high, rule).map(({ from, to }) => `${from}-${to}`)
        expect(shown(10n, 15n)).to.eql([])
        expect(shown(10n, 30n)).to.eql(["15-25"])
        expect(shown(10n, 31n)).to.eql(["15-30"])
        expect(shown(3n, 20n)).to.eql(["10-15"])
        expect(shown(3n, 10n)).to.eql([])
        expect(shown(1n, 4n)).to.eql([])
    })

    it("are cut into what entries explain, each by the earliest, and what none does", () => {
        expect(partsOf(1n, 9n, [])).to.eql(["1-9 unexplained 9"])
        expect(partsOf(1n, 9n, [event("skip", 3n, 5n)])).to.eql([
            "1-2 unexplained 2",
            "3-5 skip 3",
            "6-9 unexplained 4",
        ])
        expect(partsOf(3n, 5n, [event("skip", 1n, 99n)])).to.eql(["3-5 skip 3"])
        expect(partsOf(1n, 4n, [event("skip", 3n, 4n), event("delete", 2n, 3n)])).to.eql([
            ...["1-1 unexplained 1", "2-3 delete 2", "4-4 skip 1"],
        ])
        expect(partsOf(1n, 2n, [event("skip", 1n), event("delete", 1n, 1n, "2025-01-01")])).to.eql([
            ...["1-1 delete 1", "2-2 unexplained 1"],
        ])
        expect(partsOf(10n, 25n, [event("skip", 12n, 22n)], 5n)).to.eql([
            ...["10-10 unexplained 1", "15-20 skip 2", "25-25 unexplained 1"],
        ])
        expect(partsOf(10n, 25n, [event("skip", 11n, 14n)], 5n)).to.eql(["10-25 unexplained 4"])
        expect(partsOf(1n, 2n, [], 1n, true)).to.eql(["1-2 declared 2"])
    })

    it("are all explained, however few are listed", () => {
        const rule = { incrementBy: 1n, isLossy: false }
        const events = [
            ...[
                event("skip", 2n, 5n),
                event("delete", 4n),
                event("delete", 6n),
                event("delete", 8n),
            ],
            ...[
                event("explicit", 12n),
                { ...event("delete", 14n), isBare: true },
                event("skip", 18n),
            ],
        ]
        const listed = (limit: number, left = 100) => {
            const missing = new MissingNumbers(events, rule, limit, { left })
            for (const [from, to] of [
                [2n, 4n],
                [6n, 6n],
                [8n, 8n],
                [10n, 11n],
                [14n, 18n],
            ] as const)
                missing.add({ from, to, place: "between" })
            expect([missing.count, missing.unexplained]).to.eql([12n, 3n])
            expect(missing.named.map(({ from, to }) => [from, to])).to.eql([["15", "17"]])
            return [missing.listed.map(({ from, to }) => `${from}-${to}`).join(), missing.more]
        }
        expect(listed(2)).to.eql(["2-4,6-6", 5])
        expect(listed(9, 3)).to.eql(["2-4,6-6,8-8", 4])
        // The list ends where reasons are no longer kept.
        expect(listed(9)).to.eql(["2-4,6-6,8-8,10-11", 3])
    })

    it("are explained by the number up to which others were passed over", () => {
        expect(partsOf(4n, 9n, [event("explicit", 10n)])).to.eql(["4-9 explicit 6"])
        expect(partsOf(4n, 9n, [event("delete", 10n)])).to.eql(["4-9 unexplained 6"])
    })

    it("are not explained by it where the scope had reached them before", () => {
        const before = (of: RangeEvent, number: bigint) => ({ ...of, before: number })
        for (const kind of ["explicit", "import"]) {
            expect(partsOf(4n, 9n, [before(event(kind, 10n), 5n)])).to.eql([
                ...["4-5 unexplained 2", `6-9 ${kind} 4`],
            ])
            for (const number of [9n, 10n, 50n])
                expect(partsOf(4n, 9n, [before(event(kind, 10n), number)])).to.eql([
                    "4-9 unexplained 6",
                ])
            expect(partsOf(10n, 25n, [before(event(kind, 30n), 15n)], 5n)).to.eql([
                ...["10-15 unexplained 2", `20-25 ${kind} 2`],
            ])
        }
        expect(partsOf(9n, 10n, [event("set", 11n, 19n)])).to.eql(["9-10 unexplained 2"])
        // A row that came later stands between.
        const missing = new MissingNumbers(
            [before(event("explicit", 20n), 50n), before(event("explicit", 30n), 10n)],
            { incrementBy: 1n, isLossy: false },
            9,
            { left: 9 },
        )
        missing.add({ from: 9n, to: 19n, place: "between" })
        missing.add({ from: 21n, to: 29n, place: "between" })
        expect(missing.listed.map(({ from, to, cause }) => `${from}-${to} ${cause}`)).to.eql([
            ...["9-10 unexplained", "11-19 event", "21-29 event"],
        ])
    })

    it("are explained by what is about them before what has passed them over", () => {
        for (const kind of ["explicit", "import"]) {
            const set = event(kind, 10n, 10n, "2025-01-01")
            expect(partsOf(5n, 9n, [event("delete", 5n), event("delete", 7n), set])).to.eql([
                ...["5-5 delete 1", "6-6 " + kind + " 1", "7-7 delete 1", `8-9 ${kind} 2`],
            ])
        }
        const set = event("set", 5n, 9n, "2025-01-01")
        expect(partsOf(5n, 9n, [set, event("skip", 5n, 9n)])).to.eql(["5-9 skip 5"])
        expect(partsOf(5n, 9n, [set, event("skip", 6n, 7n)])).to.eql([
            ...["5-5 set 1", "6-7 skip 2", "8-9 set 2"],
        ])
        expect(partsOf(5n, 25n, [event("set", 1n, 20n), event("skip", 10n, 15n)], 5n)).to.eql([
            ...["5-5 set 1", "10-15 skip 2", "20-20 set 1", "25-25 unexplained 1"],
        ])
    })

    it("are explained by it also when its row is gone, which it doesn't explain", () => {
        for (const kind of ["explicit", "import"]) {
            const set = event(kind, 7n)
            expect(partsOf(4n, 9n, [set, event("delete", 7n)])).to.eql([
                ...[`4-6 ${kind} 3`, "7-7 delete 1", "8-9 unexplained 2"],
            ])
            expect(partsOf(4n, 9n, [set])).to.eql([`4-6 ${kind} 3`, "7-9 unexplained 3"])
            expect(partsOf(7n, 7n, [set])).to.eql(["7-7 unexplained 1"])
        }
        expect(partsOf(4n, 9n, [event("import", 4n, 9n)])).to.eql(["4-9 unexplained 6"])
        // A number that comes later has passed over none that a row had.
        const later = event("explicit", 10n)
        expect(partsOf(4n, 9n, [event("import", 4n, 6n), later])).to.eql([
            ...["4-6 unexplained 3", "7-9 explicit 3"],
        ])
        expect(partsOf(9n, 9n, [event("explicit", 9n), later])).to.eql(["9-9 unexplained 1"])
        expect(partsOf(5n, 9n, [event("set", 5n, 9n), event("explicit", 7n)])).to.eql([
            ...["5-6 set 2", "7-7 unexplained 1", "8-9 set 2"],
        ])
        expect(partsOf(5n, 15n, [event("explicit", 15n)], 5n)).to.eql([
            ...["5-10 explicit 2", "15-15 unexplained 1"],
        ])
    })
})

describe("texts of the command", () => {
    it("reads the values out of keys", () => {
        expect(textsOfKey("v1:")).to.eql([])
        expect(textsOfKey('v1:"7",NULL,"a ""b"", c"')).to.eql(["7", null, 'a "b", c'])
        expect(textsOfKey("v1#1234")).to.equal(undefined)
        expect(textsOfKey('v1:"7"x')).to.equal(undefined)
    })

    it("reads names, quoted or not", () => {
        expect(partsOfName("tag.objectId")).to.eql(["tag", "objectId"])
        expect(partsOfName('shop."My ""Table"".x".`a.b`')).to.eql(["shop", 'My "Table".x', "a.b"])
        expect(partsOfName("tag.")).to.equal(undefined)
        expect(partsOfName('"tag')).to.equal(undefined)
    })

    it("shows what somebody has entered on one line, and without what directs a terminal", () => {
        expect(showScope({ company: "A\r\n  ! B", period: null })).to.equal(
            "company A   ! B, period NULL",
        )
        const said = { reason: "spoilt\n\nNo problems.\u001b[2J", by: "ann\tb" }
        expect(showEvent({ kind: "skip", at: "2026-01-01T12:00:00.000Z", ...said })).to.equal(
            "skip, 2026-01-01 12:00:00Z, by ann b: spoilt No problems. [2J",
        )
    })

    it("writes CSV that is read back, and runs in no spreadsheet", () => {
        expect(
            toCsv(
                ["a", "b"],
                [
                    ['x "y", z', null],
                    ["=1+1", "-3"],
                    ["-cmd", "two\nlines"],
                    [5, "@x"],
                ],
            ),
        ).to.equal(
            ["a,b", '"x ""y"", z",', "'=1+1,-3", '\'-cmd,"two\nlines"', "5,'@x"].join("\r\n"),
        )
    })

    it("aligns tables, and makes lists of them where lines are too long", () => {
        const rows = [
            ["a", 1],
            ["日本", 10],
            [null, null],
        ] as const
        expect(toTable(["name", "n"], rows, undefined, "  ")).to.equal(
            "  name   n\n  a      1\n  日本  10\n  -      -",
        )
        expect(toTable(["name", "n"], rows.slice(0, 2), 7, "")).to.equal(
            "name  a\nn     1\n\nname  日本\nn     10",
        )
    })
})
