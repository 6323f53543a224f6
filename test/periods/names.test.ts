import { expect } from "chai"
import * as fc from "fast-check"
import type { DataSource } from "typeorm"
import type { PeriodRule } from "../../src/declared/numbers/period-options"
import { isTimeZone, ownTimeZone } from "../../src/declared/time-zone"
import { dialectOf } from "../../src/dialects"
import { civilDateIn, civilDateOf, civilText } from "../../src/series/periods/civil-date"
import { periodName } from "../../src/series/periods/period-name"
import { onOnePostgres } from "../support/databases"
import { seed } from "../support/seed"

/** Of both halves of the world, with and without summer time, and with halves of hours. */
const ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Argentina/Buenos_Aires",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Etc/GMT+12",
]

const RULES: readonly PeriodRule[] = [
    { by: "year", startsIn: 1 },
    { by: "quarter", startsIn: 1 },
    { by: "month", startsIn: 1 },
    { by: "day", startsIn: 1 },
    ...Array.from({ length: 12 }, (_, at) => ({ by: "fiscalYear" as const, startsIn: at + 1 })),
]

const FORMATS = { year: "YYYY", quarter: 'YYYY-"Q"Q', month: "YYYY-MM", day: "YYYY-MM-DD" }

/** What PostgreSQL says by itself. */
function expected(day: string, { by, startsIn }: PeriodRule): string {
    return by === "fiscalYear"
        ? `to_char(${day} - make_interval(months => ${startsIn - 1}), 'YYYY')`
        : `to_char(${day}, '${FORMATS[by]}')`
}

onOnePostgres("The name of a period", (database) => {
    /** Where Node.js, PostgreSQL, and the SQL of a trigger say different things of random moments. */
    async function disagreements(dataSource: DataSource): Promise<unknown[]> {
        const periods = dialectOf(dataSource)!.periods
        const moments = fc.sample(
            fc.record({
                // Another time than that of a stroke of midnight is hardly ever one of another day.
                at: fc.oneof(
                    fc.integer({ min: 0, max: Date.UTC(2100, 0) / 1000 }),
                    fc
                        .tuple(
                            fc.integer({ min: 0, max: 47_480 }),
                            fc.integer({ min: -52, max: 52 }),
                        )
                        .map(([day, quarter]) => day * 86_400 + quarter * 900 - (day % 2)),
                ),
                zone: fc.constantFrom(...ZONES),
                rule: fc.constantFrom(...RULES),
            }),
            { numRuns: 3000, seed },
        )
        const rows: { at: number; its: string; own: string }[] = []
        for (const rule of RULES) {
            const ofRule = moments.flatMap(({ at, zone, rule: other }, i) =>
                other === rule ? `(${i}, to_timestamp(${at}), '${zone}')` : [],
            )
            if (ofRule.length === 0) continue
            const column = { content: "moment", writtenIn: "UTC" } as const
            const own = periods.dayOf("moment", column, "zone") ?? ""
            rows.push(
                ...(await dataSource.query<typeof rows>(
                    `SELECT at, ${expected("(moment AT TIME ZONE zone)", rule)} AS its, ` +
                        `${periods.name(own, rule)} AS own ` +
                        `FROM (VALUES ${ofRule.join()}) v(at, moment, zone)`,
                )),
            )
        }
        expect(rows).to.have.length(moments.length)
        return rows.flatMap(({ at, its, own }) => {
            const moment = moments[at]!
            const day = civilDateIn(moment.zone, new Date(moment.at * 1000))
            const name = day && periodName(day, moment.rule)
            return name === its && own === its ? [] : [{ ...moment, its, own, name }]
        })
    }

    it("is the same in Node.js and in SQL, whatever the moment and the zone", async () => {
        expect(await disagreements(await database().connect([]))).to.eql([])
    })
})

describe("A day", () => {
    it("is read of the texts that say one, and of no others", () => {
        const read = (text: string) => {
            const day = civilDateOf(text)
            return day && civilText(day)
        }
        for (const text of ["2028-02-29", "2028-02-29T23:59:59Z", "2028-02-29 00:00"])
            expect(read(text), text).to.equal("2028-02-29")
        expect(read("0999-01-01")).to.equal("0999-01-01")
        for (const text of [
            "2027-02-29",
            "2026-13-01",
            "2026-5-5",
            "5.5.2026",
            "0000-01-01",
            "",
            "today",
        ])
            expect(read(text), text).to.equal(undefined)
        expect(read("2026-05-05T24:00:00")).to.equal(undefined)
        expect(read("-2026-05-05")).to.equal(undefined)
    })

    it("is none of a moment that is invalid, or of another age", () => {
        for (const moment of [new Date(NaN), new Date(-8.64e15), new Date(8.64e15)])
            expect(civilDateIn("UTC", moment)).to.equal(undefined)
    })

    it("of a year before 1000 has four digits, and a fiscal year begins in the one before", () => {
        const day = { year: 999, month: 3, day: 1 }
        expect(periodName(day, { by: "month", startsIn: 1 })).to.equal("0999-03")
        expect(periodName(day, { by: "fiscalYear", startsIn: 4 })).to.equal("0998")
        const first = { year: 1, month: 1, day: 1 }
        expect(periodName(first, { by: "fiscalYear", startsIn: 2 })).to.equal(undefined)
    })
})

describe("A time zone", () => {
    it("is an area and a place, or UTC: not what databases take for something else", () => {
        for (const zone of [...ZONES, "America/Indiana/Knox"])
            expect(isTimeZone(zone), zone).to.equal(true)
        for (const zone of [
            "CET",
            "EST5EDT",
            "+02:00",
            "utc",
            "Berlin",
            "Mars/Phobos",
            "",
            "a/b'c",
        ])
            expect(isTimeZone(zone), zone).to.equal(false)
    })

    it("of the process is known, and changes with it", () => {
        const before = process.env.TZ
        try {
            process.env.TZ = "America/New_York"
            expect(ownTimeZone()).to.equal("America/New_York")
            process.env.TZ = "Etc/UTC"
            expect(ownTimeZone()).to.equal("UTC")
        } finally {
            if (before === undefined) delete process.env.TZ
            else process.env.TZ = before
        }
    })
})
