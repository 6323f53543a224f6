import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { AutoSequenceError, NumberGapError, TransactionRequiredError } from "../../src"
import { storedCounters, textInKey } from "../support/stored"
import { WAYS } from "../support/strategies"
import type { TestDatabase } from "../support/test-database"
import { type Call, Calls, type Habits, type Numbered, type Owner, TAKEN, teamScope } from "./calls"
import { clear, type Customer, type Invoice, type WayName } from "./entities"
import { Mismatch, Model } from "./model"
import { lengthOf, type Program, type Step } from "./programs"

const GIVEN_UP = new Error("given up on purpose")

type Leaf = Exclude<Step, { kind: "parallel" | "transaction" }>

/** A transaction or a savepoint. */
interface Level {
    /** What has got a number in it, and what it had before. */
    readonly numbered: [entity: Numbered, before: number | null | undefined][]
    /** Whether a statement has failed after which the database takes no other. */
    isAborted: boolean
    /** Whether the library had to make a number in it. */
    isNumbered: boolean
    readonly isNested: boolean
    /** What is still under way when it ends. */
    readonly running: Promise<unknown>[]
    readonly manager: EntityManager
}

/** Programs of one data source, each of which begins with empty tables. */
export class Runs {
    operations = 0
    programs = 0

    constructor(
        readonly dataSource: DataSource,
        readonly database: TestDatabase,
        readonly way: WayName,
    ) {}

    async run(program: Program): Promise<void> {
        this.programs += 1
        this.operations += lengthOf(program)
        const table = this.dataSource.getRepository("AutoSequenceCounter").metadata.tablePath
        await clear(this.dataSource, table)
        const run = new Run(this.dataSource, this.database, this.way, `p${this.programs}`)
        await run.begin()
        await run.steps(program)
        await run.end()
    }
}

class Run {
    private readonly model: Model
    private readonly calls: Calls
    private readonly habits: Habits
    private owners: readonly Owner[] = []
    private readonly saved = new Map<string, Numbered>()
    private readonly failed = new Map<string, Invoice>()
    /** What the entities had when they were given, where that was a number. */
    private readonly isCounting: boolean

    constructor(
        private readonly dataSource: DataSource,
        private readonly database: TestDatabase,
        private readonly way: WayName,
        private readonly prefix: string,
    ) {
        const { isGapless, isReusing } = WAYS[way]
        this.model = new Model(!isGapless ? "ascending" : isReusing ? "maximum" : "counter")
        this.isCounting = !isReusing
        this.habits = {
            way,
            isRowByRow: database.kind === "better-sqlite3",
            refusesIgnore: way === "trigger" && database.kind === "mariadb",
            showsUpserted: database.can.upsertKeys,
        }
        this.calls = new Calls(this.model, this.habits, prefix, dataSource.manager)
    }

    async begin(): Promise<void> {
        const customers = this.dataSource.getRepository<Customer>("Customer")
        const names = ["Ada", "Bob", "Cy"].map((name) => `${this.prefix} ${name}`)
        const stored = await customers.save(names.map((name) => customers.create({ name })))
        this.owners = stored.map((customer) => ({ scope: customer.name, customer }))
        const [{ scope, customer }] = this.owners as [Owner]
        const entity = this.dataSource.getRepository<Invoice>("Invoice").create({
            reference: TAKEN,
            note: "",
            lines: [{ code: TAKEN }],
        })
        entity.customer = customer
        await this.make({
            statements: [{ rows: [{ tag: TAKEN, scope }] }],
            entities: new Map([[TAKEN, entity]]),
            isSave: true,
            isRepeatable: false,
            send: (manager) => manager.save(entity),
        })
    }

    async steps(steps: readonly Step[], level?: Level): Promise<void> {
        for (const step of steps) {
            if (level?.isAborted) return
            if (step.kind === "transaction") await this.transaction(step, level)
            else if (step.kind === "parallel") await this.parallel(step, level!)
            else await this.make(this.callOf(step), level)
        }
    }

    /** Another row in each scope, and a look at everything. */
    async end(): Promise<void> {
        const rows = this.owners.map((_, scope) => ({ scope, by: 0 }))
        await this.make(this.callOf({ kind: "both", rows, tasks: rows.slice(0, 2) }))
        await this.checkTables(this.dataSource.manager, "At the end")
        for (const [tag, entity] of this.saved)
            if (this.model.has(tag))
                expect(entity.number, `number of the entity ${tag}`).to.equal(
                    this.model.stored().get(tag)!.number,
                )
        if (this.isCounting) await this.checkCounters()
    }

    private callOf(step: Leaf, together?: { rows: number; mayNumber: boolean }): Call | undefined {
        return this.calls.of(step, this.owners, this.saved, this.failed, together)
    }

    private async transaction(
        step: Extract<Step, { kind: "transaction" }>,
        outer?: Level,
    ): Promise<void> {
        const restore = this.model.save()
        const owners = this.owners
        let level: Level | undefined
        try {
            await (outer?.manager ?? this.dataSource.manager).transaction(async (manager) => {
                level = {
                    numbered: [],
                    isAborted: false,
                    isNumbered: outer?.isNumbered ?? false,
                    isNested: outer !== undefined,
                    running: [],
                    manager,
                }
                await this.steps(step.steps, level)
                if (step.end === "throw") throw GIVEN_UP
            })
            if (level!.isAborted) {
                if (level!.isNumbered)
                    throw new Mismatch("A transaction went on after a statement of it had failed.")
                // TypeORM lets it pass where the library had no number to make, and knows of no rollback.
                level!.numbered.length = 0
                throw new GaveUp("left to TypeORM")
            }
            outer?.numbered.push(...level!.numbered)
            if (outer) outer.isNumbered ||= level!.isNumbered
        } catch (error) {
            const isExpected = error === GIVEN_UP || error instanceof GaveUp || level?.isAborted
            if (!isExpected || error instanceof Mismatch) throw error
            await Promise.allSettled(level!.running)
            restore()
            this.owners = owners
            for (const [entity, before] of level!.numbered)
                expect(entity.number, "number after a rollback").to.equal(before)
        }
    }

    /** One call, and what the model says of it. */
    private async make(call: Call | undefined, level?: Level): Promise<void> {
        if (!call) return
        if (level) level.isNumbered ||= this.isNumbering(call)
        const before = this.numbersOf(call)
        const error = await rejectionOf(call.send(level?.manager ?? this.dataSource.manager))
        await this.settle(call, before, error, level)
        if (call.looksAtTable && level) await this.checkTables(level.manager, "Before the commit")
    }

    private async settle(
        call: Call,
        before: ReadonlyMap<Numbered, number | null | undefined>,
        error: Error | undefined,
        level: Level | undefined,
    ): Promise<void> {
        if (!level && !call.isSave && WAYS[this.way].needsTransaction) {
            const given = call.statements.flatMap(({ rows }) => rows.map(({ number }) => number))
            const areDrafts = given.length > 0 && given.every((each) => each === null)
            if (error instanceof TransactionRequiredError && !areDrafts)
                return this.expectUnnumbered(call, before)
            if (error === undefined && given.includes(undefined))
                throw new Mismatch("A row was numbered without a transaction.")
        }
        if (call.mayBeRefused && error instanceof NumberGapError) {
            this.expectUnnumbered(call, before)
            if (level) throw new GaveUp("a gap", { cause: error })
            return
        }
        if (!this.expectFailure(call, error)) {
            const observed =
                call.mayNotShow && (await this.tagged(level?.manager ?? this.dataSource.manager))
            this.model.perform(
                call.statements,
                (tag) => (observed ? observed : call.entities).get(tag)?.number,
            )
            return this.succeeded(call, before, level)
        }
        if (call.fails !== "before" && isRefused(call) && level && this.database.can.failOnce) {
            for (const entity of call.entities.values())
                level.numbered.push([entity, before.get(entity)])
            level.isAborted = true
            return
        }
        const isUndone = call.fails === "before" || (!level && call.isSave)
        if (isUndone) return this.expectUnnumbered(call, before)
        const observed = await this.tagged(level?.manager ?? this.dataSource.manager)
        this.model.perform(call.statements, (tag) => observed.get(tag)?.number)
        this.failedInPart(call, before)
    }

    /** Whether the call has failed, as it should have. */
    private expectFailure(call: Call, error: Error | undefined): boolean {
        const shouldFail = call.fails !== undefined || isRefused(call)
        if (shouldFail && error === undefined)
            throw new Mismatch("A call has succeeded that should have failed.")
        // The library itself has nothing to object to.
        if (error !== undefined && (!shouldFail || error instanceof AutoSequenceError)) throw error
        return shouldFail
    }

    private succeeded(
        call: Call,
        before: ReadonlyMap<Numbered, number | null | undefined>,
        level?: Level,
    ): void {
        for (const [tag, entity] of call.entities) {
            const { number } = this.model.stored().get(tag)!
            if (call.mayNotShow && entity.number === undefined) continue
            expect(entity.number, `number of the entity ${tag}`).to.equal(number)
            if (!call.mayConfuseIds) this.saved.set(tag, entity)
            level?.numbered.push([entity, before.get(entity)])
        }
        for (const [entity, number] of call.shown ?? [])
            expect(entity.number, `number of the stored ${entity.reference}`).to.equal(number)
        for (const tag of call.removes ?? []) this.model.delete(tag)
        if (call.owners) this.owners = [...this.owners, ...call.owners]
    }

    /** Rows of it may be stored; their entities may show it. The others have no number. */
    private failedInPart(
        call: Call,
        before: ReadonlyMap<Numbered, number | null | undefined>,
    ): void {
        for (const [tag, entity] of call.entities) {
            const row = this.model.stored().get(tag)
            const given = before.get(entity)
            if (row) expect(entity.number, `number of ${tag}`).to.be.oneOf([given, row.number])
            else {
                expect(entity.number, `number of ${tag}, not stored`).to.equal(given)
                this.keepForAgain(call, tag, entity)
            }
        }
    }

    private expectUnnumbered(
        call: Call,
        before: ReadonlyMap<Numbered, number | null | undefined>,
    ): void {
        for (const [tag, entity] of call.entities) {
            expect(entity.number, `number of ${tag}, which failed`).to.equal(before.get(entity))
            this.keepForAgain(call, tag, entity)
        }
    }

    /** Whether a number is to be made that must not be lost, as far as the call gets. */
    private isNumbering({ fails, statements }: Call): boolean {
        if (fails === "before" || !WAYS[this.way].isGapless) return false
        const refused = statements.findIndex(({ isRefused }) => isRefused)
        const sent = refused < 0 ? statements : statements.slice(0, refused + 1)
        return sent.some(({ rows }) => rows.some(({ number }) => number === undefined))
    }

    private keepForAgain(call: Call, tag: string, entity: Numbered): void {
        if (call.isRepeatable && "note" in entity) this.failed.set(tag, entity)
    }

    private numbersOf(call: Call): Map<Numbered, number | null | undefined> {
        return new Map([...call.entities.values()].map((entity) => [entity, entity.number]))
    }

    private async parallel(step: Extract<Step, { kind: "parallel" }>, level: Level): Promise<void> {
        const rows = step.members.reduce(
            (sum, each) => sum + ("rows" in each ? each.rows.length : 0),
            0,
        )
        const mayNumber = WAYS[this.way].isGapless
        const calls: Call[] = []
        for (const [index, member] of step.members.entries()) {
            const call = this.callOf(member as Leaf, {
                rows,
                mayNumber: mayNumber && index === 0,
            })
            // Two upserts may update the same row; that is right, but a refused one ends them all.
            if (call && !(call.mayBeRefused && calls.length >= 0)) calls.push(call)
        }
        const before = new Map(calls.flatMap((call) => [...this.numbersOf(call)]))
        level.isNumbered ||= calls.some((call) => this.isNumbering(call))
        const sent = calls.map((call) => call.send(level.manager))
        const all = sent.map(rejectionOf)
        level.running.push(...all)
        if (!step.isSettled && !level.isNested) {
            const error = await rejectionOf(Promise.all(sent))
            if (error !== undefined) {
                const expected = calls.some((call) => call.fails !== undefined || isRefused(call))
                if (!expected || error instanceof AutoSequenceError) throw error
                for (const call of calls)
                    for (const entity of call.entities.values())
                        level.numbered.push([entity, before.get(entity)])
                throw new GaveUp("one of them has failed", { cause: error })
            }
        }
        const errors = await Promise.all(all)
        const isAborting = (call: Call) => call.fails !== "before" && isRefused(call)
        if (this.database.can.failOnce && calls.some(isAborting)) {
            for (const call of calls)
                for (const entity of call.entities.values())
                    level.numbered.push([entity, before.get(entity)])
            level.isAborted = true
            return
        }
        const observed = await this.tagged(level.manager)
        this.model.performTogether(
            calls.map(({ fails, statements }) => (fails === "before" ? [] : statements)),
            (tag) => observed.get(tag)?.number,
        )
        for (const [index, call] of calls.entries()) {
            if (!this.expectFailure(call, errors[index])) this.succeeded(call, before, level)
            else if (call.fails === "before") this.expectUnnumbered(call, before)
            else this.failedInPart(call, before)
        }
        const error = errors.find((each) => each !== undefined)
        if (!step.isSettled && error !== undefined)
            throw new GaveUp("one of them has failed", { cause: error })
    }

    private async tagged(
        manager: EntityManager,
    ): Promise<Map<string, { scope: string; number: number | null }>> {
        const stored = new Map<string, { scope: string; number: number | null }>()
        const invoices = await manager
            .getRepository("Invoice")
            .createQueryBuilder("invoice")
            .innerJoin("invoice.customer", "customer")
            .select("invoice.reference", "tag")
            .addSelect("customer.name", "scope")
            .addSelect("invoice.number", "number")
            .getRawMany<{ tag: string; scope: string; number: number }>()
        for (const { tag, scope, number } of invoices) stored.set(tag, { scope, number })
        const tasks = await manager
            .getRepository("Task")
            .createQueryBuilder("task")
            .select("task.reference", "tag")
            .addSelect("task.team", "team")
            .addSelect("task.number", "number")
            .getRawMany<{ tag: string; team: string | null; number: number | null }>()
        for (const { tag, team, number } of tasks)
            stored.set(tag, {
                scope: teamScope(team),
                number,
            })
        return stored
    }

    private async checkTables(manager: EntityManager, when: string): Promise<void> {
        const stored = await this.tagged(manager)
        expect(byScope(stored), `${when}, the rows of the tables`).to.deep.equal(
            byScope(this.model.stored()),
        )
    }

    private async checkCounters(): Promise<void> {
        const scopes = new Map(
            (await this.dataSource.getRepository<Customer>("Customer").find()).map(
                ({ id, name }) => [`invoice.number v1:"${id}"`, name],
            ),
        )
        for (const team of [`${this.prefix} team`, null])
            scopes.set(
                `task.number v1:${team === null ? "NULL" : JSON.stringify(textInKey(this.dataSource, team))}`,
                teamScope(team),
            )
        const counters = new Map<string, number>()
        for (const { series, scope, last } of await storedCounters(this.dataSource)) {
            // Where the tests have a schema of their own, it is a part of the name.
            const key = `${series.split(".").slice(-2).join(".")} ${scope}`
            const name = scopes.get(key) ?? key
            // One that was made for a row which failed is left at the start.
            if (Number(last) !== 0) counters.set(name, Number(last))
        }
        const expected = this.model.lastNumbers()
        if (WAYS[this.way].isGapless)
            expect(sorted(counters), "counters").to.deep.equal(sorted(expected))
        else
            for (const [scope, last] of expected)
                expect(counters.get(scope), `counter of ${scope}`).to.be.at.least(last)
    }
}

/** A call has failed on purpose, and the transaction with it. */
class GaveUp extends Error {}

/** Whether the database refuses one of the statements. */
function isRefused({ statements }: Call): boolean {
    return statements.some(({ isRefused }) => isRefused)
}

async function rejectionOf(promise: Promise<unknown>): Promise<Error | undefined> {
    try {
        await promise
        return undefined
    } catch (error) {
        return error as Error
    }
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
    return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** As a reader compares it: each scope with its rows in the order of their numbers. */
function byScope(
    rows: ReadonlyMap<string, { scope: string; number: number | null }>,
): Record<string, string[]> {
    const scopes: Record<string, string[]> = {}
    const all = [...rows].sort(
        ([tag, a], [other, b]) => (a.number ?? 0) - (b.number ?? 0) || (tag < other ? -1 : 1),
    )
    for (const [tag, { scope, number }] of all) (scopes[scope] ??= []).push(`${number} ${tag}`)
    return scopes
}
