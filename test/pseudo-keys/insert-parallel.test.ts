import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { transactionWithRetry } from "../../src"
import { onEachDatabase, onEveryDatabase } from "../support/databases"
import { company, Company } from "./insert-entities"
import { barrier, storedKeys, suffixed } from "./insert-rows"

const WRITERS = 32
const DEADLOCK = 1213
const ROLLBACK = new Error("roll back")

onEveryDatabase(
    "Parallel writers who want the same key",
    (database) => {
        const connect = () => database().connect([Company], { connections: WRITERS })
        const each = <T>(work: (at: number) => Promise<T>) =>
            Promise.all(Array.from({ length: WRITERS }, (_, at) => work(at)))

        /**
         * InnoDB lets a transaction see only what was committed when it began to read. An INSERT of what others have
         * committed since is refused, and keeps a lock on what lies before that in the index.
         */
        const attempts = () => (database().kind === "mariadb" ? 10 : 1)

        async function alone(write: () => Promise<unknown>): Promise<void> {
            for (let attempt = 1; ; attempt += 1)
                try {
                    await write()
                    return
                } catch (error) {
                    if (attempt === attempts() || (error as { errno?: number }).errno !== DEADLOCK)
                        throw error
                }
        }

        function expectSuffixed(stored: readonly string[], rows: number): void {
            // While a transaction is rolled back, others go past the key that it had locked.
            const all = suffixed("acme", attempts() === 1 ? rows : 2 * rows)
            expect(stored).to.have.length(rows)
            expect(new Set(stored)).to.have.property("size", rows)
            expect(all).to.include.members([...stored])
        }

        /** All transactions are open, and have seen what there is, before one of them goes on. */
        async function together(
            dataSource: DataSource,
            work: (manager: EntityManager, at: number) => Promise<unknown>,
        ): Promise<number[]> {
            const opened = barrier(WRITERS)
            const committed = await each(async (at) => {
                try {
                    await transactionWithRetry(
                        dataSource,
                        async (manager) => {
                            await manager.query("SELECT 1")
                            await opened()
                            await work(manager, at)
                        },
                        { attempts: attempts() },
                    )
                    return [at]
                } catch (error) {
                    if (error !== ROLLBACK) throw error
                    return []
                }
            })
            return committed.flat()
        }

        it("by save() in a transaction get acme, acme-2 … acme-32", async () => {
            const dataSource = await connect()
            const rows = Array.from({ length: WRITERS }, () => company("acme"))
            await together(dataSource, (manager, at) => manager.save(rows[at]))
            const stored = await storedKeys(dataSource, Company)
            expectSuffixed(stored, WRITERS)
            expect(rows.map(({ slug }) => slug).sort()).to.eql([...stored].sort())
        })

        it("by insert() without a transaction get acme, acme-2 … acme-32", async () => {
            const dataSource = await connect()
            await each(() => dataSource.query("SELECT 1"))
            const rows = Array.from({ length: WRITERS }, () => company("acme"))
            await each((at) => alone(() => dataSource.manager.insert(Company, rows[at]!)))
            const stored = await storedKeys(dataSource, Company)
            expectSuffixed(stored, WRITERS)
            expect(rows.map(({ slug }) => slug).sort()).to.eql([...stored].sort())
        })

        it("by save() alone, again and again, get acme, acme-2 …", async () => {
            const dataSource = await connect()
            for (let round = 0; round < 6; round += 1)
                await each(() => alone(() => dataSource.manager.save(company("acme"))))
            const stored = await storedKeys(dataSource, Company)
            expectSuffixed(stored, 6 * WRITERS)
        })

        it("go round what others have committed since their transaction began to read", async () => {
            const dataSource = await database().connect([Company], {
                emptied: true,
                connections: 3,
            })
            // Not on a connection that stays open, whose locks would tell.
            const other = await database().connect([Company], { sameAs: dataSource })
            await dataSource.transaction(async (manager) => {
                await manager.save(company("other"))
                await other.manager.save([company("acme"), company("acme"), company("b")])
                await other.destroy()
                await manager.save([company("acme"), company("c"), company("acme"), company("b")])
            })
            const stored = await storedKeys(dataSource, Company)
            const expected = [...suffixed("acme", 4), ...suffixed("b", 2), "c", "other"]
            expect([...stored].sort()).to.eql(expected.sort())
        })

        it("get keys of their own where some of them roll back", async () => {
            const dataSource = await connect()
            const rows = Array.from({ length: WRITERS }, () => [company("acme"), company("acme")])
            const committed = await together(dataSource, async (manager, at) => {
                await manager.save(rows[at])
                if (at % 3 === 0) throw ROLLBACK
            })
            expect(committed).to.have.length(WRITERS - 11)
            const stored = await storedKeys(dataSource, Company)
            const shown = rows.flat().flatMap(({ slug }) => slug ?? [])
            expect(stored.sort()).to.eql(shown.sort())
            expect(new Set(stored)).to.have.property("size", committed.length * 2)
            for (const key of stored) expect(suffixed("acme", WRITERS * 2)).to.include(key)
        })
    },
    ({ parallel }) => parallel,
)

onEachDatabase("A bulk of two thousand rows with derived keys", (database) => {
    it("goes together with single rows of another connection", async () => {
        const dataSource = await database().connect([Company], { emptied: true, connections: 3 })
        const bulk = Array.from({ length: 2000 }, (_, i) => company(i % 2 ? "acme" : `acme ${i}`))
        let isDone = false
        const saving = dataSource
            .transaction((manager) => manager.save(bulk))
            .finally(() => {
                isDone = true
            })
        const singles: Company[] = []
        do singles.push(await dataSource.manager.save(company("acme")))
        while (!isDone)
        await saving
        singles.push(await dataSource.manager.save(company("acme")))
        const stored = await storedKeys(dataSource, Company)
        expect(stored).to.have.length(bulk.length + singles.length)
        expect(new Set(stored)).to.have.property("size", stored.length)
        expect([...bulk, ...singles].map(({ slug }) => slug).sort()).to.eql(stored.sort())
    })
})
