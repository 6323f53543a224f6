import { expect } from "chai"
import type { DataSource } from "typeorm"
import {
    type AutoSequenceColumnOptions,
    installAutoSequence,
    NotInstalledError,
    verifyAutoSequence,
} from "../../../src"
import { changeEntities, expectUpToDate } from "../../migrations/migrate"
import { onEachDatabase, onEveryDatabase, StatementLog } from "../../support/databases"
import { rejection, triggerError } from "../../support/errors"
import { catalogueOf } from "./catalogue"
import { countersOf, hasTriggers, letters, numbersOf, post, TRIGGER } from "./letters"

onEveryDatabase(
    "installAutoSequence with triggers",
    (db) => {
        /** The same tables under another rule, before anything is installed. */
        const changeTo = (before: DataSource, options?: AutoSequenceColumnOptions) =>
            changeEntities(db(), before, [letters(options)])

        it("makes the triggers, and numbers go on after the rows that exist", async () => {
            const before = await db().connect([letters()])
            await post(before, 1, 2, 1, 1)
            const dataSource = await changeTo(before, TRIGGER)
            await installAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource)
            expect(await countersOf(dataSource)).to.eql({ 'v1:"1"': 3, 'v1:"2"': 1 })
            expect(await post(dataSource, 1, 2, 3)).to.eql([4, 2, 1])
            expect(await numbersOf(dataSource)).to.eql({ 1: [1, 2, 3, 4], 2: [1, 2], 3: [1] })
        })

        it("does nothing the second time", async () => {
            const logger = new StatementLog()
            const dataSource = await db().connect([letters(TRIGGER)], { logger, logging: true })
            await post(dataSource, 1)
            const before = await catalogueOf(dataSource)
            expect(before.triggers).to.have.lengthOf(4)
            logger.statements.length = 0
            await installAutoSequence(dataSource)
            expect(await catalogueOf(dataSource)).to.eql(before)
            const changes = logger.statements.filter((sql) =>
                /^(ALTER|CREATE|DROP|REVOKE|INSERT|UPDATE|DELETE)/.test(sql),
            )
            expect(changes).to.eql([])
        })

        it("replaces triggers that were made for another option", async () => {
            const before = await db().connect([letters(TRIGGER)])
            const dataSource = await changeTo(before, { ...TRIGGER, startAt: 100 })
            expect((await rejection(verifyAutoSequence(dataSource))).message).to.include(
                "is outdated",
            )
            await installAutoSequence(dataSource)
            await verifyAutoSequence(dataSource)
            expect(await post(dataSource, 1, 1)).to.eql([100, 101])
            const back = await changeTo(dataSource, TRIGGER)
            await installAutoSequence(back)
            expect(await catalogueOf(back)).to.eql({
                ...(await catalogueOf(before)),
                counters: (await catalogueOf(back)).counters,
            })
        })

        for (const strategy of ["counter", "table-lock"] as const)
            it(`removes them where the strategy is "${strategy}" now`, async function () {
                if (strategy === "table-lock" && !db().can.tableLock) return this.skip()
                const plain = await db().connect([letters({ strategy })])
                await installAutoSequence(plain)
                const { counters, ...expected } = await catalogueOf(plain)
                expect(counters).to.eql([])
                const before = await db().connect([letters(TRIGGER)], { sameAs: plain })
                expect(await post(before, 1, 1)).to.eql([1, 2])
                const dataSource = await changeTo(before, { strategy })
                await installAutoSequence(dataSource)
                expect(await catalogueOf(dataSource)).to.deep.include({
                    ...expected,
                    counters: (await catalogueOf(before)).counters,
                })
                expect(await post(dataSource, 1, 1)).to.eql([3, 4])
                await verifyAutoSequence(dataSource)
            })

        it("removes them where the column has gone", async () => {
            const before = await db().connect([letters(TRIGGER)])
            expect(await post(before, 1)).to.eql([1])
            const dataSource = await changeTo(before)
            await dataSource.synchronize()
            await installAutoSequence(dataSource)
            const { triggers, functions } = await catalogueOf(dataSource)
            expect([...triggers, ...functions]).to.eql([])
            await post(dataSource, 1)
            await verifyAutoSequence(dataSource)
        })

        it("leaves other triggers of the table alone", async () => {
            const before = await db().connect([letters()])
            const { tablePath } = before.getMetadata("Letter")
            const schema = tablePath.split(".").slice(0, -1)
            if (db().kind === "mariadb")
                await before.query(
                    "CREATE TRIGGER autosequence_of_ours BEFORE INSERT ON letter FOR EACH ROW " +
                        "SET NEW.box = NEW.box + 1",
                )
            else {
                const name = [...schema, "autosequence_of_ours"].join(".")
                await before.query(
                    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql ` +
                        `AS 'BEGIN NEW.box = NEW.box + 1; RETURN NEW; END'`,
                )
                await before.query(
                    `CREATE TRIGGER ours BEFORE INSERT ON ${tablePath} FOR EACH ROW ` +
                        `EXECUTE FUNCTION ${name}()`,
                )
            }
            const { triggers } = await catalogueOf(before)
            const dataSource = await changeTo(before, TRIGGER)
            await installAutoSequence(dataSource)
            expect((await catalogueOf(dataSource)).triggers).to.deep.include.members([...triggers])
            // The number is that of the box into which that trigger has put the letter.
            await post(dataSource, 1, 1)
            expect(await countersOf(dataSource)).to.eql({ 'v1:"2"': 2 })
            const back = await changeTo(dataSource)
            await installAutoSequence(back)
            expect((await catalogueOf(back)).triggers).to.eql(triggers)
        })

        it("refuses where there is no table, and makes nothing", async () => {
            const before = await db().connect([])
            const catalogue = await catalogueOf(before)
            const dataSource = await changeTo(before, TRIGGER)
            const error = await rejection(installAutoSequence(dataSource))
            expect(error).to.be.instanceOf(NotInstalledError)
            expect(await catalogueOf(dataSource)).to.eql(catalogue)
        })
    },
    hasTriggers,
)

onEveryDatabase(
    "installAutoSequence with triggers",
    (db) => {
        it("is run by ten at the same time, and ends in one right schema", async () => {
            const before = await db().connect([letters()], { connections: 1 })
            await post(before, 1, 1, 2)
            const Letter = letters(TRIGGER)
            const all = await Promise.all(
                Array.from({ length: 10 }, () =>
                    changeEntities(db(), before, [Letter], { connections: 1 }),
                ),
            )
            await Promise.all(all.map((dataSource) => installAutoSequence(dataSource)))
            for (const dataSource of all) await verifyAutoSequence(dataSource)
            const { triggers } = await catalogueOf(before)
            expect(triggers).to.have.lengthOf(4)
            const numbers = await Promise.all(all.map((dataSource) => post(dataSource, 1)))
            expect(numbers.flat().sort((a, b) => a - b)).to.eql([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        })

        it("replaces them under writers, who get each number once", async () => {
            const before = await db().connect([letters(TRIGGER)])
            const changed = await changeEntities(db(), before, [
                letters({ ...TRIGGER, series: "letters by another name" }),
            ])
            let isInstalled = false
            const refused: Error[] = []
            const writers = Array.from({ length: 4 }, async () => {
                // Some before, some while, and some after it.
                for (let after = 0; after < 3; after += isInstalled ? 1 : 0)
                    await post(before, 1).catch((error: Error) => refused.push(error))
            })
            await installAutoSequence(changed).finally(() => (isInstalled = true))
            await Promise.all(writers)
            const { 1: numbers = [] } = await numbersOf(before)
            // Where changes of the schema are no part of a transaction, a writer can come between.
            if (db().kind !== "mariadb") expect(refused).to.eql([])
            const expected = triggerError(db().kind, NotInstalledError)
            for (const error of refused) expect(error).to.be.instanceOf(expected)
            expect(numbers.sort((a, b) => a - b)).to.eql(numbers.map((_, at) => at + 1))
            expect(numbers.length).to.be.at.least(12)
        })
    },
    ({ parallel, ...can }) => parallel && hasTriggers({ parallel, ...can }),
)

onEachDatabase("installAutoSequence with triggers", (db) => {
    it("replaces a function that somebody has changed, and its rights", async () => {
        const dataSource = await db().connect([letters(TRIGGER)])
        const before = await catalogueOf(dataSource)
        for (const { text } of before.functions)
            await dataSource.query(
                String(text).replace("\nBEGIN", "\nBEGIN\n    -- Somebody was here."),
            )
        expect(await catalogueOf(dataSource)).to.not.eql(before)
        await installAutoSequence(dataSource)
        expect(await catalogueOf(dataSource)).to.eql(before)
    })

    it("replaces triggers in a transaction: where it fails, all is as it was", async () => {
        const dataSource = await db().connect([letters(TRIGGER)])
        const changed = await changeEntities(db(), dataSource, [
            letters({ ...TRIGGER, startAt: 7 }),
        ])
        // The counters come last, and can't be written here.
        const counter = dataSource.getMetadata("AutoSequenceCounter").tablePath
        await post(dataSource, 1)
        await dataSource.query(`DELETE FROM ${counter}`)
        const before = await catalogueOf(dataSource)
        await dataSource.query(`ALTER TABLE ${counter} ADD CONSTRAINT none CHECK (last < 0)`)
        await rejection(installAutoSequence(changed))
        await dataSource.query(`ALTER TABLE ${counter} DROP CONSTRAINT none`)
        expect(await catalogueOf(dataSource)).to.eql(before)
    })
})
