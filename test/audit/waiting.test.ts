import { expect } from "chai"
import type { EntityManager } from "typeorm"
import { findHeldCounters, listCounters, Sequence, UnsupportedError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectRejects } from "../support/errors"
import { sessionOf, waitForLocks } from "../support/waiting"
import { Bill, CreditNote, Invoice } from "./entities"

onEveryDatabase("listCounters", (database) => {
    it("names the scopes of all counters, and those that no column has", async () => {
        const dataSource = await database().connect([Invoice])
        for (const company of ["b", "a", null, "a"])
            await dataSource.getRepository(Invoice).save({ company })
        await dataSource.getRepository("AutoSequenceCounter").insert({
            series: "own",
            scope: 'v1:"x"',
            last: "9",
            movedBy: "1",
            movedAt: new Date(),
        })
        const named = new Sequence("named", {
            scope: { tenant: 'Ann "A", "b"="c"', region: null, 'a"b': "NULL" },
        })
        await named.next(dataSource)
        const { counters, more } = await listCounters(dataSource)
        expect(
            counters.map(({ series, scope, last }) => [
                series,
                ...Object.entries(scope).flat(),
                last,
            ]),
        ).to.eql([
            ["invoice.number", "company", null, "1"],
            ["invoice.number", "company", "a", "2"],
            ["invoice.number", "company", "b", "1"],
            ["named", 'a"b', "NULL", "region", null, "tenant", 'Ann "A", "b"="c"', "1"],
            ["own", "0", "x", "9"],
        ])
        expect(more).to.equal(0)
        expect(await listCounters(dataSource, { limit: 1 })).to.include({ more: 4 })
    })
})

onEveryDatabase(
    "findHeldCounters",
    (database) => {
        it("tells who holds a counter, and who waits for it", async () => {
            const dataSource = await database().connect([Bill, CreditNote, Invoice])
            await dataSource.getRepository(Invoice).save([{ company: "a" }, { company: "b" }])
            const save = (manager: EntityManager) =>
                manager.getRepository(Invoice).save({ company: "b" })
            let waiting: Promise<unknown> | undefined
            let sessions: string[] = []
            await dataSource.transaction(async (holder) => {
                await save(holder)
                let begun!: (session: string) => void
                const waiter = new Promise<string>((resolve) => (begun = resolve))
                waiting = dataSource.transaction(async (manager) => {
                    begun(await sessionOf(manager))
                    await save(manager)
                })
                sessions = [await sessionOf(holder), await waiter]
                await waitForLocks(dataSource, sessions[1] ?? "")
                const held = await findHeldCounters(dataSource)
                expect(
                    held.map(({ series, scope, ...found }) => [series, scope, found.holder.id]),
                ).to.eql([["invoice.number", { company: "b" }, sessions[0]]])
                expect(held[0]?.waiting.map(({ id }) => id)).to.eql([sessions[1]])
                expect(Date.parse(held[0]?.holder.since ?? "")).to.be.within(
                    Date.now() - 60_000,
                    Date.now() + 60_000,
                )
            })
            await waiting
        })
    },
    ({ parallel }) => parallel,
)

onEveryDatabase(
    "findHeldCounters, where a writer holds all,",
    (database) => {
        it("says so", async () => {
            const dataSource = await database().connect([Bill, CreditNote])
            await expectRejects(
                findHeldCounters(dataSource),
                UnsupportedError,
                "a writer holds the whole database",
            )
        })
    },
    ({ parallel, partialIndexes, upsertKeys }) => !parallel && partialIndexes && !upsertKeys,
)
