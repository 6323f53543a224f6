import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { KeyTakenError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { company, Company, Department, Page } from "./insert-entities"
import { ParameterLog, rolledBack, suffixed } from "./insert-rows"

onEveryDatabase(
    "The locks on keys",
    (database) => {
        let log: ParameterLog
        let dataSource: DataSource
        beforeEach(async () => {
            log = new ParameterLog()
            dataSource = await database().connect([Company], {
                emptied: true,
                connections: 4,
                logging: ["query"],
                logger: log,
            })
        })

        /** How many there are in all sessions. */
        async function held(): Promise<number> {
            if (database().kind === "postgres") {
                const [row] = await dataSource.query<{ n: number }[]>(
                    "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' " +
                        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                )
                return row!.n
            }
            const names = new Set(
                log.statements.flatMap(({ sql, parameters }) =>
                    sql.includes("GET_LOCK(") ? parameters : [],
                ),
            )
            expect(names).not.to.have.property("size", 0)
            const rows = await dataSource.query<object[]>(
                [...names]
                    .map(() => "SELECT 1 FROM DUAL WHERE IS_USED_LOCK(?) IS NOT NULL")
                    .join(" UNION ALL "),
                [...names],
            )
            return rows.length
        }

        it("are there until the transaction is committed, and then gone", async () => {
            await dataSource.transaction(async (manager) => {
                await manager.save([company("acme"), company("acme"), company("other")])
                expect(await held()).to.be.at.least(3)
            })
            expect(await held()).to.equal(0)
        })

        describe("of one text on PostgreSQL", () => {
            beforeEach(function () {
                if (database().kind !== "postgres") this.skip()
            })
            const rows = (count: number) => Array.from({ length: count }, () => company("acme"))

            // The server has room for some thousands, of all transactions together.
            it("are few, however many rows of a transaction have it", async () => {
                await dataSource
                    .transaction(async (manager) => {
                        for (let i = 0; i < 4; i += 1) await manager.save(rows(300))
                        expect(await held()).to.be.within(300, 400)
                        const others = dataSource.manager.save(rows(1))
                        await manager.save(rows(1))
                        return { others }
                    })
                    .then(({ others }) => others)
                const slugs = (await dataSource.manager.find(Company)).map(({ slug }) => slug)
                expect(slugs).to.have.members(suffixed("acme", 1202))
                expect(await held()).to.equal(0)
            })

            it("are taken one by one where others have some, who then don't wait for each other", async () => {
                await dataSource.transaction(async (manager) => {
                    await manager.save(rows(1))
                    await dataSource.transaction(async (other) => {
                        await other.save(rows(300))
                        await other.save(rows(300))
                        await manager.save(rows(1))
                    })
                })
                const slugs = (await dataSource.manager.find(Company)).map(({ slug }) => slug)
                expect(slugs).to.have.members(suffixed("acme", 602))
                expect(await held()).to.equal(0)
            })
        })

        it("are given up by one statement, however many were tried", async () => {
            await dataSource.transaction(async (manager) => {
                await manager.save([company("lone"), company("lone"), company("lone")])
                log.statements.length = 0
                await dataSource.manager.save([company("lone"), company("lone")])
                const released = log.statements.filter(({ sql }) => /^DO |unlock/.test(sql))
                expect(released).to.have.length(database().kind === "mariadb" ? 1 : 0)
            })
            expect(await held()).to.equal(0)
        })

        it("are gone when the transaction is rolled back", async () => {
            await rolledBack(dataSource, async (manager) => {
                await manager.save([company("acme"), company("acme")])
                await rolledBack(manager, (inner) => inner.save(company("acme")))
                expect(await held()).to.be.at.least(2)
            })
            expect(await held()).to.equal(0)
        })

        it("are gone when a save fails", async () => {
            await dataSource.manager.save(company("acme", { email: "a" }))
            await rejection(dataSource.manager.save(company("acme", { email: "a" })))
            expect(await held()).to.equal(0)
        })

        const INSERTS: Record<string, (manager: EntityManager) => Promise<unknown>> = {
            "one row": (manager) => manager.insert(Company, company("acme")),
            "many rows": (manager) =>
                manager.insert(
                    Company,
                    Array.from({ length: 600 }, () => company("acme")),
                ),
            "keys that are set": (manager) =>
                manager.insert(Company, company("", { slug: "mine" })),
            "an upsert": (manager) =>
                manager.upsert(Company, company("acme", { email: "u" }), ["email"]),
        }
        for (const [what, insert] of Object.entries(INSERTS))
            it(`are gone after an insert without a transaction: ${what}`, async () => {
                await insert(dataSource.manager)
                expect(await held()).to.equal(0)
            })

        const FAILURES: Record<string, (manager: EntityManager) => Promise<unknown>> = {
            "the database refuses the row": (manager) =>
                manager.insert(Company, company("acme", { email: "a" })),
            "derive fails for another row": (manager) =>
                manager.insert(Company, [
                    company("acme"),
                    company("", { slug: "x" }),
                    company(null),
                ]),
            "the key is another row's": (manager) =>
                manager.insert(Company, company("acme", { slug: "taken" })),
            "the key of a row behind it is another row's": (manager) =>
                manager.insert(Company, [
                    company("", { slug: "mine" }),
                    company("", { slug: "taken" }),
                ]),
        }
        for (const [why, insert] of Object.entries(FAILURES))
            it(`are gone after an insert that fails because ${why}`, async () => {
                await dataSource.manager.insert(Company, company("", { slug: "taken", email: "a" }))
                await rejection(insert(dataSource.manager))
                expect(await held()).to.equal(0)
                await dataSource.manager.insert(Company, company("taken"))
                expect(await held()).to.equal(0)
            })
    },
    ({ parallel }) => parallel,
)

onEveryDatabase(
    "The locks on keys of one scope",
    (database) => {
        it("keep nobody from the same key in another scope", async () => {
            const dataSource = await database().connect([Department, Page], {
                emptied: true,
                connections: 3,
            })
            const page = (language: string) => ({ title: "Home", language, department: null })
            await dataSource.transaction(async (manager) => {
                await manager.save(Page, page("en"))
                const other = await dataSource.manager.save(Page, page("de"))
                expect(other.slug).to.equal("Home")
                const same = await dataSource.manager.save(Page, page("en"))
                expect(same.slug).to.equal("Home-2")
            })
        })

        it("keep a caller's key from a row that others have not committed yet", async () => {
            const dataSource = await database().connect([Company], {
                emptied: true,
                connections: 3,
            })
            let waiting: Promise<unknown> = Promise.resolve()
            await dataSource.transaction(async (manager) => {
                await manager.save(company("acme"))
                waiting = rejection(dataSource.manager.save(company("", { slug: "acme" })))
                const [row] = await dataSource.manager.save([company("acme")])
                expect(row!.slug).to.equal(suffixed("acme", 2)[1])
            })
            expect(await waiting).to.be.instanceOf(KeyTakenError)
        })
    },
    ({ parallel }) => parallel,
)
