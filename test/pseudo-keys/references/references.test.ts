import { expect } from "chai"
import * as fc from "fast-check"
import type { DataSource, EntityManager, EntityTarget } from "typeorm"
import { findByPseudoKey, InvalidKeyError, openKey, sealKey } from "../../../src"
import { tableName } from "../../../src/typeorm/names"
import { describeOn, StatementLog } from "../../support/databases"
import { matrixServers, servers } from "../../support/servers"
import { isThorough } from "../../support/thoroughness"
import { refused } from "../history-entities"
import { seed } from "../matrix/check"
import { type Parent, type Row, type Variant, VARIANTS } from "./variants"

const PROGRAMS = Number(process.env.TEST_KEY_PROGRAMS ?? (isThorough ? 12 : 2))
/** Where a row may belong; the last one is nowhere. */
const PARENTS = [1, 2, 3].map((hall) => ({ hall, seat: 9 - hall }))

type Step =
    | {
          readonly kind: "insert"
          readonly to: number
          readonly of: number
          readonly by: "save" | "insert"
      }
    | { readonly kind: "move"; readonly row: number; readonly to: number; readonly by: Mover }
    | { readonly kind: "note"; readonly row: number; readonly by: "load" | "form" | "id" }
    | { readonly kind: "set"; readonly row: number; readonly to: number }
    | { readonly kind: "abolish"; readonly to: number; readonly by: "remove" | "delete" }
    | { readonly kind: "hide" | "show" | "remove"; readonly row: number }

type Mover = "load" | "id" | "column" | "update"

const row = fc.nat(7)
const to = fc.nat(PARENTS.length)
const of = <T>(...all: T[]) => fc.constantFrom(...all)
const insert = fc.record({ kind: of("insert"), to, of: fc.nat(1), by: of("save", "insert") })
const step = fc.oneof(
    { weight: 3, arbitrary: insert },
    {
        weight: 4,
        arbitrary: fc.record({
            kind: of("move"),
            row,
            to,
            by: of("load", "id", "column", "update"),
        }),
    },
    { weight: 3, arbitrary: fc.record({ kind: of("note"), row, by: of("load", "form", "id") }) },
    { weight: 2, arbitrary: fc.record({ kind: of("set"), row, to }) },
    { weight: 1, arbitrary: fc.record({ kind: of("abolish"), to, by: of("remove", "delete") }) },
    { weight: 2, arbitrary: fc.record({ kind: of("hide", "show", "remove"), row }) },
) as fc.Arbitrary<Step>
const program = fc
    .tuple(fc.tuple(insert, insert), fc.array(step, { minLength: 1, maxLength: 10, size: "max" }))
    .map(([first, rest]) => [...first, ...rest] as Step[])

/** Runs a program on the tables of a variant, where each row and the place that it belongs to are known. */
class Run {
    private readonly rows = new Map<number, { to: number; kind: number; isHidden: boolean }>()
    private notes = 0

    constructor(
        private readonly dataSource: DataSource,
        private readonly variant: Variant,
    ) {}

    private get manager(): EntityManager {
        return this.dataSource.manager
    }

    async run(steps: readonly Step[]): Promise<void> {
        const { parent, root } = this.variant
        for (const target of [root, parent])
            await this.manager.query(
                `DELETE FROM ${tableName(this.dataSource.getMetadata(target))}`,
            )
        await this.found(PARENTS)
        for (const step of steps) {
            await this.take(step)
            await this.expectKeys()
        }
    }

    private async found(parents: readonly { hall: number; seat: number }[]): Promise<void> {
        await this.manager.save(this.variant.parent, parents.map((one) => ({ ...one })) as never)
    }

    private async take(step: Step): Promise<void> {
        const { manager } = this
        const { parent, root, kinds } = this.variant
        if (step.kind === "insert") {
            const kind = step.of % kinds.length
            const target = kinds[kind]!
            const entity = this.create(target, { note: "n" }, step.to)
            if (step.by === "save") await manager.save(target, entity as never)
            else await manager.insert(target, entity as never)
            const { id, parentKey } = entity
            if (step.by === "save") expect(parentKey, "of a new row").to.equal(this.keyOf(step.to))
            this.rows.set(id, { to: step.to, kind, isHidden: false })
            return
        }
        if (step.kind === "abolish") {
            const at = PARENTS[step.to]
            if (!at) return
            if (step.by === "delete") await manager.delete(parent, at)
            else await manager.remove(parent, await manager.findOneByOrFail(parent, at))
            for (const one of this.rows.values()) if (one.to === step.to) one.to = PARENTS.length
            await this.found([at])
            return
        }
        const all = [...this.rows]
        const [id, known] = all[step.row % Math.max(all.length, 1)] ?? []
        if (id === undefined || !known) return
        const target = kinds[known.kind]!
        const loaded = () => manager.findOneOrFail(root, { where: { id }, withDeleted: true })
        const note = `n${++this.notes}`
        switch (step.kind) {
            case "move":
                await this.move(step, id, target)
                known.to = step.to
                return
            case "note": {
                const entity = await loaded()
                // All of it comes back, and so does what can't be set.
                const form = JSON.parse(JSON.stringify(entity)) as Row
                if (step.by === "load") await manager.save(root, Object.assign(entity, { note }))
                else if (step.by === "id") await manager.save(target, { id, note } as never)
                else await manager.save(target, { ...form, note } as never)
                return
            }
            case "set": {
                const key = this.keyOf(step.to)
                if (key === null || step.to === known.to) return
                const entity = await loaded()
                expect(() => (entity.parentKey = key)).to.throw(InvalidKeyError)
                const set = { id, note, parentKey: key }
                await refused(manager.save(target, set as never), InvalidKeyError)
                const copy = { ...set, id: undefined }
                await refused(manager.save(target, copy as never), InvalidKeyError)
                return
            }
            case "hide":
                known.isHidden = true
                await manager.softDelete(target, { id } as never)
                return
            case "show":
                known.isHidden = false
                await manager.recover(root, await loaded())
                return
            case "remove":
                this.rows.delete(id)
                await manager.remove(await loaded())
        }
    }

    private async move(
        { to, by }: { to: number; by: Mover },
        id: number,
        target: EntityTarget<Row>,
    ): Promise<void> {
        const { manager } = this
        const { root, load } = this.variant
        const set = this.belonging(to)
        if (by === "load") {
            const entity = await manager.findOneOrFail(root, { where: { id }, withDeleted: true })
            await manager.save(root, Object.assign(entity, set))
            expect(entity.parentKey, "of a moved row").to.equal(this.keyOf(to))
        } else if (by === "column" && load === "declared") {
            const { hall = null, seat = null } = PARENTS[to] ?? {}
            const ids = { parentHall: hall, ...(this.variant.isComposite && { parentSeat: seat }) }
            await manager.save(target, { id, ...ids } as never)
        } else if (by === "update" && load !== "lazy")
            await manager.update(target, { id } as never, set as never)
        else await manager.save(target, this.create(target, { id }, to) as never)
    }

    private create(target: EntityTarget<Row>, row: Partial<Row>, to: number): Row {
        // To a lazy relation is assigned.
        return Object.assign(this.manager.create(target, row as never) as Row, this.belonging(to))
    }

    private belonging(to: number): { parent: Row["parent"] } {
        const at = PARENTS[to]
        const parent = (at ? { ...at } : null) as Parent | null
        return { parent: this.variant.load === "lazy" ? Promise.resolve(parent) : parent }
    }

    private keyOf(to: number): string | null {
        return sealKey(this.dataSource, this.variant.parent, PARENTS[to])
    }

    /** By all ways to load them, each row shows the key of what it is related to in the table. */
    private async expectKeys(): Promise<void> {
        const { manager } = this
        const { parent, root, kinds, isComposite, load } = this.variant
        const stored = await manager.query<Record<string, unknown>[]>(
            `SELECT * FROM ${tableName(this.dataSource.getMetadata(root))} ORDER BY id`,
        )
        const expected = [...this.rows].map(([id, one]) => ({ id, ...one }))
        expect(stored.map(({ id, parentHall }) => [id, parentHall])).to.eql(
            expected.map(({ id, to }) => [id, PARENTS[to]?.hall ?? null]),
        )
        const expectShown = (
            rows: readonly Row[],
            way: string,
            isLoaded: (one: (typeof expected)[number]) => boolean = ({ isHidden }) => !isHidden,
        ) => {
            const shown = rows.map(({ id, parentKey }) => [id, parentKey])
            expect(shown, way).to.eql(
                expected.filter(isLoaded).map(({ id, to }) => [id, this.keyOf(to)]),
            )
        }
        const order = { id: "ASC" } as const
        const query = () => manager.createQueryBuilder(root, "r").orderBy("r.id")
        expectShown(await manager.find(root, { order }), "find")
        expectShown(await manager.find(root, { order, withDeleted: true }), "deleted", () => true)
        expectShown(await manager.find(root, { order, loadEagerRelations: false }), "not eager")
        expectShown(await manager.find(root, { order, relations: { parent: true } }), "joined")
        // TypeORM finds no rows by two columns with a query of their own.
        if (!isComposite)
            expectShown(
                await manager.find(root, {
                    order,
                    relations: { parent: true },
                    relationLoadStrategy: "query",
                }),
                "query of its own",
            )
        expectShown(await manager.find(root, { order, loadRelationIds: true }), "relation ids")
        expectShown(await manager.find(root, { order, select: { id: true } }), "selected")
        expectShown(await query().getMany(), "query")
        expectShown(await query().select(["r.id", "r.note"]).getMany(), "query, selected")
        expectShown(await query().leftJoinAndSelect("r.parent", "p").getMany(), "query, joined")
        if (kinds.length > 1)
            expectShown(
                await manager.find(kinds[0]!, { order }),
                "one class",
                ({ kind, isHidden }) => kind === 0 && !isHidden,
            )
        // As rows of a property that is no relation, which TypeORM does not announce.
        if (load === "declared") {
            const seats = isComposite ? " AND r.parentSeat = p.seat" : ""
            const mapped = await manager
                .createQueryBuilder(parent, "p")
                .leftJoinAndMapMany("p.rows", root as never, "r", `r.parentHall = p.hall${seats}`)
                .orderBy("p.hall")
                .addOrderBy("r.id")
                .getMany()
            for (const [at, one] of mapped.entries())
                expectShown(
                    (one as unknown as { rows: Row[] }).rows,
                    "mapped",
                    ({ to, isHidden }) => to === at && !isHidden,
                )
        }
        for (const [to, at] of PARENTS.entries()) {
            const key = this.keyOf(to)!
            expect(openKey(this.dataSource, parent, key)).to.eql(isComposite ? at : at.hall)
            expect(await findByPseudoKey(manager, parent, key)).to.include(at)
        }
    }
}

for (const [turn, server] of (isThorough ? servers : matrixServers).entries())
    describeOn(
        `Sealed references of random programs (TEST_SEED=${seed})`,
        server,
        (_, { lasting }) => {
            // Otherwise each table is on one of the databases, on another one with another seed.
            const here = [...VARIANTS.entries()].filter(
                ([at]) => isThorough || (at + seed + turn) % matrixServers.length === 0,
            )
            const log = new StatementLog()
            let dataSource: DataSource

            before(async () => {
                const entities = here.flatMap(([, variant]) => variant.entities)
                const logged = { logging: ["query"], logger: log } as const
                dataSource = await lasting().connect(entities as never, logged as never)
            })

            for (const [at, variant] of here)
                it(`show the keys of what the table says: ${variant.title}`, async () => {
                    await fc.assert(
                        fc.asyncProperty(program, (steps) =>
                            new Run(dataSource, variant).run(steps),
                        ),
                        { seed: (seed + at) % 2 ** 31, numRuns: PROGRAMS },
                    )
                })

            for (const [, { title, load, kinds }] of here)
                it(`take one query for all rows where nothing has the foreign keys: ${title}`, async () => {
                    const rows = dataSource.getRepository(kinds[0]!)
                    await rows.clear()
                    await rows.save(rows.create([{ note: "a" }, { note: "b" }, { note: "c" }]))
                    log.statements.length = 0
                    const loaded = await rows.find()
                    expect(loaded.map(({ parentKey }) => parentKey)).to.eql([null, null, null])
                    // What reading one would send comes in a later turn.
                    await new Promise((resolve) => setImmediate(resolve))
                    expect(log.statements).to.have.length(
                        load === "plain" || load === "lazy" ? 2 : 1,
                    )
                })
        },
    )
