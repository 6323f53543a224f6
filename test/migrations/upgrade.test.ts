import { expect } from "chai"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    findByPseudoKey,
    generateMigration,
    NotInstalledError,
    PseudoKey,
    verifyAutoSequence,
} from "../../src"
import { type Kind, onEveryDatabase, type TestDatabase } from "../support/databases"
import { expectRejects } from "../support/errors"
import { storedCounters, storedNumbers } from "../support/stored"
import { changeEntities, classOf, expectUpToDate } from "./migrate"

@Entity("invoice")
class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) year!: number
    @AutoSequenceColumn({ strategy: "counter", uniqueWith: "year" }) number!: number
}

@Entity("letter")
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) box!: number
    @AutoSequenceColumn({ strategy: "trigger", uniqueWith: "box" }) number!: number
}

@Entity("page")
class Page {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 50 }) title!: string
    @PseudoKey({ case: "keep", derive: ({ title }: Page) => title, history: true }) slug!: string
}

/**
 * The statements that version 0.1.0 has sent: its migration of these entities, invoices 1 of 2025 and 1 to 3
 * of 2026, letters 1 to 3 of box 1 and 1 of box 2, and a page that was called "one" and is called "two". The
 * invoice and the letter with the number 3 are gone. On PostgreSQL they are in a schema of their own.
 */
function statementsOf(kind: Kind): [string, unknown[]?][] {
    const file = { mariadb: "mariadb", postgres: "postgres", pglite: "postgres" }[kind as string]
    const path = join(__dirname, "version-0.1.0", `${file ?? "sqlite"}.json`)
    return JSON.parse(readFileSync(path, "utf8")) as [string, unknown[]?][]
}

const SCHEMA = "shop"

async function writtenByVersion010(database: TestDatabase): Promise<DataSource> {
    if ("createSchema" in database)
        await (database as { createSchema(name: string): Promise<string> }).createSchema(SCHEMA)
    const hasTriggers = database.can.bigints
    const dataSource = await database.connect([Invoice, ...(hasTriggers ? [Letter] : []), Page], {
        synchronize: false,
        ...("createSchema" in database ? ({ schema: SCHEMA } as object) : {}),
    })
    for (const [sql, parameters] of statementsOf(database.kind))
        await dataSource.query(sql, parameters)
    return dataSource
}

onEveryDatabase("a database of version 0.1.0", (db) => {
    it("goes on as it was, after a migration where names and triggers have changed", async () => {
        const before = await writtenByVersion010(db())
        const entities = before.entityMetadatas.map(({ target }) => target) as (() => void)[]
        const hasTriggers = before.hasMetadata(Letter)
        const former = await storedCounters(before)
        const migration = await generateMigration(before)
        expect(migration !== undefined).to.equal(hasTriggers)
        let dataSource = before
        if (migration) {
            await expectRejects(verifyAutoSequence(before), NotInstalledError, "letter")
            dataSource = await changeEntities(
                db(),
                before,
                entities.filter((one) => typeof one === "function"),
                { migrations: [classOf(migration)] },
            )
            await dataSource.runMigrations()
            await dataSource.undoLastMigration()
            expect(await storedCounters(dataSource)).to.eql(former)
            await dataSource.runMigrations()
        }
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)

        const counters = (await storedCounters(dataSource)).map((c) => Object.values(c).join(" "))
        expect(counters).to.eql([
            'invoice.number v1:"2025" 1',
            'invoice.number v1:"2026" 3',
            ...(hasTriggers ? ['letter.number v1:"1" 3', 'letter.number v1:"2" 1'] : []),
        ])
        const invoices = dataSource.getRepository(Invoice)
        expect(await invoices.save([{ year: 2026 }, { year: 2025 }])).to.containSubset([
            { number: 4 },
            { number: 2 },
        ])
        expect(await storedNumbers(invoices)).to.eql([1, 1, 2, 2, 4])
        if (hasTriggers) {
            expect((await dataSource.getRepository(Letter).save({ box: 1 })).number).to.equal(4)
            expect(await storedNumbers(dataSource.getRepository(Letter))).to.eql([1, 1, 2, 4])
        }
        const { manager } = dataSource
        expect(await findByPseudoKey(manager, Page, "one")).to.include({ id: 1, slug: "two" })
        expect((await manager.getRepository(Page).save({ title: "one" })).slug).to.equal("one-2")
        expect(await findByPseudoKey(manager, Page, "one")).to.include({ id: 1, slug: "two" })
    })
})
