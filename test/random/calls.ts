import type { EntityManager } from "typeorm"
import type { Batch, Customer, Failing, Failure, Invoice, Line, Task, WayName } from "./entities"
import type { Model, NewRow, Statement } from "./model"
import type { RowPlan, Step, UpsertPlan } from "./programs"

/** The tag of an invoice that is there from the start, to be in the way of others. */
export const TAKEN = "taken"

/** What the model asks of a database. */
export interface Habits {
    readonly way: WayName
    /** Whether a `save()` sends one statement for each row, having to read back what each has generated. */
    readonly isRowByRow: boolean
    /** Whether `orIgnore()` is refused. */
    readonly refusesIgnore: boolean
    /** Whether the entity of an upsert shows the number of the stored row. */
    readonly showsUpserted: boolean
}

/** A scope of invoices: a customer, and what the model calls it. */
export interface Owner {
    readonly scope: string
    readonly customer: Customer
}

export type Numbered = Invoice | Task

/** One call, as it is about to be made. */
export interface Call {
    /** What the database is sent, where nothing fails before. */
    readonly statements: readonly Statement[]
    /** Whether something fails before the first statement, or after the last one. */
    readonly fails?: "before" | "after"
    /** What may be refused, with the whole transaction. */
    readonly mayBeRefused?: boolean
    /** Whether it may run outside of a transaction, as it opens one itself. */
    readonly isSave: boolean
    readonly entities: ReadonlyMap<string, Numbered>
    /** Entities that are stored already, and the numbers they have to show, if any. */
    readonly shown?: ReadonlyMap<Numbered, number>
    /** Customers that are scopes afterwards. */
    readonly owners?: readonly Owner[]
    readonly removes?: readonly string[]
    readonly looksAtTable?: boolean
    /** Whether TypeORM may give entities the ids of other rows. */
    readonly mayConfuseIds?: boolean
    /** Whether entities may be left without what the statement has given them. */
    readonly mayNotShow?: boolean
    /** Whether what has failed can be saved again, alone. */
    readonly isRepeatable: boolean
    send(manager: EntityManager): Promise<unknown>
}

const NOTHING = {
    statements: [],
    isSave: true,
    isRepeatable: false,
    entities: new Map<string, Numbered>(),
} as const

/** Makes the calls of steps, with what is there. */
export class Calls {
    private made = 0

    constructor(
        private readonly model: Model,
        private readonly habits: Habits,
        private readonly prefix: string,
        private readonly manager: EntityManager,
        /** Whose teams tasks are of. */
        private readonly team = prefix,
    ) {}

    /** `extra` rows may come before those of the step, in the same scope. `undefined` where there is nothing to do. */
    of(
        step: Exclude<Step, { kind: "parallel" | "transaction" }>,
        owners: readonly Owner[],
        saved: ReadonlyMap<string, Numbered>,
        failed: Map<string, Invoice>,
        together?: { rows: number; mayNumber: boolean },
    ): Call | undefined {
        const plan = (rows: readonly RowPlan[]) =>
            together?.mayNumber === false
                ? rows.map((row) => (row.number === "draft" ? row : { ...row, number: undefined }))
                : rows
        const extra = together?.rows ?? 0
        switch (step.kind) {
            case "save": {
                const made = this.invoices(plan(step.rows), owners, extra)
                const list = [...made.entities.values()]
                return {
                    ...made,
                    isSave: true,
                    isRepeatable: true,
                    send: (manager) => manager.save(step.isAlone ? list[0]! : list),
                }
            }
            case "insert":
            case "build":
            case "columns": {
                const made = this.invoices(plan(step.rows), owners, extra, "statement")
                const list = [...made.entities.values()] as object[]
                const into = (manager: EntityManager) => {
                    const builder = manager.createQueryBuilder().insert()
                    return step.kind === "columns"
                        ? builder.into("Invoice", ["customer.id", "reference"])
                        : builder.into("Invoice")
                }
                return {
                    ...made,
                    isSave: false,
                    isRepeatable: true,
                    // TypeORM hands nothing back of columns that are not in the list.
                    mayNotShow: step.kind === "columns",
                    send: (manager) =>
                        step.kind === "insert"
                            ? manager.insert("Invoice", list)
                            : into(manager).values(list).execute(),
                }
            }
            case "family": {
                const name = this.tag("family")
                const customer = this.create<Customer>("Customer", { name, fails: step.fails })
                const owner = { scope: name, customer }
                const made = this.invoices(plan(step.rows), [owner], extra)
                customer.invoices = [...made.entities.values()] as Invoice[]
                for (const invoice of customer.invoices) delete invoice.customer
                return {
                    ...made,
                    fails: earlier(fails(step.fails), made.fails),
                    isSave: true,
                    isRepeatable: false,
                    owners: [owner],
                    send: (manager) => manager.save(customer),
                }
            }
            case "push": {
                const owner = at(owners, step.scope)
                const made = this.invoices(plan(step.rows), [owner], extra)
                const children = [...made.entities.values()] as Invoice[]
                for (const child of children) delete child.customer
                return {
                    ...made,
                    isSave: true,
                    isRepeatable: false,
                    send: async (manager) => {
                        const parent = await manager.getRepository<Customer>("Customer").findOne({
                            where: { id: owner.customer.id },
                            relations: { invoices: true },
                        })
                        parent!.invoices!.push(...children)
                        await manager.save(parent!)
                    },
                }
            }
            case "batch": {
                const made = this.invoices(plan(step.rows), owners, extra)
                const batch = this.create<Batch>("Batch", { fails: step.fails })
                batch.invoices = [...made.entities.values()] as Invoice[]
                return {
                    ...made,
                    fails: earlier(fails(step.fails), made.fails),
                    isSave: true,
                    isRepeatable: false,
                    send: (manager) => manager.save(batch),
                }
            }
            case "tasks": {
                const made = this.tasks(plan(step.rows), extra, step.by === "insert")
                const list = [...made.entities.values()]
                return {
                    ...made,
                    isSave: step.by === "save",
                    isRepeatable: false,
                    send: (manager) =>
                        step.by === "save" ? manager.save(list) : manager.insert("Task", list),
                }
            }
            case "both": {
                const invoices = this.invoices(plan(step.rows), owners, extra)
                const tasks = this.tasks(plan(step.tasks), extra)
                const entities = new Map([...invoices.entities, ...tasks.entities])
                return {
                    statements: [...invoices.statements, ...tasks.statements],
                    fails: earlier(invoices.fails, tasks.fails),
                    entities,
                    isSave: true,
                    isRepeatable: false,
                    send: (manager) => manager.save([...entities.values()]),
                }
            }
            case "upsert":
                return this.upsert(step.rows, owners)
            case "ignore":
                return this.ignore(step.pick, owners)
            case "delete": {
                const { scope } = at(owners, step.scope)
                const tags = this.model.tagsOf(scope)
                const tag = step.which === "last" ? tags.at(-1) : tags[(tags.length - 1) >> 1]
                if (tag === undefined || tag === TAKEN) return undefined
                return {
                    ...NOTHING,
                    removes: [tag],
                    send: (manager) => manager.delete("Invoice", { reference: tag }),
                }
            }
            case "touch": {
                const invoices = [...saved].flatMap(([tag, entity]) =>
                    this.model.has(tag) && "note" in entity ? [entity] : [],
                )
                if (invoices.length === 0) return undefined
                const entity = at(invoices, step.pick)
                const shown = new Map([[entity as Numbered, entity.number!]])
                return {
                    ...NOTHING,
                    shown,
                    send: (manager) => {
                        entity.note += "."
                        return manager.save(entity)
                    },
                }
            }
            case "again": {
                const there = [...failed.values()].filter(({ customer }) =>
                    owners.some((owner) => owner.customer === customer),
                )
                if (there.length === 0) return undefined
                return this.again(at(there, step.pick), owners, failed)
            }
            case "select":
                return {
                    ...NOTHING,
                    looksAtTable: step.what === "table",
                    send: (manager) => manager.query("SELECT 1"),
                }
        }
    }

    private tag(kind: string): string {
        return `${this.prefix} ${kind} ${++this.made}`
    }

    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as TypeORM has it
    private create<T extends Failing>(
        entity: string,
        { fails, ...values }: { fails?: Failure; [property: string]: unknown },
    ): T {
        const made = this.manager.getRepository(entity).create(values) as T
        made.fails = fails
        return made
    }

    private invoices(
        rows: readonly RowPlan[],
        owners: readonly Owner[],
        extra: number,
        unit: "save" | "statement" = "save",
    ): Pick<Call, "statements" | "fails" | "entities"> {
        const entities = new Map<string, Numbered>()
        const numbers = new Numbers(this.model, this.habits, rows.length + extra)
        const made: (NewRow & { isTaken: boolean })[] = []
        let when: Call["fails"]
        let lineIsTaken = false
        for (const row of rows) {
            const { scope, customer } = at(owners, row.scope)
            const tag = this.tag("invoice")
            const number = numbers.next(scope, row)
            const lines = row.line ? [this.line(row.line)] : undefined
            if (row.line === "taken") lineIsTaken = true
            const lineFails =
                row.line === "valid" || row.line === "taken" ? undefined : fails(row.line)
            when = earlier(when, fails(row.fails), lineFails)
            const entity = this.create<Invoice>("Invoice", {
                reference: row.isTaken ? TAKEN : tag,
                note: "",
                fails: row.fails,
            })
            entity.customer = customer
            if (number !== undefined) entity.number = number
            if (lines) entity.lines = lines
            entities.set(tag, entity)
            made.push({ tag, scope, number, isTaken: row.isTaken === true })
        }
        const statements = this.statementsOf(made, unit)
        if (lineIsTaken && !statements.some(({ isRefused }) => isRefused))
            statements.push({ rows: [], isRefused: true })
        return { statements, fails: when, entities }
    }

    private statementsOf(
        rows: readonly (NewRow & { isTaken?: boolean })[],
        unit: "save" | "statement",
    ): Statement[] {
        if (rows.length === 0) return []
        if (unit === "statement" || !this.habits.isRowByRow)
            return [{ rows, isRefused: rows.some(({ isTaken }) => isTaken) }]
        return rows.map((row) => ({ rows: [row], isRefused: row.isTaken }))
    }

    private line(plan: "valid" | "taken" | Failure): Line {
        return this.create<Line>("Line", {
            code: plan === "taken" ? TAKEN : null,
            fails: plan === "valid" || plan === "taken" ? undefined : plan,
        })
    }

    private tasks(
        rows: readonly RowPlan[],
        extra: number,
        isInsert = false,
    ): Pick<Call, "statements" | "fails" | "entities"> {
        const entities = new Map<string, Numbered>()
        const numbers = new Numbers(this.model, this.habits, rows.length + extra)
        const made: NewRow[] = []
        let when: Call["fails"]
        for (const row of rows) {
            const team = row.scope % 2 === 0 ? `${this.team} team` : null
            const tag = this.tag("task")
            const number = numbers.next(teamScope(team), row)
            when = earlier(when, fails(row.fails))
            const entity = this.create<Task>("Task", { team, reference: tag, fails: row.fails })
            if (number !== undefined) entity.number = number
            entities.set(tag, entity)
            made.push({ tag, scope: teamScope(team), number })
        }
        const statements = this.statementsOf(made, isInsert ? "statement" : "save")
        return { statements, fails: when, entities }
    }

    private upsert(plans: readonly UpsertPlan[], owners: readonly Owner[]): Call {
        const entities = new Map<string, Numbered>()
        const shown = new Map<Numbered, number>()
        const rows: NewRow[] = []
        const list: Invoice[] = []
        const updated = new Set<string>()
        const numbers = new Numbers(this.model, this.habits, plans.length)
        let mayBeRefused = false
        for (const { scope: index, stored } of plans) {
            const { scope, customer } = at(owners, index)
            numbers.next(scope)
            const there = this.model.tagsOf(scope).filter((tag) => !updated.has(tag))
            const isStored = stored !== undefined && there.length > 0
            const reference = isStored ? at(there, stored) : this.tag("upserted")
            const entity = this.create<Invoice>("Invoice", { reference, note: "upserted" })
            entity.customer = customer
            list.push(entity)
            if (isStored) {
                updated.add(reference)
                shown.set(entity, this.model.stored().get(reference)!.number!)
            } else {
                entities.set(reference, entity)
                rows.push({ tag: reference, scope })
            }
            if (updated.size > 0 && rows.length > 0) mayBeRefused = this.habits.way !== "trigger"
        }
        return {
            statements: rows.length > 0 ? [{ rows }] : [],
            entities,
            shown: this.habits.showsUpserted ? shown : undefined,
            isSave: false,
            isRepeatable: false,
            mayBeRefused,
            mayConfuseIds: !this.habits.showsUpserted,
            send: (manager) => manager.upsert("Invoice", list as object[], ["reference"]),
        }
    }

    private ignore(pick: number, owners: readonly Owner[]): Call | undefined {
        const { scope, customer } = at(owners, pick)
        const reference = this.model.tagsOf(scope)[0]
        if (reference === undefined || this.habits.refusesIgnore) return undefined
        new Numbers(this.model, this.habits, 1).next(scope)
        const entity = this.create<Invoice>("Invoice", { reference, note: "ignored" })
        entity.customer = customer
        return {
            ...NOTHING,
            isSave: false,
            send: (manager) =>
                manager
                    .createQueryBuilder()
                    .insert()
                    .into("Invoice")
                    .values(entity as object)
                    .orIgnore()
                    .execute(),
        }
    }

    private again(entity: Invoice, owners: readonly Owner[], failed: Map<string, Invoice>): Call {
        const [tag] = [...failed].find(([, each]) => each === entity)!
        failed.delete(tag)
        const { scope } = owners.find(({ customer }) => customer === entity.customer)!
        entity.fails = undefined
        entity.reference = tag
        entity.number = undefined
        // SQLite gives ids of rows that were rolled back to others, and `save()` would update these.
        if (this.habits.isRowByRow) delete entity.id
        delete entity.lines
        return {
            statements: [{ rows: [{ tag, scope }] }],
            entities: new Map([[tag, entity]]),
            isSave: true,
            isRepeatable: true,
            send: (manager) => manager.save(entity),
        }
    }
}

/** The numbers that a caller sets: free ones, whatever numbers the other rows of the call get. */
class Numbers {
    private readonly taken = new Map<string, Set<number>>()
    private readonly last = new Map<string, number>()

    constructor(
        private readonly model: Model,
        private readonly habits: Habits,
        private readonly rows: number,
    ) {}

    next(scope: string, { number, by = 0 }: Partial<RowPlan> = {}): number | null | undefined {
        if (number === "draft") return this.habits.way === "trigger" ? undefined : null
        const last = this.last.get(scope) ?? this.model.lastTaken(scope)
        if (number === undefined) {
            this.take(scope, last + 1)
            return undefined
        }
        if (number === "hole") {
            const hole = this.hole(scope)
            if (hole !== undefined) return hole
        }
        const ahead = last + this.rows + 1 + by
        this.take(scope, ahead)
        return ahead
    }

    private take(scope: string, number: number): void {
        this.last.set(scope, number)
        // The rows that were given before this one may get numbers after it.
        this.model.mayTake(scope, number + this.rows)
    }

    private hole(scope: string): number | undefined {
        if (!this.taken.has(scope)) this.taken.set(scope, new Set(this.model.numbersOf(scope)))
        const taken = this.taken.get(scope)!
        for (let number = 1; number < this.model.last(scope); number += 1)
            if (!taken.has(number)) {
                taken.add(number)
                return number
            }
        return undefined
    }
}

export function teamScope(team: string | null): string {
    return `team ${team ?? "NULL"}`
}

function fails(failure: Failure | undefined): Call["fails"] {
    if (failure === undefined) return undefined
    return failure === "listener after the INSERT" ? "after" : "before"
}

function earlier(...all: Call["fails"][]): Call["fails"] {
    return all.includes("before") ? "before" : all.includes("after") ? "after" : undefined
}

export function at<T>(list: readonly T[], index: number): T {
    return list[index % list.length]!
}
