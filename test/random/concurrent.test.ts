import { expect } from "chai"
import * as fc from "fast-check"
import { NumberGapError } from "../../src"
import type { DataSource, EntityManager } from "typeorm"
import { onEveryDatabase } from "../support/databases"
import { isDeadlock } from "../support/errors"
import { upTo } from "../support/invoices"
import { WAYS } from "../support/strategies"
import { type Call, Calls, type Numbered, type Owner, TAKEN, teamScope } from "./calls"
import { OPERATIONS, SEED } from "./check"
import { type Customer, FailingSubscriber, randomEntities, type WayName } from "./entities"
import { Model } from "./model"
import { type Program, programs, type RowPlan, type Step } from "./programs"
import { isTested, worksIn } from "./places"

const WRITERS = 16
const GIVEN_UP = new Error("given up on purpose")
const LEFT_OUT: readonly Step["kind"][] = ["push", "delete", "again", "touch", "ignore", "select"]

/** One of many writers: it knows what it has committed, and not what the others have. */
class Writer {
    readonly committed = new Map<string, Numbered>()
    readonly rolledBack: Numbered[] = []
    readonly ends = { committed: 0, "rolled back": 0, deadlocked: 0 }
    private readonly calls: Calls
    private readonly failed = new Map()

    constructor(
        private readonly dataSource: DataSource,
        way: WayName,
        private readonly owners: readonly Owner[],
        name: string,
    ) {
        // Nothing of its own tells where the numbers are.
        const habits = { way, isRowByRow: false, refusesIgnore: true, showsUpserted: false }
        this.calls = new Calls(new Model("ascending"), habits, name, dataSource.manager, "all")
    }

    async run(program: Program): Promise<void> {
        for (const step of program) {
            const isOne = step.kind !== "transaction"
            const steps = isOne ? [step] : step.steps
            const entities = new Map<string, Numbered>()
            try {
                await this.dataSource.transaction(async (manager) => {
                    await this.steps(steps, manager, entities)
                    if (!isOne && step.end === "throw") throw GIVEN_UP
                })
                for (const [tag, entity] of entities) this.committed.set(tag, entity)
                this.ends.committed += 1
            } catch (error) {
                if (isDeadlock(error)) this.ends.deadlocked += 1
                else if (isOnPurpose(error)) this.ends["rolled back"] += 1
                else throw error
                this.rolledBack.push(...entities.values())
            }
        }
    }

    private async steps(
        steps: readonly Step[],
        manager: EntityManager,
        entities: Map<string, Numbered>,
    ): Promise<void> {
        for (const step of steps) {
            if (step.kind === "transaction") await this.savepoint(step, manager, entities)
            else if (step.kind === "parallel") {
                const errors = await Promise.all(
                    step.members.map(async (member) =>
                        this.make(member, manager, entities).catch((error: Error) => error),
                    ),
                )
                const error = errors.find((each) => each !== undefined)
                if (error !== undefined) throw error
            } else await this.make(step, manager, entities)
        }
    }

    private async savepoint(
        step: Extract<Step, { kind: "transaction" }>,
        manager: EntityManager,
        entities: Map<string, Numbered>,
    ): Promise<void> {
        const within = new Map<string, Numbered>()
        try {
            await manager.transaction(async (inner) => {
                await this.steps(step.steps, inner, within)
                if (step.end === "throw") throw GIVEN_UP
            })
            for (const [tag, entity] of within) entities.set(tag, entity)
        } catch (error) {
            this.rolledBack.push(...within.values())
            if (!isOnPurpose(error)) throw error
        }
    }

    private async make(
        step: Step,
        manager: EntityManager,
        entities: Map<string, Numbered>,
    ): Promise<void> {
        if (step.kind === "parallel" || step.kind === "transaction") return
        if (LEFT_OUT.includes(step.kind)) return
        const together = { rows: 0, mayNumber: false }
        const plan = fewerFailures(step)
        const call = this.calls.of(plan, this.owners, new Map(), this.failed, together)!
        // Nothing of it is sent, so that the transaction may go on.
        const unsent = call.fails === "before" ? this.rolledBack : undefined
        for (const [tag, entity] of call.entities)
            if (unsent) unsent.push(entity)
            else entities.set(tag, entity)
        try {
            await call.send(manager)
        } catch (error) {
            if (unsent && isOnPurpose(error)) return
            throw error
        }
        if (shouldFail(call)) throw new Error("A call has succeeded that should have failed.")
    }
}

type Leaf = Exclude<Step, { kind: "parallel" | "transaction" }>

/** Most calls are to succeed, as a call that fails ends its transaction. */
function fewerFailures(step: Leaf): Leaf {
    if (!("rows" in step) || step.kind === "upsert") return step
    const rows = step.rows.map((row): RowPlan => {
        if (row.by === 0) return row
        const fails = row.fails === "listener after the INSERT" ? undefined : row.fails
        return { ...row, fails, isTaken: undefined, line: row.line && "valid" }
    })
    return { ...step, rows }
}

function shouldFail({ fails, statements }: Call): boolean {
    return fails !== undefined || statements.some(({ isRefused }) => isRefused)
}

/** A listener that fails, a row that is in the way of another, or what follows from it. */
function isOnPurpose(error: unknown): boolean {
    const { name, code, errno } = error as { name?: string; code?: string; errno?: number }
    return (
        error === GIVEN_UP ||
        error instanceof NumberGapError ||
        (error instanceof Error && error.constructor.name === "ListenerFailed") ||
        name === "TransactionAbortedError" ||
        ["23505", "25P02", "NUMBER_TAKEN"].includes(String(code)) ||
        errno === 1062
    )
}

for (const way of ["counter", "table-lock", "trigger", "counter, gapless: false"] as const)
    onEveryDatabase(
        `Random programs of ${WRITERS} writers with ${way}`,
        (database) => {
            it("number every scope without a gap, and entities as the table", async function () {
                if (!isTested(database())) return this.skip()
                this.timeout(60_000 + OPERATIONS * 100)
                const dataSource = await database().connect(randomEntities(way), {
                    subscribers: [FailingSubscriber],
                    ...(database().kind === "postgres"
                        ? { extra: { max: WRITERS, options: "-c deadlock_timeout=20ms" } }
                        : { connections: WRITERS }),
                })
                const customers = dataSource.getRepository<Customer>("Customer")
                const owners = (
                    await customers.save(
                        ["Ada", "Bob", "Cy"].map((name) => customers.create({ name })),
                    )
                ).map((customer) => ({ scope: customer.name, customer }))
                await dataSource.getRepository("Invoice").save({
                    customer: owners[0]!.customer,
                    reference: TAKEN,
                    lines: [{ code: TAKEN }],
                })
                const each = Math.max(4, Math.ceil(OPERATIONS / WRITERS / 12))
                const writers = upTo(WRITERS).map(
                    (at) => new Writer(dataSource, way, owners, `w${at}`),
                )
                await Promise.all(
                    writers.map(async (writer, at) => {
                        for (const program of fc.sample(programs, {
                            seed: SEED + at,
                            numRuns: each,
                        }))
                            await writer.run(program)
                    }),
                )

                const stored = await storedIn(dataSource)
                const saved = new Map(writers.flatMap(({ committed }) => [...committed]))
                for (const [tag, entity] of saved) {
                    const row = stored.get(tag)
                    expect(row, `row of the committed ${tag}`).not.to.equal(undefined)
                    // See the programs of one writer: a list of columns shows nothing.
                    if (entity.number !== undefined)
                        expect(entity.number, `number of ${tag}`).to.equal(row!.number)
                }
                expect(stored.size).to.equal(saved.size + 1)
                for (const { number } of writers.flatMap(({ rolledBack }) => rolledBack))
                    expect(number ?? undefined, "number after a rollback").to.equal(undefined)
                const scopes = new Map<string, number[]>()
                for (const { scope, number } of stored.values())
                    if (number !== null) scopes.set(scope, [...(scopes.get(scope) ?? []), number])
                for (const [scope, numbers] of scopes)
                    if (WAYS[way].isGapless)
                        expect(
                            numbers.sort((a, b) => a - b),
                            scope,
                        ).to.deep.equal(upTo(numbers.length))
                    else expect(new Set(numbers).size, scope).to.equal(numbers.length)
                const ends = writers.map((writer) => writer.ends)
                const sum = (key: keyof (typeof ends)[number]) =>
                    ends.reduce((total, one) => total + one[key], 0)
                expect(sum("committed")).to.be.greaterThan(WRITERS)
                console.log(
                    `      ${stored.size} rows, ${sum("committed")} transactions committed, ` +
                        `${sum("rolled back")} rolled back, ${sum("deadlocked")} deadlocks, TEST_SEED=${SEED}`,
                )
            })
        },
        (can) => can.parallel && worksIn(way)(can),
    )

async function storedIn(
    dataSource: DataSource,
): Promise<Map<string, { scope: string; number: number | null }>> {
    const invoices = await dataSource
        .getRepository<{ reference: string; number: number; customer: Customer }>("Invoice")
        .find({ relations: { customer: true } })
    const tasks = await dataSource
        .getRepository<{ reference: string; number: number | null; team: string | null }>("Task")
        .find()
    return new Map([
        ...invoices.map(
            ({ reference, number, customer }) =>
                [reference, { scope: customer.name, number }] as const,
        ),
        ...tasks.map(
            ({ reference, number, team }) =>
                [reference, { scope: teamScope(team), number }] as const,
        ),
    ])
}
