import { expect } from "chai"
import type { DataSource } from "typeorm"
import { installAutoSequence, NotInstalledError, verifyAutoSequence } from "../../../src"
import { changeEntities } from "../../migrations/migrate"
import { onEachDatabase, onEveryDatabase } from "../../support/databases"
import { expectRefuses, rejection, triggerError } from "../../support/errors"
import { catalogueOf } from "./catalogue"
import { countersOf, hasTriggers, letters, numbersOf, post, TRIGGER } from "./letters"

const REMEDY = /typeorm-autosequence migration:generate.*installAutoSequence\(dataSource\)\.$/

async function problemsOf(dataSource: DataSource): Promise<string[]> {
    const error = await rejection(verifyAutoSequence(dataSource))
    expect(error).to.be.instanceOf(NotInstalledError)
    return error.message.split("\n")
}

/** The names of triggers, by what they are for: number, insert, settle, keep. */
async function triggersOf(dataSource: DataSource): Promise<Record<string, string>> {
    const { triggers } = await catalogueOf(dataSource)
    const names = triggers.map(({ name }) => String(name))
    return Object.fromEntries(names.map((name) => [name.split("_")[2], name]))
}

async function dropTriggers(dataSource: DataSource, ...names: (string | undefined)[]) {
    const isOfTable = dataSource.options.type === "postgres"
    const table = dataSource.getMetadata("Letter").tablePath
    for (const name of names)
        await dataSource.query(`DROP TRIGGER ${String(name)}${isOfTable ? ` ON ${table}` : ""}`)
}

onEveryDatabase(
    "verifyAutoSequence with triggers",
    (db) => {
        const tableOf = (dataSource: DataSource) => dataSource.getMetadata("Letter").tablePath

        /** Expects these problems and no other, and that to install mends them. */
        async function expectProblems(dataSource: DataSource, problems: [string, string][]) {
            const found = await problemsOf(dataSource)
            for (const [at, [trigger, problem]] of problems.entries())
                expect(found[at])
                    .to.match(REMEDY)
                    .and.include(`The trigger ${trigger} of ${tableOf(dataSource)} ${problem}`)
            expect(found).to.have.lengthOf(problems.length)
            await installAutoSequence(dataSource)
            await verifyAutoSequence(dataSource)
        }

        it("accepts what is there, and writes nothing", async () => {
            const dataSource = await db().connect([letters(TRIGGER)])
            const before = await catalogueOf(dataSource)
            await verifyAutoSequence(dataSource)
            expect(await catalogueOf(dataSource)).to.eql(before)
        })

        it("misses each trigger", async () => {
            const dataSource = await db().connect([letters(TRIGGER)])
            for (const name of Object.values(await triggersOf(dataSource))) {
                await dropTriggers(dataSource, name)
                await expectProblems(dataSource, [[name, "is missing: "]])
            }
        })

        it("misses all of them", async () => {
            const before = await db().connect([letters({ strategy: "counter" })])
            const dataSource = await changeEntities(db(), before, [letters(TRIGGER)])
            const problems = await problemsOf(dataSource)
            expect(problems).to.have.lengthOf(4)
            for (const problem of problems) expect(problem).to.match(REMEDY)
            expect(new Set(problems).size).to.equal(problems.length)
        })

        it("finds a trigger that was made for another option", async () => {
            const before = await db().connect([letters(TRIGGER)])
            const { number, keep } = await triggersOf(before)
            const dataSource = await changeEntities(db(), before, [
                letters({ ...TRIGGER, incrementBy: 2 }),
            ])
            const outdated = [number!, keep!].map((name) => [name, "is outdated"])
            await expectProblems(dataSource, outdated as [string, string][])
        })

        it("finds triggers that are left over", async () => {
            const before = await db().connect([letters(TRIGGER)])
            const names = (await catalogueOf(before)).triggers.map(({ name }) => String(name))
            const dataSource = await changeEntities(db(), before, [
                letters({ strategy: "counter" }),
            ])
            await expectProblems(
                dataSource,
                names.map((name) => [name, "is no longer needed"]),
            )
        })

        it("tells the triggers of several tables apart", async () => {
            const Parcel = letters(TRIGGER, "parcel")
            Object.defineProperty(Parcel, "name", { value: "Parcel" })
            const dataSource = await db().connect([letters(TRIGGER), Parcel])
            const { number } = await triggersOf(dataSource)
            const letter = Object.values((await catalogueOf(dataSource)).triggers).find(
                ({ table, name }) => table === "letter" && String(name).includes("_number_"),
            )
            expect(number).to.not.equal(letter?.name)
            await dropTriggers(dataSource, String(letter?.name))
            await expectProblems(dataSource, [[String(letter?.name), "is missing: "]])
        })

        it("says of a row that gets no number what to do, and writes nothing", async () => {
            const dataSource = await db().connect([letters(TRIGGER)])
            await post(dataSource, 1)
            await dropTriggers(dataSource, (await triggersOf(dataSource)).number)
            const repository = dataSource.getRepository("Letter")
            const remedy = ["Letter.number", "migration:generate", "installAutoSequence"]
            const ways: (() => Promise<unknown>)[] = [
                () => repository.save({ box: 1 }),
                () => repository.save([{ box: 1 }, { box: 2 }]),
                () => repository.insert({ box: 1 }),
                () => repository.createQueryBuilder().insert().values({ box: 1 }).execute(),
            ]
            // MariaDB says the same of a statement that leaves the column out, trigger or not.
            if (db().kind !== "mariadb")
                ways.push(() =>
                    dataSource.query(`INSERT INTO ${escapedTable(dataSource)} (box) VALUES (1)`),
                )
            for (const way of ways)
                if (db().kind === "mariadb") {
                    const error = await rejection(way())
                    expect(error).to.be.instanceOf(triggerError("mariadb", NotInstalledError))
                    if (error instanceof NotInstalledError)
                        for (const text of remedy) expect(error.message).to.include(text)
                } else await expectRefuses(repository, way, NotInstalledError, ...remedy)
            expect(await numbersOf(dataSource)).to.eql({ 1: [1] })
            expect(await countersOf(dataSource)).to.eql({ 'v1:"1"': 1 })
            await installAutoSequence(dataSource)
            expect(await post(dataSource, 1)).to.eql([2])
        })
    },
    hasTriggers,
)

/** As TypeORM writes it. */
function escapedTable(dataSource: DataSource): string {
    const { tablePath } = dataSource.getMetadata("Letter")
    return tablePath
        .split(".")
        .map((part) => dataSource.driver.escape(part))
        .join(".")
}

onEachDatabase("verifyAutoSequence with triggers", (db) => {
    const alter = (dataSource: DataSource, what: string) =>
        dataSource.query(`ALTER TABLE ${dataSource.getMetadata("Letter").tablePath} ${what}`)

    async function expectOne(dataSource: DataSource, trigger: string, problem: string) {
        const before = await catalogueOf(dataSource)
        const [found, ...more] = await problemsOf(dataSource)
        expect(found)
            .to.match(REMEDY)
            .and.include(`The trigger ${trigger} of `)
            .and.include(problem)
        expect(more).to.eql([])
        // To look changes nothing, and to install mends it.
        expect(await catalogueOf(dataSource)).to.eql(before)
        await installAutoSequence(dataSource)
        await verifyAutoSequence(dataSource)
    }

    it("finds a trigger that is disabled, or fires on replicas alone", async () => {
        const dataSource = await db().connect([letters(TRIGGER)])
        const expected = await catalogueOf(dataSource)
        for (const name of Object.values(await triggersOf(dataSource)))
            for (const how of ["DISABLE", "ENABLE REPLICA"]) {
                await alter(dataSource, `${how} TRIGGER ${name}`)
                await expectOne(dataSource, name, "is disabled.")
                expect(await catalogueOf(dataSource)).to.eql(expected)
            }
    })

    it("accepts one that fires always", async () => {
        const dataSource = await db().connect([letters(TRIGGER)])
        for (const name of Object.values(await triggersOf(dataSource)))
            await alter(dataSource, `ENABLE ALWAYS TRIGGER ${name}`)
        await verifyAutoSequence(dataSource)
        expect(await post(dataSource, 1, 1)).to.eql([1, 2])
    })

    it("finds a trigger of the same name that calls another function", async () => {
        const dataSource = await db().connect([letters(TRIGGER)])
        const { number } = await triggersOf(dataSource)
        const { tablePath } = dataSource.getMetadata("Letter")
        const theirs = tablePath.replace(/letter$/, "theirs")
        await dataSource.query(
            `CREATE FUNCTION ${theirs}() RETURNS trigger LANGUAGE plpgsql ` +
                `AS 'BEGIN NEW.number = 5; RETURN NEW; END'`,
        )
        await dropTriggers(dataSource, number)
        await dataSource.query(
            `CREATE TRIGGER ${number!} BEFORE INSERT ON ${tablePath} FOR EACH ROW ` +
                `EXECUTE FUNCTION ${theirs}()`,
        )
        await expectOne(dataSource, number!, `calls ${theirs}, `)
        const { functions } = await catalogueOf(dataSource)
        expect(functions.map(({ name }) => name)).to.include("theirs")
    })

    const mistakes: Record<string, (text: string) => string> = {
        "another body": (text) => text.replace("BEGIN", "BEGIN -- A note."),
        "the rights of the caller": (text) => text.replace(" SECURITY DEFINER", ""),
        "another search_path": (text) =>
            text.replace(/SET search_path TO .*/, "SET search_path TO public"),
        "no search_path": (text) => text.replace(/SET search_path TO .*/, ""),
    }
    for (const [what, change] of Object.entries(mistakes))
        it(`finds a function with ${what}`, async () => {
            const dataSource = await db().connect([letters(TRIGGER)])
            const { keep } = await triggersOf(dataSource)
            const { functions } = await catalogueOf(dataSource)
            const found = functions.find(({ name }) => String(name).includes("_keep_"))
            const changed = change(String(found?.text))
            expect(changed).to.not.equal(found?.text)
            await dataSource.query(changed)
            await expectOne(dataSource, keep!, "is outdated")
        })

    it("finds a trigger that fires at another time", async () => {
        const dataSource = await db().connect([letters(TRIGGER)])
        const { keep } = await triggersOf(dataSource)
        const found = (await catalogueOf(dataSource)).triggers.find(({ name }) => name === keep)
        await dropTriggers(dataSource, keep)
        await dataSource.query(String(found?.text).replace("BEFORE UPDATE", "AFTER UPDATE"))
        await expectOne(dataSource, keep!, "is outdated")
    })

    const conditions: [string, RegExp, string][] = [
        ["keep", /FOR EACH ROW/, "FOR EACH ROW WHEN (NEW.box > 5)"],
        ["keep", /BEFORE UPDATE/, "BEFORE UPDATE OF box"],
        ["insert", /WHEN \(.*\) EXECUTE/, "WHEN (NEW.box > 5) EXECUTE"],
    ]
    for (const [which, from, to] of conditions)
        it(`finds a trigger of which somebody made ${to}`, async () => {
            const dataSource = await db().connect([letters(TRIGGER)])
            const name = (await triggersOf(dataSource))[which]
            const found = (await catalogueOf(dataSource)).triggers.find((t) => t.name === name)
            await dropTriggers(dataSource, name)
            const changed = String(found?.text).replace(from, to)
            expect(changed).to.not.equal(found?.text)
            await dataSource.query(changed)
            await expectOne(dataSource, name!, "")
        })
})
