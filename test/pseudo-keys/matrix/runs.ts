import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { InvalidOptionError, KeyTakenError, regenerateKey, releaseKey } from "../../../src"
import { KEY_ENTITY } from "../../../src/declared/own-tables"
import { tableName } from "../../../src/typeorm/names"
import { expectLookUps, expectTable, storedKeys } from "./look-ups"
import { Model, type ModelRow, type Wanting, type Wish } from "./model"
import type { Plan, Program, Step } from "./programs"
import { type Row, TITLES } from "./styles"
import { inBox, type Variant, whereBox } from "./variants"

const GIVEN_UP = new Error("given up")
type ErrorClass = abstract new (...args: never[]) => Error

/** One call, what it has to be refused with, and what it makes of the model. */
interface Call {
    send(manager: EntityManager): Promise<unknown>
    readonly refused?: readonly (ErrorClass | undefined)[]
    settle?(result: unknown, keyOf: (id: number) => string | null): void
}

/** Runs programs on one table, each beside the model. */
export class Runs {
    model: Model
    private codes = 0

    constructor(
        private readonly dataSource: DataSource,
        readonly variant: Variant,
    ) {
        this.model = this.emptyModel()
    }

    async run(program: Program): Promise<void> {
        await this.empty()
        await this.goOn(program)
    }

    /** The same with the rows that are there. */
    async goOn(program: Program): Promise<void> {
        const { manager } = this.dataSource
        for (const step of program) await this.step(manager, step)
        await expectLookUps(manager, this.model)
    }

    emptyModel(): Model {
        const { root, kinds, family } = this.variant
        const metadata = this.dataSource.getMetadata(family === "child" ? kinds[0]! : root)
        const column = metadata.findColumnWithPropertyName("slug")
        return new Model(this.variant, column?.isNullable ?? false)
    }

    /** Takes the rows that are there for the beginning; of what they had before nothing is known. */
    async adopt(): Promise<void> {
        this.model = this.emptyModel()
        for (const [id, box, title, key, isDeleted] of await storedKeys(
            this.dataSource.manager,
            this.model,
        ))
            this.model.add({ id, box, title, key, isDeleted, kind: 0 } as ModelRow)
    }

    private async empty(): Promise<void> {
        const { manager } = this.dataSource
        const { root, history } = this.variant
        const table = tableName(this.dataSource.getMetadata(root))
        await manager.query(`DELETE FROM ${table}`)
        const kept = tableName(this.dataSource.getMetadata(KEY_ENTITY))
        if (history) await manager.query(`DELETE FROM ${kept}`)
        this.model = this.emptyModel()
    }

    private async step(manager: EntityManager, step: Step, isInner = false): Promise<void> {
        if (step.kind === "transaction") return this.transaction(manager, step)
        const call = this.callOf(step, isInner)
        if (!call) return
        // A statement that the database refuses would end the transaction on PostgreSQL.
        const refusals = call.refused?.flatMap((one) => one ?? []) ?? []
        const isRefused = refusals.length > 0
        const sent =
            isRefused && isInner ? manager.transaction((m) => call.send(m)) : call.send(manager)
        const error = await sent.then(
            () => undefined,
            (reason: unknown) => reason as Error,
        )
        if (error && !isRefused) throw error
        if (isRefused && !refusals.some((one) => error instanceof one)) {
            const names = refusals.map(({ name }) => name).join(" or ")
            throw new Error(`Not ${names}, but ${String(error ?? "done")}`, { cause: error })
        }
        if (!error && call.settle) {
            const stored = await storedKeys(manager, this.model)
            const keys = new Map(stored.map(([id, , , key]) => [id, key as string | null]))
            call.settle(await sent, (id) => keys.get(id) ?? null)
        }
        await expectTable(manager, this.model)
    }

    private async transaction(
        manager: EntityManager,
        { steps, end }: Extract<Step, { kind: "transaction" }>,
    ): Promise<void> {
        const before = this.model.clone()
        const done = manager.transaction(async (inner) => {
            for (const step of steps) await this.step(inner, step, true)
            if (end === "throw") throw GIVEN_UP
        })
        if (end === "commit") return done
        const error = await done.catch((reason: unknown) => reason)
        if (error !== GIVEN_UP) throw error
        for (const key of this.model.seen) before.seen.add(key)
        for (const key of this.model.refused) before.refused.add(key)
        this.model = before
        await expectTable(manager, this.model)
    }

    private callOf(
        step: Exclude<Step, { kind: "transaction" }>,
        isInner: boolean,
    ): Call | undefined {
        switch (step.kind) {
            case "insert":
                return this.insert(step, isInner)
            case "change":
                return this.change(step)
            case "ask":
                return this.ask(step)
            case "release":
                return this.release(step)
            case "pass":
                return this.pass(step)
            case "hide":
            case "show":
                return this.hide(step)
            case "delete":
                return this.delete(step)
            case "fail":
                return this.fail(step)
        }
    }

    private insert(step: Extract<Step, { kind: "insert" }>, isInner: boolean): Call {
        const { model, variant } = this
        const kind = step.of % variant.kinds.length
        const isKeyed = model.isKeyed({ kind })
        const plans = step.rows.map((plan) => this.newRow(plan, isKeyed))
        const refused = isKeyed ? this.refusalsOfNew(plans) : []
        if (refused.length > 0) for (const { key } of plans) if (key) model.refused.add(key)
        const target = variant.kinds[kind]!
        // What keeps a history needs a transaction, which insert() does not open.
        const by = step.by === "insert" && (!variant.history || isInner) ? "insert" : "save"
        const rows = plans.map(({ title, box, key }) => ({
            ...{ title, ...inBox(variant, box) },
            ...(key && { slug: key }),
        }))
        return {
            refused,
            async send(manager) {
                const entities = manager.create(target, rows as never) as unknown as Row[]
                if (by === "save") await manager.save(target, entities as never)
                else await manager.insert(target, entities as never)
                return entities
            },
            settle: (result, keyOf) => {
                const entities = result as Row[]
                const before = model.clone()
                // Those that are set go before, and then those that are as their titles say.
                for (const [at, { id }] of entities.entries()) {
                    const plan = plans[at]!
                    const key = keyOf(id)
                    if (plan.key) expect(key).to.equal(plan.key)
                    if (isKeyed) expect(entities[at]!.slug ?? null, "on the entity").to.equal(key)
                    if (!plan.key && isKeyed && plans.length === 1) expectKey(model.wish(plan), key)
                    model.add({ ...{ id, kind, isDeleted: false, key }, ...pick(plan) })
                }
                if (isKeyed && plans.length > 1) this.expectTogether(before, entities, plans, keyOf)
            },
        }
    }

    /** Rows of one call get their keys in any order. */
    private expectTogether(
        before: Model,
        entities: readonly Row[],
        plans: readonly (Wanting & { key?: string })[],
        keyOf: (id: number) => string | null,
    ): void {
        let left = entities.flatMap(({ id }, at) =>
            plans[at]!.key ? [] : { id, plan: plans[at]! },
        )
        for (const [at, { id }] of entities.entries())
            if (plans[at]!.key) before.add({ ...blank, ...pick(plans[at]!), id, key: keyOf(id) })
        while (left.length > 0) {
            const next = left.find(({ id, plan }) => fits(before.wish(plan), keyOf(id)))
            if (!next)
                throw new Error(
                    `One of these has another key: ${left
                        .map(({ id, plan }) => `${textOf(before.wish(plan))}, not ${keyOf(id)}`)
                        .join("; ")}`,
                )
            before.add({ ...blank, ...pick(next.plan), id: next.id, key: keyOf(next.id) })
            left = left.filter((one) => one !== next)
        }
    }

    private refusalsOfNew(plans: readonly (Wanting & { key?: string })[]): ErrorClass[] {
        const copy = this.model.clone()
        const refusals: ErrorClass[] = []
        for (const [at, plan] of plans.entries()) {
            if (!plan.key) continue
            const refusal = copy.refusalOf(plan.box, plan.key)
            if (refusal) refusals.push(refusal)
            else copy.add({ ...blank, ...pick(plan), id: -at - 1, key: plan.key })
        }
        for (const [at, plan] of plans.entries()) {
            if (plan.key) continue
            const wish = copy.wish(plan)
            if ("refused" in wish) refusals.push(wish.refused)
            if ("exact" in wish)
                copy.add({ ...blank, ...pick(plan), id: -100 - at, key: wish.exact })
        }
        return refusals
    }

    private change(step: Extract<Step, { kind: "change" }>): Call | undefined {
        const row = this.pick([...this.model.rows.values()], step.row)
        if (!row) return undefined
        const { model } = this
        const isKeyed = model.isKeyed(row)
        const title = step.title === undefined ? undefined : TITLES[step.title]
        const given = isKeyed && step.key !== undefined ? this.keyAt(step.key) : undefined
        // What is the row's already is not set, nor what it shows when it is loaded.
        const shown = step.isLoaded ? (row.key ?? model.shownBy(row)) : row.key
        const key = given === shown ? undefined : given
        const { box } = step
        const next = { id: row.id, box: box ?? row.box, title: title ?? row.title }
        const made = isKeyed && key === undefined ? this.madeByChange(row, next) : undefined
        const wish: Wish = made ?? { exact: key ?? row.key }
        return {
            refused: [
                isKeyed && key !== undefined ? model.refusalOf(next.box, key, row.id) : undefined,
                "refused" in wish ? wish.refused : undefined,
                made ? undefined : this.refusalOfMove(row, next, wish),
            ],
            send: (manager) =>
                this.save(manager, row, step.isLoaded, {
                    ...(title !== undefined && { title }),
                    ...(box !== undefined && inBox(this.variant, box)),
                    ...(given !== undefined && { slug: given }),
                }),
            settle: (_, keyOf) => {
                expectKey(wish, keyOf(row.id))
                row.title = next.title
                if (next.box !== row.box) model.move(row, next.box)
                model.give([{ row, text: keyOf(row.id) }])
            },
        }
    }

    /** What a row gets that is changed without its key; undefined where that stays. */
    private madeByChange(row: ModelRow, next: Wanting): Wish | undefined {
        const { model, variant } = this
        const { style } = variant
        const isMoved = variant.isScoped && next.box !== row.box
        if (style.follows && isMoved) return model.wish(next)
        const [before, after] = [model.textsOf(row), model.textsOf(next)]
        const isSame = JSON.stringify(before) === JSON.stringify(after)
        const mayMake = style.follows || (before === null && row.key === null)
        return isSame || !mayMake ? undefined : model.wish(next)
    }

    private refusalOfMove(row: ModelRow, next: Wanting, wish: Wish): ErrorClass | undefined {
        const text = "exact" in wish ? wish.exact : null
        const { model } = this
        if (!this.variant.isScoped || next.box === row.box) return undefined
        const isTaken = text !== null && !model.isFree(next.box, text, row.id)
        return isTaken ? KeyTakenError : model.refusalOfMove(row, next.box, text)
    }

    private ask(step: Extract<Step, { kind: "ask" }>): Call | undefined {
        const { model, variant } = this
        const row = this.pick(model.keyed, step.row)
        if (!row) return undefined
        const isByName = step.by === "name"
        const title = step.title === undefined || isByName ? row.title : TITLES[step.title]!
        const isTakenOff = step.by === "null" && model.isNullable
        const hasDerived = variant.style.options.derive !== undefined
        const next = { id: row.id, box: row.box, title }
        // Others than derived ones shall be new.
        const wish: Wish = isTakenOff
            ? // Where there is none it is as if nothing were said of it.
              (row.key === null && this.madeByChange(row, next)) || { exact: null }
            : model.wish(hasDerived ? next : { ...next, id: undefined })
        return {
            refused: "refused" in wish ? [wish.refused] : [],
            send: async (manager) => {
                const slug = step.by === "null" ? null : ""
                if (!isByName) return this.save(manager, row, false, { title, slug })
                const target = variant.kinds[row.kind]!
                const entity = manager.create(target, { id: row.id } as never) as unknown as Row
                const made = await regenerateKey<Row>(manager, target, entity)
                expect(entity.slug).to.equal(made)
                return entity
            },
            settle: (result, keyOf) => {
                const key = keyOf(row.id)
                expectKey(wish, key)
                if (!isTakenOff) expect((result as Row).slug, "on the entity").to.equal(key)
                row.title = title
                model.give([{ row, text: key }])
            },
        }
    }

    private release({ key, box }: Extract<Step, { kind: "release" }>): Call {
        const { model, variant } = this
        const text = this.pick([...model.seen], key)!
        const isKept = variant.history !== false
        return {
            refused: isKept
                ? [model.current(box, text) ? KeyTakenError : undefined]
                : [InvalidOptionError],
            send: (manager) =>
                releaseKey<Row>(manager, variant.kinds[0]!, text, whereBox(variant, box)),
            settle: (result) => {
                expect(result, "released").to.equal(isKept && model.release(box, text))
            },
        }
    }

    /** Rows of one call get each other's keys. */
    private pass(step: Extract<Step, { kind: "pass" }>): Call | undefined {
        const { model, variant } = this
        const found = step.rows.map((at) => this.pick(model.keyed, at))
        const rows = [...new Set(found)].flatMap((row) => (row && row.key !== null ? row : []))
        if (rows.length < 2) return undefined
        const set = rows.map((row, at) => {
            const isLast = at === rows.length - 1 && step.last !== undefined
            const text = isLast ? this.keyAt(step.last!) : rows[(at + 1) % rows.length]!.key!
            return { row, text }
        })
        return {
            refused: model.refusalsOfAll(set),
            send: async (manager) => {
                const entities = set.map(({ row, text }) =>
                    manager.create(variant.kinds[row.kind]!, { id: row.id, slug: text } as never),
                )
                await manager.save(variant.root, entities as never)
            },
            settle: () => {
                model.give(set)
            },
        }
    }

    private hide({ kind, row: at }: Extract<Step, { kind: "hide" | "show" }>): Call | undefined {
        const { model, variant } = this
        const row = this.pick([...model.rows.values()], at)
        if (!row || !variant.isSoftDeleted || row.isDeleted === (kind === "hide")) return undefined
        return {
            send: (manager) => {
                const target = variant.kinds[row.kind]!
                const entity = manager.create(target, { id: row.id } as never)
                return kind === "hide"
                    ? manager.softRemove(target, entity as never)
                    : manager.recover(target, entity as never)
            },
            settle: () => {
                row.isDeleted = kind === "hide"
            },
        }
    }

    private delete({ row: at, by }: Extract<Step, { kind: "delete" }>): Call | undefined {
        const { model, variant } = this
        const row = this.pick([...model.rows.values()], at)
        if (!row) return undefined
        return {
            send: async (manager) => {
                const target = variant.kinds[row.kind]!
                const entity = manager.create(target, { id: row.id } as never)
                if (by === "remove") await manager.remove(target, entity as never)
                else if (by === "delete") await manager.delete(target, row.id)
                else {
                    const table = tableName(this.dataSource.getMetadata(target))
                    await manager.query(`DELETE FROM ${table} WHERE id = ${row.id}`)
                }
            },
            settle: () => {
                model.delete(row)
            },
        }
    }

    /** Another column is refused: nothing has happened, keys included. */
    private fail(step: Extract<Step, { kind: "fail" }>): Call {
        const { model, variant } = this
        const row =
            step.row === undefined ? undefined : this.pick([...model.rows.values()], step.row)
        const [title, box, code] = [TITLES[step.title]!, row?.box ?? 1, `c${++this.codes}`]
        return {
            refused: [Error],
            send: (manager) =>
                manager.transaction(async (inner) => {
                    const wanted = { title, code, ...inBox(variant, box) }
                    const [target] = variant.kinds
                    await inner.save(target!, inner.create(target!, wanted as never) as never)
                    if (row) await this.save(inner, row, false, { title, code })
                    else await inner.save(target!, inner.create(target!, wanted as never) as never)
                }),
        }
    }

    private async save(
        manager: EntityManager,
        { id, kind }: ModelRow,
        isLoaded: boolean,
        change: object,
    ): Promise<Row> {
        const { kinds, root } = this.variant
        const target = kinds[kind]!
        const entity = (
            isLoaded
                ? await manager.findOne(root, { where: { id }, withDeleted: true })
                : manager.create(target, { id } as never)
        ) as Row
        Object.assign(entity, change)
        await manager.save(target, entity as never)
        return entity
    }

    private newRow({ title, box, key }: Plan, isKeyed: boolean) {
        return {
            ...{ title: TITLES[title]!, box },
            ...(isKeyed && key !== undefined && { key: this.keyAt(key) }),
        }
    }

    /** One that was seen, or that can be none; with a higher number. */
    private keyAt(at: number): string {
        const all = [...this.model.seen, ...this.variant.style.unsettable.filter(Boolean)]
        return all[at % all.length]!
    }

    private pick<T>(all: readonly T[], at: number): T | undefined {
        return all[at % Math.max(1, all.length)]
    }
}

const blank = { kind: 0, isDeleted: false }

function pick({ box, title }: Wanting): { box: number; title: string } {
    return { box, title }
}

function fits(wish: Wish, key: string | null): boolean {
    if ("exact" in wish) return wish.exact === key
    return "like" in wish && key !== null && wish.like(key)
}

function textOf(wish: Wish): string {
    if ("exact" in wish) return String(wish.exact)
    return "says" in wish ? wish.says : wish.refused.name
}

function expectKey(wish: Wish, key: string | null): void {
    if (!fits(wish, key)) throw new Error(`The key should be ${textOf(wish)}, and is ${key}`)
}
