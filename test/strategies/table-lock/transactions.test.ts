import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { InvalidOptionError, StaleSnapshotError, withTableLock } from "../../../src"
import { watchConnections } from "../../support/connections"
import { onEachDatabase } from "../../support/databases"
import { rejection, sqlState } from "../../support/errors"
import {
    Customer,
    customer,
    Invoice,
    invoiceEntities,
    storedNumbers,
    storedTickets,
    Ticket,
    upTo,
} from "../../support/invoices"

const save = async (manager: EntityManager | DataSource, rows = 1) =>
    (await manager.getRepository(Ticket).save(upTo(rows).map(() => ({})))).map(
        ({ number }) => number,
    )

/** Resolves when a connection to the server waits for a lock. */
async function someoneWaits(dataSource: DataSource): Promise<void> {
    const sql = `SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`
    for (;;) {
        const [row] = (await dataSource.query(sql)) as { n: number }[]
        if (row && row.n > 0) return
    }
}

onEachDatabase("Savepoints", (database) => {
    it("lock again what a rolled back savepoint has given up", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        const traffic = watchConnections(dataSource)
        await dataSource
            .transaction(async (outer) => {
                await rejection(
                    outer.transaction(async (inner) => {
                        await save(inner)
                        throw new Error("roll back")
                    }),
                )
                // Another writer comes in between, while nothing is locked.
                expect(await save(dataSource)).to.deep.equal([1])
                expect(await save(outer)).to.deep.equal([2])
                const blocked = save(dataSource)
                await someoneWaits(dataSource)
                expect(await save(outer)).to.deep.equal([3])
                return { blocked }
            })
            .then(async ({ blocked }) => expect(await blocked).to.deep.equal([4]))
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3, 4])
        // Two by the outer transaction, and one by each of the others.
        expect(traffic.statements.filter((sql) => sql.startsWith("LOCK"))).to.have.length(4)
    })

    it("lock again what a savepoint of plain SQL has given up", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        const traffic = watchConnections(dataSource)
        await dataSource.transaction(async (manager) => {
            await manager.query("SAVEPOINT mine")
            await save(manager)
            await manager.query("ROLLBACK TO SAVEPOINT mine")
            expect(await save(manager)).to.deep.equal([1])
        })
        expect(traffic.statements.filter((sql) => sql.startsWith("LOCK"))).to.have.length(2)
    })

    it("keep the lock when they are released", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        const traffic = watchConnections(dataSource)
        await dataSource.transaction(async (outer) => {
            await outer.transaction((inner) => save(inner))
            expect(await save(outer)).to.deep.equal([2])
        })
        expect(traffic.statements.filter((sql) => sql.startsWith("LOCK"))).to.have.length(1)
    })
})

onEachDatabase("Isolation levels", (database) => {
    /** Has another transaction take a number after this one has read. */
    const readThenSave = async (
        dataSource: DataSource,
        level: "READ UNCOMMITTED" | "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE",
        between: () => Promise<unknown> = () => save(dataSource, 5),
    ) =>
        dataSource.transaction(level, async (manager) => {
            await manager.getRepository(Customer).count()
            await between()
            return save(manager)
        })

    for (const level of ["READ UNCOMMITTED", "READ COMMITTED"] as const)
        it(`${level}: sees what was committed before the lock`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            expect(await readThenSave(dataSource, level)).to.deep.equal([6])
        })

    for (const level of ["REPEATABLE READ", "SERIALIZABLE"] as const) {
        it(`${level}: refuses a snapshot that is older than the lock`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            const error = await rejection(readThenSave(dataSource, level))
            expect(error).to.be.instanceOf(StaleSnapshotError)
            expect(error).to.include({ code: "STALE_SNAPSHOT" })
            expect(error.message).to.contain(
                `withTableLock(dataSource, Ticket, work, { isolationLevel: "${level}" })`,
            )
            expect(await storedTickets(dataSource)).to.deep.equal(upTo(5))
        })

        it(`${level}: refuses it where nothing else would, too`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            await save(dataSource, 5)
            // A number that was set by hand: to the old snapshot, 6 is the next number and free.
            const between = () => dataSource.getRepository(Ticket).save({ number: 100 })
            const error = await rejection(readThenSave(dataSource, level, between))
            expect(error).to.be.instanceOf(StaleSnapshotError)
            expect(await storedTickets(dataSource)).to.deep.equal([...upTo(5), 100])
        })

        it(`${level}: is right where the insert comes first`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            await dataSource
                .transaction(level, async (first) => {
                    await save(first)
                    const second = dataSource.transaction(level, async (manager) => [
                        ...(await save(manager)),
                        ...(await save(manager, 2)),
                    ])
                    await someoneWaits(dataSource)
                    return { second }
                })
                .then(async ({ second }) => expect(await second).to.deep.equal([2, 3, 4]))
        })

        it(`${level}: is right after settings, but not after settings and a SELECT`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            const after = (sql: string) =>
                dataSource.transaction(level, async (manager) => {
                    await manager.query(sql)
                    return save(manager)
                })
            expect(await after("SET LOCAL lock_timeout = '10s'")).to.deep.equal([1])
            expect(
                await rejection(after("SET LOCAL lock_timeout = '10s'; SELECT 1")),
            ).to.be.instanceOf(StaleSnapshotError)
        })

        it(`${level}: is right under withTableLock, after a rolled back savepoint as well`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            const work = async (manager: EntityManager) => {
                await manager.getRepository(Ticket).count()
                await rejection(
                    manager.transaction(async (inner) => {
                        await save(inner)
                        throw new Error("roll back")
                    }),
                )
                return save(manager)
            }
            const lock = () => withTableLock(dataSource, Ticket, work, { isolationLevel: level })
            const [first, second] = await Promise.all([lock(), lock()])
            expect([...first, ...second].sort()).to.deep.equal([1, 2])
        })

        it(`${level}: refuses the second of two tables, unless both were locked first`, async () => {
            const dataSource = await database().connect(invoiceEntities, { emptied: true })
            const ada = await customer(dataSource)
            const work = async (manager: EntityManager) => {
                await save(manager)
                await manager.getRepository(Invoice).save({ customer: { id: ada.id } })
            }
            expect(await rejection(dataSource.transaction(level, work))).to.be.instanceOf(
                StaleSnapshotError,
            )
            await withTableLock(dataSource, [Invoice, Ticket], work, { isolationLevel: level })
            expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1] })
            expect(await storedTickets(dataSource)).to.deep.equal([1])
        })

        it(`${level} as the default of the data source is seen as well`, async () => {
            const dataSource = await database().connect(invoiceEntities, {
                extra: {
                    max: 5,
                    options: `-c default_transaction_isolation=${level.toLowerCase().replace(" ", "\\ ")}`,
                },
            })
            const work = dataSource.transaction(async (manager) => {
                await manager.getRepository(Ticket).count()
                await save(manager)
            })
            expect(await rejection(work)).to.be.instanceOf(StaleSnapshotError)
            expect(await save(dataSource, 2)).to.deep.equal([1, 2])
        })
    }
})

onEachDatabase("Lock upgrade", (database) => {
    /** Two transactions that each update a row of their own, then insert one. */
    const updateThenSave = async (
        dataSource: DataSource,
        transaction: (work: (manager: EntityManager) => Promise<void>) => Promise<void>,
        betweenThem: () => Promise<unknown>,
    ) => {
        const work = (id: number) => async (manager: EntityManager) => {
            await manager.update(Ticket, { id }, { title: "changed" })
            await betweenThem()
            await save(manager)
        }
        const [one, two] = await dataSource.getRepository(Ticket).save([{}, {}])
        return Promise.allSettled([one, two].map((row) => transaction(work(row?.id ?? 0))))
    }

    it("deadlocks without withTableLock, as PostgreSQL reports it, and nothing is wrong after", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        let updated = 0
        let bothUpdated!: () => void
        const barrier = new Promise<void>((resolve) => (bothUpdated = resolve))
        const results = await updateThenSave(
            dataSource,
            (work) => dataSource.transaction(work),
            () => {
                if (++updated === 2) bothUpdated()
                return barrier
            },
        )
        const failed = results.filter((result) => result.status === "rejected")
        expect(failed).to.have.length(1)
        expect(await sqlState(Promise.reject(failed[0]?.reason as Error))).to.equal("40P01")
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3])
        expect(await save(dataSource)).to.deep.equal([4])
    })

    it("succeeds with withTableLock", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        const results = await updateThenSave(
            dataSource,
            (work) => withTableLock(dataSource, Ticket, work),
            () => Promise.resolve(),
        )
        expect(results.map(({ status }) => status)).to.deep.equal(["fulfilled", "fulfilled"])
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3, 4])
    })
})

onEachDatabase("withTableLock", (database) => {
    it("passes on what the work resolves to, and what it throws after a rollback", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        expect(await withTableLock(dataSource, Ticket, (manager) => save(manager))).to.deep.equal([
            1,
        ])
        const error = await rejection(
            withTableLock(dataSource, Ticket, async (manager) => {
                await save(manager)
                throw new Error("no")
            }),
        )
        expect(error.message).to.equal("no")
        expect(await storedTickets(dataSource)).to.deep.equal([1])
    })

    it("takes the locks of several entities in one order, whatever order they are named in", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        const traffic = watchConnections(dataSource)
        const nothing = () => Promise.resolve()
        await withTableLock(dataSource, [Ticket, Invoice], nothing)
        await withTableLock(dataSource, [Invoice, Ticket], nothing)
        const locks = traffic.statements.filter((sql) => sql.startsWith("LOCK"))
        expect(locks).to.have.length(2)
        expect(locks[0]).to.equal(locks[1])
    })

    it("refuses an empty list", async () => {
        const dataSource = await database().connect(invoiceEntities, { emptied: true })
        const error = await rejection(withTableLock(dataSource, [], () => Promise.resolve()))
        expect(error).to.be.instanceOf(InvalidOptionError)
    })
})
