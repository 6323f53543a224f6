import { expect } from "chai"
import { type DataSource, type EntityManager, In } from "typeorm"
import {
    KeyTakenError,
    regenerateKey,
    StaleSnapshotError,
    transactionWithRetry,
} from "../../../src"
import { describeOn } from "../../support/databases"
import { upTo } from "../../support/invoices"
import { matrixServers, servers } from "../../support/servers"
import { isThorough } from "../../support/thoroughness"
import { expectLeads } from "../history-entities"
import { OTHERS, type Row, TITLED } from "./styles"
import { type Variant, variantOf } from "./variants"

/** Half of them go in the other order, by fours. */
const WRITERS = isThorough ? 32 : 8
const DEADLOCKS: Record<string, unknown> = { MariaDB: "ER_LOCK_DEADLOCK" }
const PLAIN = { isSoftDeleted: false, family: "none", isSchema: false } as const
const STYLES = { number: TITLED, random: OTHERS["random suffixes"]! }
const VARIANTS = Object.entries(STYLES).flatMap(([suffix, style]) =>
    [false, true].flatMap((history) =>
        [false, true].map((isScoped) => ({
            suffix,
            variant: variantOf(suffix, style, { ...PLAIN, history, isScoped }),
        })),
    ),
)

for (const server of (isThorough ? servers : matrixServers).filter(({ can }) => can.parallel))
    describeOn(`${WRITERS} writers at once`, server, (_, { lasting }) => {
        let dataSource: DataSource

        before(async () => {
            const entities = VARIANTS.flatMap(({ variant }) => variant.entities)
            dataSource = await lasting().connect(entities as never, { connections: WRITERS })
        })

        const rowsOf = ({ root }: Variant) => dataSource.getRepository<Row>(root)

        /** `undone`: so many transactions were rolled back, whose keys others may have passed over. */
        async function expectSame(variant: Variant, suffix: string, undone: number): Promise<void> {
            const rows = await rowsOf(variant).find()
            const slugs = rows.map(({ slug }) => slug!)
            expect(new Set(slugs).size).to.equal(WRITERS)
            if (suffix === "random") {
                expect(slugs.filter((slug) => slug === "tea")).to.eql(["tea"])
                for (const slug of slugs) expect(slug).to.match(/^tea(-[0-9a-z]{6})?$/)
            } else {
                const keys = upTo(WRITERS + undone).map((n) => (n === 1 ? "tea" : `tea-${n}`))
                expect(keys).to.include.members(slugs)
            }
            await expectLeads(
                dataSource.manager,
                variant.root,
                Object.fromEntries(rows.map(({ id, slug }) => [slug, id])),
                variant.isScoped ? { where: { box: 1 } } : {},
            )
        }

        for (const { suffix, variant } of VARIANTS) {
            it(`of one title get each their own key, by save() and by regenerateKey(): ${variant.title}`, async () => {
                const rows = rowsOf(variant)
                let began = 0
                const saveBy = (manager: EntityManager) => {
                    began += 1
                    return manager.getRepository<Row>(variant.root).save({ title: "Tea", box: 1 })
                }
                // InnoDB lets a few deadlock of many who want one text at the same moment.
                const save = () =>
                    server.name in DEADLOCKS
                        ? transactionWithRetry(dataSource, saveBy, { attempts: 50 })
                        : saveBy(dataSource.manager)
                // One that is stored before: of those that come together none sees another's row.
                await save()
                await Promise.all(upTo(WRITERS - 1).map(save))
                await expectSame(variant, suffix, began - WRITERS)
                await rows.clear()
                began = 0

                const others = await rows.save(
                    upTo(WRITERS).map((n) => ({ title: "Tea", box: 1, slug: `set-${n}` })),
                )
                const made = await Promise.all(
                    others.map(({ id }) =>
                        // On MariaDB an UPDATE of a unique index may deadlock with another.
                        transactionWithRetry(
                            dataSource,
                            (manager) => {
                                began += 1
                                const row = rows.create({ id } as Row)
                                return regenerateKey<Row>(manager, variant.root, row)
                            },
                            { attempts: 50 },
                        ),
                    ),
                )
                await expectSame(variant, suffix, began - WRITERS)
                const stored = await rows.find({ order: { id: "ASC" } })
                expect(stored.map(({ slug }) => slug)).to.eql(made)
                if (variant.history)
                    await expectLeads(
                        dataSource.manager,
                        variant.root,
                        Object.fromEntries(others.map(({ id }, at) => [`set-${at + 1}`, id])),
                        variant.isScoped ? { where: { box: 1 } } : {},
                    )
            })

            it(`swap, insert and make keys again, each done or refused: ${variant.title}`, async () => {
                const rows = rowsOf(variant)
                await rows.clear()
                const stored = await rows.save(
                    ["a", "b", "c", "d"].map((slug) => ({ title: "Tea", box: 1, slug })),
                )
                const keys = ["a", "b", "c", "d"]
                const work =
                    (at: number) =>
                    (manager: EntityManager): Promise<unknown> => {
                        const own = manager.getRepository<Row>(variant.root)
                        if (at % 4 === 0) return own.save({ title: "Tea", box: 1 })
                        if (at % 4 === 1)
                            return regenerateKey<Row>(
                                manager,
                                variant.root,
                                own.create({ id: stored[at % 3]!.id } as Row),
                            )
                        // Two and two of them, in one order and in the other.
                        const pair = at % 8 < 4 ? [0, 1] : [1, 0]
                        const set = pair.map((one, i) => ({
                            id: stored[one]!.id,
                            slug: keys[pair[1 - i]!]!,
                        }))
                        return own.save(set)
                    }
                const results = await Promise.allSettled(
                    upTo(WRITERS).map((n) =>
                        transactionWithRetry<unknown>(dataSource, work(n), { attempts: 20 }),
                    ),
                )
                for (const result of results)
                    if (result.status === "rejected")
                        expect(result.reason).to.satisfy(
                            (error: unknown) =>
                                error instanceof KeyTakenError ||
                                error instanceof StaleSnapshotError,
                        )
                const now = await rows.find({ order: { id: "ASC" } })
                const slugs = now.map(({ slug }) => slug)
                expect(new Set(slugs).size).to.equal(slugs.length)
                expect(slugs).to.have.length(4 + WRITERS / 4)
                expect(slugs[3]).to.equal("d")
                // What a row has leads to it, and with a history each key to one of those that had it.
                await expectLeads(
                    dataSource.manager,
                    variant.root,
                    Object.fromEntries(now.map(({ id, slug }) => [slug, id])),
                    variant.isScoped ? { where: { box: 1 } } : {},
                )
            })
        }

        it("deadlock where they swap the keys of the same rows crosswise, and are done when repeated", async () => {
            for (const { variant } of [VARIANTS[0]!, VARIANTS[2]!]) {
                const rows = rowsOf(variant)
                await rows.clear()
                const ids = await fourRows(variant)
                const codes: unknown[] = []
                await Promise.all(
                    upTo(2).map((n) =>
                        transactionWithRetry(
                            dataSource,
                            async (manager) => {
                                const pairs = [ids.slice(0, 2), ids.slice(2)]
                                for (const pair of n % 2 === 0 ? pairs : pairs.reverse())
                                    await swap(manager, variant, pair).catch((error: unknown) => {
                                        codes.push((error as { code?: unknown }).code)
                                        throw error
                                    })
                            },
                            { attempts: 50 },
                        ),
                    ),
                )
                // The database ends some, which do their work again.
                for (const code of codes) expect(code).to.equal(DEADLOCKS[server.name] ?? "40P01")
                const stored = await rows.find({ order: { id: "ASC" } })
                expect(stored.map(({ slug }) => slug)).to.eql(["a", "b", "c", "d"])
                await expectLeads(
                    dataSource.manager,
                    variant.root,
                    Object.fromEntries(stored.map(({ id, slug }) => [slug, id])),
                    variant.isScoped ? { where: { box: 1 } } : {},
                )
            }
        })

        async function fourRows(variant: Variant): Promise<number[]> {
            const stored = await rowsOf(variant).save(
                ["a", "b", "c", "d"].map((slug) => ({ title: slug, box: 1, slug })),
            )
            return stored.map(({ id }) => id)
        }

        async function swap(
            manager: EntityManager,
            { root }: Variant,
            ids: readonly number[],
        ): Promise<void> {
            const rows = manager.getRepository<Row>(root)
            // Locked, so that nobody swaps what another has swapped meanwhile.
            const found = await rows.find({
                where: { id: In([...ids]) },
                lock: { mode: "pessimistic_write" },
                order: { id: "ASC" },
            })
            const [one, other] = found as [Row, Row]
            ;[one.slug, other.slug] = [other.slug, one.slug]
            await rows.save([one, other])
        }
    })
