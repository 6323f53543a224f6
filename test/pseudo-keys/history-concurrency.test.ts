import { expect } from "chai"
import type { DataSource, EntityManager, Repository } from "typeorm"
import {
    findByPseudoKey,
    KeyTakenError,
    regenerateKey,
    releaseKey,
    RowNotFoundError,
    transactionWithRetry,
} from "../../src"
import { type Capabilities, onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { isThorough } from "../support/thoroughness"
import { mustWait, sessionOf, Signal } from "../support/waiting"
import { changeRaw, expectLeads, historyOf, insertRaw, Page, refused } from "./history-entities"

type Isolation = "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"

/** A transaction that has done its work, and is open until it is told how to end. */
async function hold(
    dataSource: DataSource,
    work: (manager: EntityManager) => Promise<unknown>,
    isolation: Isolation = "READ COMMITTED",
) {
    const [done, end] = [new Signal(), new Signal()]
    const rollback = new Error("roll back")
    let isRolledBack = false
    const ended = dataSource.transaction(isolation, async (manager) => {
        await work(manager)
        done.send()
        await end.promise
        if (isRolledBack) throw rollback
    })
    await Promise.race([done.promise, ended])
    return {
        async commit() {
            end.send()
            await ended
        },
        async rollBack() {
            isRolledBack = true
            end.send()
            expect(await rejection(ended)).to.equal(rollback)
        },
    }
}

/** Expects the work to wait for another transaction; that one ends, and it comes to its own end. */
async function afterWaiting<Result>(
    dataSource: DataSource,
    work: (manager: EntityManager) => Promise<Result>,
    end: () => Promise<void>,
): Promise<PromiseSettledResult<Result>> {
    const begun = new Signal()
    let session = ""
    const ended = dataSource.transaction("READ COMMITTED", async (manager) => {
        session = await sessionOf(manager)
        begun.send()
        return work(manager)
    })
    await begun.promise
    expect(await mustWait(dataSource, session, ended)).to.equal(true)
    await end()
    const [result] = await Promise.allSettled([ended])
    return result
}

const insert = (slug: string) => (manager: EntityManager) =>
    manager.getRepository(Page).save({ title: "another", slug })

const change = async (pages: Repository<Page>, id: number, ...slugs: string[]) => {
    for (const slug of slugs) await pages.save({ id, slug })
}

const changeIn =
    (id: number, ...slugs: string[]) =>
    (manager: EntityManager) =>
        change(manager.getRepository(Page), id, ...slugs)

const ENDS = ["commit", "rollBack"] as const

/** InnoDB has deleted rows in its indexes for a time, for which those who come after them wait. */
const keepsTables = ({ tableLock }: Capabilities) => tableLock

const WRITERS = isThorough ? 12 : 6
const TURNS = isThorough ? 12 : 8
const STEPS = isThorough ? 150 : 60

onEveryDatabase(
    "Histories of pseudo keys of parallel transactions",
    (database) => {
        const again = () => ({ emptied: keepsTables(database().can) })

        async function connect(connections = 4) {
            const dataSource = await database().connect([Page], { connections, ...again() })
            const { manager } = dataSource
            const pages = manager.getRepository(Page)
            const [one, two] = await pages.save([{ title: "one" }, { title: "two" }])
            return { dataSource, manager, pages, one: one!.id, two: two!.id }
        }

        for (const end of ENDS) {
            const isKept = end === "commit"

            it(`keep the former key from a row inserted meanwhile, after a ${end}`, async () => {
                const { dataSource, manager, one } = await connect()
                const held = await hold(dataSource, changeIn(one, "y"))
                await refused(dataSource.transaction(insert("one")), KeyTakenError)
                await held[end]()
                await refused(dataSource.transaction(insert("one")), KeyTakenError)
                await expectLeads(manager, Page, { one, y: isKept ? one : null })
                expect(await manager.count(Page)).to.equal(2)
            })

            it(`let regenerateKey() wait for what becomes of a row that is being deleted, until the ${end}`, async () => {
                const { dataSource, pages, one } = await connect()
                const held = await hold(dataSource, (manager) => manager.delete(Page, one))
                const result = await afterWaiting(
                    dataSource,
                    (manager) => regenerateKey(manager, pages.create({ id: one })),
                    held[end],
                )
                if (isKept) expect(reasonOf(result)).to.be.instanceOf(RowNotFoundError)
                else expect(result).to.eql({ status: "fulfilled", value: "one" })
                expect(await pages.count()).to.equal(isKept ? 1 : 2)
            })

            it(`let an INSERT wait for a key that a row had in between, until the ${end}`, async () => {
                const { dataSource, manager, one, two } = await connect()
                const held = await hold(dataSource, changeIn(one, "x", "y"))
                const result = await afterWaiting(dataSource, insert("x"), held[end])
                if (isKept) {
                    await refused(Promise.reject(reasonOf(result)), KeyTakenError)
                    await expectLeads(manager, Page, { x: one, y: one, one, two })
                } else {
                    const [row] = await manager.find(Page, { where: { slug: "x" } })
                    await expectLeads(manager, Page, { x: row?.id, y: null, one, two })
                }
                expect(await manager.count(Page)).to.equal(isKept ? 2 : 3)
            })

            it(`let a change wait for another's key, until the ${end}`, async () => {
                const { dataSource, manager, one, two } = await connect()
                for (const [at, work] of [changeIn(one, "k0"), insert("k1")].entries()) {
                    const key = `k${at}`
                    const held = await hold(dataSource, work)
                    const result = await afterWaiting(dataSource, changeIn(two, key), held[end])
                    if (isKept) await refused(Promise.reject(reasonOf(result)), KeyTakenError)
                    const owner = await manager.findOneBy(Page, { slug: key })
                    if (isKept) expect(owner?.id).to.not.equal(two)
                    else expect(owner?.id).to.equal(two)
                    await expectLeads(manager, Page, { [key]: owner?.id, one, two })
                }
            })

            it(`release no key that its row takes again, unless there is no ${end}`, async () => {
                for (const isRaw of [false, true]) {
                    const { dataSource, manager, pages, one } = await connect()
                    if (isRaw) await changeRaw(pages, "slug", "one", "x")
                    else await change(pages, one, "x")
                    const held = await hold(dataSource, changeIn(one, "one"))
                    const release = (inner: EntityManager) => releaseKey(inner, Page, "one")
                    const result = await afterWaiting(dataSource, release, held[end])
                    if (isKept) {
                        await refused(Promise.reject(reasonOf(result)), KeyTakenError)
                        await expectLeads(manager, Page, { one })
                    } else {
                        expect(result).to.include({ status: "fulfilled", value: true })
                        await expectLeads(manager, Page, { one: null, x: one })
                    }
                }
            })

            it(`retire the key that a row was given since it was loaded, after a ${end}`, async () => {
                const { dataSource, manager, one } = await connect()
                const held = await hold(dataSource, changeIn(one, "x"))
                const result = await afterWaiting(dataSource, changeIn(one, "y"), held[end])
                expect(result.status).to.equal("fulfilled")
                await expectLeads(manager, Page, { one, y: one, x: isKept ? one : null })
                const { x } = await historyOf(manager)
                expect(x?.isRetired).to.equal(isKept ? true : undefined)
            })

            it(`let derive go round a key that a row is changed to, though there is a ${end}`, async () => {
                const { dataSource, manager, one } = await connect()
                const held = await hold(dataSource, changeIn(one, "acme"))
                const [session, begun] = [{ name: "" }, new Signal()]
                const inserted = dataSource.transaction(async (inner) => {
                    session.name = await sessionOf(inner)
                    begun.send()
                    return inner.getRepository(Page).save({ title: "acme" })
                })
                inserted.catch(() => {})
                await begun.promise
                await mustWait(dataSource, session.name, inserted)
                await held[end]()
                const { id, slug } = await inserted
                if (isKept) expect(slug).to.equal("acme-2")
                await expectLeads(manager, Page, {
                    acme: null,
                    ...(isKept && { acme: one }),
                    [slug]: id,
                    one,
                })
            })
        }

        it("release no key that its row took again since the snapshot", async () => {
            const { dataSource, manager, pages, one } = await connect()
            await change(pages, one, "x")
            const attempt = dataSource.transaction("REPEATABLE READ", async (inner) => {
                await inner.find(Page)
                await change(pages, one, "one")
                await releaseKey(inner, Page, "one")
            })
            const error = await rejection(attempt)
            expect((error as { code?: unknown }).code).to.be.oneOf(["KEY_TAKEN", "40001"])
            await expectLeads(manager, Page, { one, x: one })
        })

        it("leave a row its key, or give one another, where it was taken and retired since the snapshot", async () => {
            const { dataSource, manager, pages } = await connect()
            const [first, own] = await pages.save([{ title: "tea" }, { title: "tea" }])
            await pages.remove(first!)
            const owners = new Map<string, number>()
            /** Somebody has had, meanwhile, what `work` finds free. */
            const beside = async (
                title: string,
                work: (inner: EntityManager) => Promise<unknown>,
            ) =>
                transactionWithRetry(
                    dataSource,
                    async (inner) => {
                        await inner.find(Page)
                        if (!owners.has(title)) {
                            const { id } = await pages.save({ title })
                            owners.set(title, id)
                            await change(pages, id, `no-${title}`)
                        }
                        return work(inner)
                    },
                    { isolationLevel: "REPEATABLE READ" },
                )
            expect(await beside("tea", (inner) => regenerateKey(inner, Page, own!))).to.equal(
                "tea-2",
            )
            const page = await beside("milk", (inner) => inner.save(Page, { title: "milk" }))
            await expectLeads(manager, Page, {
                tea: owners.get("tea")!,
                "tea-2": own!.id,
                milk: owners.get("milk")!,
                "milk-2": (page as Page).id,
            })
            const stored = await pages.findOneByOrFail({ id: own!.id })
            expect(stored.slug).to.equal("tea-2")
        })

        it("don't commit a row whose key is another's, though the error is caught", async () => {
            const { dataSource, manager, one, two } = await connect()
            const held = await hold(dataSource, changeIn(one, "x", "y"))
            const work = async (inner: EntityManager) => {
                await refused(insert("x")(inner), KeyTakenError)
                await inner.save(Page, { id: two, title: "changed" })
            }
            const result = await afterWaiting(dataSource, work, held.commit)
            await refused(Promise.reject(reasonOf(result)), KeyTakenError)
            await expectLeads(manager, Page, { x: one, y: one, one, two })
            const rows = await manager.find(Page, { order: { id: "ASC" } })
            expect(rows.map(({ title }) => title)).to.eql(["one", "two"])
        })

        it("commit what is left of a change that was refused and caught", async () => {
            const { dataSource, manager, pages, one, two } = await connect()
            await change(pages, one, "x")
            await dataSource.transaction(async (inner) => {
                const own = inner.getRepository(Page)
                await refused(change(own, two, "one"), KeyTakenError)
                await refused(change(own, two, "x"), KeyTakenError)
                await own.save({ id: two, title: "changed" })
                await change(own, two, "z")
            })
            await expectLeads(manager, Page, { x: one, one, two, z: two })
        })

        for (const isRaw of [false, true]) {
            const rows = isRaw ? "rows of raw SQL" : "rows"

            it(`let one of 8 ${rows} have a key that all want`, async () => {
                const { manager, pages } = await connect(8)
                const names = upTo(8).map((n) => `n${n}`)
                if (isRaw) for (const slug of names) await insertRaw(pages, { title: slug, slug })
                else await pages.save(names.map((title) => ({ title })))
                const ids = new Map((await pages.find()).map(({ id, slug }) => [slug, id]))
                const results = await Promise.allSettled(
                    names.map((name) => pages.save({ id: ids.get(name)!, slug: "same" })),
                )
                const won = results.flatMap((one) => (one.status === "fulfilled" ? one.value : []))
                expect(won).to.have.length(1)
                for (const result of results)
                    if (result.status === "rejected")
                        await refused(Promise.reject(reasonOf(result)), KeyTakenError)
                await expectLeads(manager, Page, {
                    ...Object.fromEntries(names.map((name) => [name, ids.get(name)])),
                    same: won[0]?.id,
                })
                const left = await pages.find()
                expect(left.filter(({ slug }) => slug === "same").map(({ id }) => id)).to.eql([
                    won[0]?.id,
                ])
                expect(left.filter(({ slug }) => names.includes(slug))).to.have.length(7)
            })

            it(`refuse two ${rows} that swap their keys, and change nothing`, async () => {
                const { manager, pages } = await connect()
                await insertRaw(pages, { title: "a", slug: "raw-a" })
                await insertRaw(pages, { title: "b", slug: "raw-b" })
                const [x, y] = isRaw ? ["raw-a", "raw-b"] : ["one", "two"]
                const { id: one } = await pages.findOneByOrFail({ slug: x })
                const { id: two } = await pages.findOneByOrFail({ slug: y })
                for (let round = 0; round < 5; round += 1) {
                    const results = await Promise.allSettled([
                        change(pages, one, y!),
                        change(pages, two, x!),
                    ])
                    expect(results.map(({ status }) => status)).to.eql(["rejected", "rejected"])
                    await expectLeads(manager, Page, { [x!]: one, [y!]: two })
                }
                await change(pages, one, "free")
                await refused(change(pages, two, x!), KeyTakenError)
                await change(pages, one, x!)
                await expectLeads(manager, Page, { [x!]: one, [y!]: two, free: one })
            })
        }

        it(`give each key to one row for good, whatever ${WRITERS} writers try`, async () => {
            const { manager, pages } = await connect(WRITERS)
            const rows = await pages.save(upTo(6).map((n) => ({ title: `row${n}` })))
            const ids = rows.map(({ id }) => id)
            const keys = upTo(8).map((n) => `k${n}`)
            const had: { key: string; id: number }[] = []
            await Promise.all(
                upTo(WRITERS).map(async (writer) => {
                    for (let step = 0; step < TURNS; step += 1) {
                        const id = ids[(writer * 5 + step * 7) % ids.length]!
                        const key = keys[(writer * 3 + step * step) % keys.length]!
                        const [result] = await Promise.allSettled([change(pages, id, key)])
                        if (result.status === "fulfilled") had.push({ key, id })
                        else if (!isDeadlock(reasonOf(result)))
                            await refused(Promise.reject(reasonOf(result)), KeyTakenError)
                    }
                }),
            )
            const owners = Object.fromEntries(had.map(({ key, id }) => [key, id]))
            expect(had.filter(({ key, id }) => owners[key] !== id)).to.eql([])
            await expectLeads(manager, Page, owners)
            const history = await historyOf(manager)
            for (const { id, slug } of await pages.find())
                expect(history[slug]).to.eql({ owner: [String(id)], isRetired: false })
            const current = Object.values(history).filter(({ isRetired }) => !isRetired)
            expect(current).to.have.length(8)
        })
    },
    ({ parallel }) => parallel,
)

onEveryDatabase(
    "Histories of pseudo keys of transactions with an old snapshot",
    (database) => {
        interface Meanwhile {
            /** The key of a row that is there before; undefined where there is none. */
            readonly before?: string
            /** The keys that the row has one after the other, after the snapshot. */
            readonly after: readonly string[]
        }
        const cases: Record<string, (key: string) => Meanwhile> = {
            "a row that had the key": (key) => ({ before: key, after: [`${key}-y`] }),
            "a row that had it in between": (key) => ({
                before: `${key}-w`,
                after: [key, `${key}-y`],
            }),
            "a new row that had it": (key) => ({ after: [key, `${key}-y`] }),
            "a row that takes it back": (key) => ({ before: key, after: [`${key}-y`, key] }),
        }
        const works = {
            insert: (key: string) => insert(key),
            change: (key: string, id: number) => changeIn(id, key),
        }

        it("are refused where the row got another key meanwhile, and complete when it is repeated", async () => {
            const dataSource = await database().connect([Page], { connections: 3 })
            const { manager } = dataSource
            const pages = manager.getRepository(Page)
            const { id } = await pages.save({ title: "one" })
            const refusals: unknown[] = []
            let attempts = 0
            await transactionWithRetry(
                dataSource,
                async (inner) => {
                    await inner.findOneByOrFail(Page, { id })
                    if (++attempts === 1) await pages.save({ id, slug: "two" })
                    await changeIn(
                        id,
                        "three",
                    )(inner).catch((error: unknown) => {
                        refusals.push(Object(error).code)
                        throw error
                    })
                },
                { isolationLevel: "REPEATABLE READ" },
            )
            expect(refusals).to.have.length(1)
            expect(refusals[0]).to.be.oneOf(["STALE_SNAPSHOT", "40001"])
            await expectLeads(manager, Page, { one: id, two: id, three: id })
            await change(pages, id, "one", "four")
            await expectLeads(manager, Page, { one: id, two: id, three: id, four: id })
            expect((await historyOf(manager)).four).to.include({ isRetired: false })
        })

        for (const [name, meanwhile] of Object.entries(cases))
            for (const level of ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] as const)
                it(`leave its keys to ${name}, at ${level}`, async function () {
                    // Reads of InnoDB lock there, so that nothing happens meanwhile.
                    if (level === "SERIALIZABLE" && database().kind === "mariadb") this.skip()
                    const emptied = keepsTables(database().can)
                    const dataSource = await database().connect([Page], { connections: 4, emptied })
                    const { manager } = dataSource
                    const pages = manager.getRepository(Page)
                    const { id: two } = await pages.save({ title: "two" })
                    const owners: Record<string, number> = { two }
                    for (const [at, work] of Object.values(works).entries())
                        for (const isCaught of [false, true]) {
                            const key = `k${at}${String(isCaught)}`
                            const { before, after } = meanwhile(key)
                            let row = before && (await pages.save({ title: "x", slug: before }))
                            const attempt = dataSource.transaction(level, async (inner) => {
                                await inner.find(Page)
                                for (const slug of after)
                                    row = await pages.save({ title: "x", ...(row || {}), slug })
                                const attempted = work(key, two)(inner)
                                const error = await rejection(attempted)
                                if (!isCaught || !(error instanceof KeyTakenError)) throw error
                            })
                            const [result] = await Promise.allSettled([attempt])
                            // What was caught before it has written anything may be committed.
                            if (!isCaught) {
                                const error = reasonOf(result)
                                const { code } = Object(error) as { code?: unknown }
                                expect(code).to.be.oneOf(["KEY_TAKEN", "40001"])
                            }
                            owners[key] = (row as Page).id
                        }
                    await expectLeads(manager, Page, owners)
                    expect(await pages.findOneByOrFail({ id: two })).to.include({ slug: "two" })
                    expect(await pages.count()).to.equal(5)
                })
    },
    ({ parallel }) => parallel,
)

/** What rows have and had, as it should be. */
class Model {
    readonly rows = new Map<number, { current: string; had: Set<string> }>()

    ownerOf(key: string): number | null {
        for (const [id, { had }] of this.rows) if (had.has(key)) return id
        return null
    }

    /** Whether the row may have the key. */
    allows(id: number | undefined, key: string): boolean {
        return [null, id].includes(this.ownerOf(key))
    }

    set(id: number, key: string): void {
        const had = this.rows.get(id)?.had ?? new Set()
        this.rows.set(id, { current: key, had: had.add(key) })
    }

    copy(): Model {
        const copy = new Model()
        for (const [id, { current, had }] of this.rows)
            copy.rows.set(id, { current, had: new Set(had) })
        return copy
    }
}

const KEYS = ["a", "b", "c", "d", "a-2", "b-2"]

/** Steps of every kind over a few keys, of which many are refused. */
class RandomWalk {
    model = new Model()
    done: Record<string, number> = {}

    constructor(private seed: number) {}

    async step(dataSource: DataSource): Promise<void> {
        const before = this.model
        this.model = before.copy()
        const isRolledBack = this.below(4) === 0
        const rollback = new Error("roll back")
        const attempt = dataSource.transaction(async (manager) => {
            for (let left = this.below(3); left >= 0; left -= 1) await this.act(manager)
            if (isRolledBack) throw rollback
        })
        if (!isRolledBack) return attempt
        expect(await rejection(attempt)).to.equal(rollback)
        this.model = before
    }

    private async act(manager: EntityManager): Promise<void> {
        const pages = manager.getRepository(Page)
        const key = KEYS[this.below(KEYS.length)]!
        const id = [...this.model.rows.keys()][this.below(this.model.rows.size)]
        const kind = this.below(8)
        if (id === undefined || kind === 0) {
            this.count("derive")
            const title = KEYS[this.below(4)]!
            const row = await pages.save({ title })
            const wanted = [title, ...upTo(9).map((n) => `${title}-${n + 1}`)]
            expect(row.slug).to.equal(wanted.find((one) => this.model.allows(undefined, one)))
            this.model.set(row.id, row.slug)
        } else if (kind === 1) {
            if (this.model.allows(undefined, key)) {
                this.count("insert")
                this.model.set((await pages.save({ title: "x", slug: key })).id, key)
            } else {
                this.count("refused insert")
                await refused(pages.save({ title: "x", slug: key }), KeyTakenError)
            }
        } else if (kind <= 5) {
            if (this.model.allows(id, key)) {
                this.count(this.model.ownerOf(key) === id ? "take back" : "change")
                await pages.save({ id, slug: key })
                this.model.set(id, key)
            } else {
                this.count("refused change")
                await refused(pages.save({ id, slug: key }), KeyTakenError)
            }
        } else {
            this.count("delete")
            if (kind === 6) await pages.remove(await pages.findOneByOrFail({ id }))
            else await pages.delete({ id })
            this.model.rows.delete(id)
        }
    }

    private count(kind: string): void {
        this.done[kind] = (this.done[kind] ?? 0) + 1
    }

    private below(limit: number): number {
        this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fffffff
        return Math.floor((this.seed / 0x80000000) * limit)
    }
}

onEveryDatabase(
    "A random walk over the keys of rows",
    (database) => {
        it("leaves each key where a simple model has it, after each step", async () => {
            const dataSource = await database().connect([Page])
            const { manager } = dataSource
            const walk = new RandomWalk(2026)
            for (let step = 1; step <= STEPS; step += 1) {
                await walk.step(dataSource)
                const { model } = walk
                const found: Record<string, unknown> = {}
                for (const key of KEYS)
                    found[key] = (await findByPseudoKey(manager, Page, key))?.id ?? null
                const expected = Object.fromEntries(KEYS.map((key) => [key, model.ownerOf(key)]))
                expect(found, `after step ${step}`).to.eql(expected)
                const rows = await manager.find(Page)
                expect(Object.fromEntries(rows.map(({ id, slug }) => [id, slug]))).to.eql(
                    Object.fromEntries([...model.rows].map(([id, { current }]) => [id, current])),
                )
            }
            for (const kind of [
                "derive",
                "insert",
                "refused insert",
                "change",
                "take back",
                "delete",
            ])
                expect(walk.done[kind], kind).to.be.greaterThan(STEPS / 15)
        })
    },
    ({ parallel, tableLock, upsertKeys }) => tableLock && (parallel || !upsertKeys),
)

function reasonOf(result: PromiseSettledResult<unknown>): Error {
    expect(result.status).to.equal("rejected")
    return (result as PromiseRejectedResult).reason as Error
}

/** InnoDB locks gaps between the keys of different rows. */
function isDeadlock(error: Error): boolean {
    return (error as Error & { errno?: number }).errno === 1213
}
