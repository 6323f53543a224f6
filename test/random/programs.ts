import * as fc from "fast-check"
import { type Failure, FAILURES } from "./entities"

/** A row of a program. What it names is looked up among what is there when its step comes. */
export interface RowPlan {
    /** Which of the scopes that are there. */
    readonly scope: number
    /** A number that the caller sets: above the last, or one that is free below it. */
    readonly number?: "ahead" | "hole" | "draft"
    readonly by: number
    readonly fails?: Failure
    /** Whether the database refuses the row, for another column. */
    readonly isTaken?: boolean
    /** Another entity behind the row. */
    readonly line?: "valid" | "taken" | Failure
}

export type Step =
    | { readonly kind: "save"; readonly rows: readonly RowPlan[]; readonly isAlone: boolean }
    | { readonly kind: "insert" | "build" | "columns"; readonly rows: readonly RowPlan[] }
    | { readonly kind: "family"; readonly rows: readonly RowPlan[]; readonly fails?: Failure }
    | { readonly kind: "push"; readonly scope: number; readonly rows: readonly RowPlan[] }
    | { readonly kind: "batch"; readonly rows: readonly RowPlan[]; readonly fails?: Failure }
    | { readonly kind: "tasks"; readonly rows: readonly RowPlan[]; readonly by: "save" | "insert" }
    | {
          readonly kind: "both"
          readonly rows: readonly RowPlan[]
          readonly tasks: readonly RowPlan[]
      }
    | { readonly kind: "upsert"; readonly rows: readonly UpsertPlan[] }
    | { readonly kind: "ignore"; readonly pick: number }
    | { readonly kind: "delete"; readonly scope: number; readonly which: "last" | "middle" }
    | { readonly kind: "again" | "touch"; readonly pick: number }
    | { readonly kind: "select"; readonly what: "one" | "table" }
    | { readonly kind: "parallel"; readonly isSettled: boolean; readonly members: readonly Step[] }
    | {
          readonly kind: "transaction"
          readonly end: "commit" | "throw"
          readonly steps: readonly Step[]
      }

export interface UpsertPlan {
    readonly scope: number
    /** Which stored row, or a new one. */
    readonly stored?: number
}

const small = fc.nat({ max: 11 })

/** `undefined` so many times as often; fast-check tries it first when it makes a program smaller. */
const sometimes = <T>(value: fc.Arbitrary<T>, weight: number) =>
    fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

const failure = fc.constantFrom(...FAILURES)

function rowOf(extent: { fails?: number; number?: number; taken?: number; line?: number }) {
    const never = fc.constant(undefined)
    const at = <T>(freq: number | undefined, value: fc.Arbitrary<T>) =>
        freq === undefined ? never : sometimes(value, freq)
    return fc.record({
        scope: small,
        by: fc.nat({ max: 3 }),
        number: at(extent.number, fc.constantFrom("ahead" as const, "hole" as const)),
        fails: at(extent.fails, failure),
        isTaken: at(extent.taken, fc.constant(true)),
        line: at(
            extent.line,
            fc.oneof(
                { weight: 5, arbitrary: fc.constant("valid" as const) },
                fc.constant("taken" as const),
                failure,
            ),
        ),
    }) as fc.Arbitrary<RowPlan>
}

const anyRow = rowOf({ fails: 9, number: 6, taken: 14, line: 4 })
const rowsOf = (row: fc.Arbitrary<RowPlan>, maxLength: number, minLength = 1) =>
    fc.array(row, { minLength, maxLength })

const task = fc.record({
    scope: small,
    by: fc.nat({ max: 3 }),
    number: sometimes(fc.constantFrom("draft" as const, "ahead" as const, "hole" as const), 2),
    fails: sometimes(failure, 14),
}) as fc.Arbitrary<RowPlan>

const inserting: fc.Arbitrary<Step>[] = [
    fc.record({ kind: fc.constant("save"), rows: rowsOf(anyRow, 1), isAlone: fc.constant(true) }),
    fc.record({ kind: fc.constant("save"), rows: rowsOf(anyRow, 5), isAlone: fc.constant(false) }),
    fc.record({
        kind: fc.constantFrom("insert", "build"),
        rows: rowsOf(rowOf({ fails: 9, number: 6, taken: 14 }), 4),
    }),
    fc.record({ kind: fc.constant("columns"), rows: rowsOf(rowOf({}), 3) }),
    fc.record({
        kind: fc.constant("family"),
        rows: rowsOf(anyRow, 4, 0),
        fails: sometimes(failure, 9),
    }),
    fc.record({
        kind: fc.constant("batch"),
        rows: rowsOf(anyRow, 5),
        fails: sometimes(failure, 9),
    }),
    fc.record({
        kind: fc.constant("tasks"),
        rows: rowsOf(task, 4),
        by: fc.constantFrom("save", "insert"),
    }),
    fc.record({
        kind: fc.constant("both"),
        rows: rowsOf(rowOf({ fails: 14, number: 6, line: 4 }), 3),
        tasks: rowsOf(task, 3),
    }),
    fc.record({
        kind: fc.constant("upsert"),
        rows: fc.array(fc.record({ scope: small, stored: sometimes(small, 2) }), {
            minLength: 1,
            maxLength: 3,
        }),
    }),
] as fc.Arbitrary<Step>[]

const select = fc.record({
    kind: fc.constant("select"),
    what: fc.constantFrom("one", "table"),
}) as fc.Arbitrary<Step>

const leaf = fc.oneof(
    { weight: 10, arbitrary: fc.oneof(...inserting) },
    {
        weight: 6,
        arbitrary: fc.oneof(
            fc.record({ kind: fc.constant("push"), scope: small, rows: rowsOf(anyRow, 3) }),
            fc.record({ kind: fc.constant("ignore"), pick: small }),
            fc.record({
                kind: fc.constant("delete"),
                scope: small,
                which: fc.constantFrom("last", "middle"),
            }),
            fc.record({ kind: fc.constantFrom("again", "touch"), pick: small }),
            select,
        ) as fc.Arbitrary<Step>,
    },
)

const parallel = fc.record({
    kind: fc.constant("parallel"),
    isSettled: fc.boolean(),
    members: fc.array(fc.oneof({ weight: 9, arbitrary: fc.oneof(...inserting) }, select), {
        minLength: 2,
        maxLength: 4,
    }),
}) as fc.Arbitrary<Step>

function transaction(depth: number): fc.Arbitrary<Step> {
    const step: fc.Arbitrary<Step> =
        depth === 0
            ? fc.oneof({ weight: 4, arbitrary: leaf }, parallel)
            : fc.oneof({ weight: 4, arbitrary: leaf }, parallel, transaction(depth - 1))
    return fc.record({
        kind: fc.constant("transaction"),
        end: fc.constantFrom("commit", "commit", "throw"),
        steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    }) as fc.Arbitrary<Step>
}

export type Program = readonly Step[]

export const programs: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof({ weight: 3, arbitrary: transaction(2) }, { weight: 2, arbitrary: leaf }),
    { minLength: 1, maxLength: 5 },
)

/**
 * The same, but that all calls made at once have ended before anything else happens. Where TypeORM
 * gives all callers one connection, what goes on behind a ROLLBACK is of no transaction.
 */
export const settledPrograms: fc.Arbitrary<Step[]> = programs.map((steps) => steps.map(settled))

function settled(step: Step): Step {
    if (step.kind === "parallel") return { ...step, isSettled: true }
    return step.kind === "transaction" ? { ...step, steps: step.steps.map(settled) } : step
}

/** A program as it would be written by hand, nearly. */
export function textOf(program: Program): string {
    return program.map((step) => stepText(step, "m", "")).join("\n")
}

function stepText(step: Step, manager: string, indent: string): string {
    const line = (text: string) => `${indent}${text}`
    switch (step.kind) {
        case "save":
            return line(
                step.isAlone
                    ? `await ${manager}.save(${rowText(step.rows[0]!)})`
                    : `await ${manager}.save(${listText(step.rows)})`,
            )
        case "insert":
            return line(`await ${manager}.insert(Invoice, ${listText(step.rows)})`)
        case "build":
            return line(
                `await ${manager}.createQueryBuilder().insert().into(Invoice).values(${listText(step.rows)}).execute()`,
            )
        case "columns":
            return line(
                `await ${manager}.createQueryBuilder().insert().into(Invoice, ["customer.id", "reference"]).values(${listText(step.rows)}).execute()`,
            )
        case "family":
            return line(
                `await ${manager}.save(new Customer(${failsText(step.fails)}{ invoices: ${listText(step.rows, false)} }))`,
            )
        case "batch":
            return line(
                `await ${manager}.save(new Batch(${failsText(step.fails)}{ invoices: ${listText(step.rows)} }))`,
            )
        case "push":
            return line(
                `customer${step.scope}.invoices.push(${step.rows.map((row) => rowText(row, false)).join(", ")}); await ${manager}.save(customer${step.scope})`,
            )
        case "tasks":
            return line(`await ${manager}.${step.by}(${taskList(step.rows)})`)
        case "both":
            return line(
                `await ${manager}.save([...${listText(step.rows)}, ...${taskList(step.tasks)}])`,
            )
        case "upsert":
            return line(
                `await ${manager}.upsert(Invoice, [${step.rows
                    .map(({ scope, stored }) =>
                        stored === undefined ? `new of customer${scope}` : `stored${stored}`,
                    )
                    .join(", ")}], ["reference"])`,
            )
        case "ignore":
            return line(`await ${manager}.insert(stored${step.pick}).orIgnore()`)
        case "delete":
            return line(`await ${manager}.delete(${step.which} of customer${step.scope})`)
        case "again":
            return line(`await ${manager}.save(failed${step.pick}) // again, valid now`)
        case "touch":
            return line(`saved${step.pick}.note += "."; await ${manager}.save(saved${step.pick})`)
        case "select":
            return line(
                step.what === "one"
                    ? `await ${manager}.query("SELECT 1")`
                    : `await ${manager}.find(Invoice)`,
            )
        case "parallel":
            return [
                line(`await Promise.${step.isSettled ? "allSettled" : "all"}([`),
                ...step.members.map((member) =>
                    stepText(member, manager, `${indent}    `).replace("await ", "").concat(","),
                ),
                line("])"),
            ].join("\n")
        case "transaction": {
            const inner = `${manager}${manager}`.slice(0, manager.length + 1)
            return [
                line(`await ${manager}.transaction(async (${inner}) => {`),
                ...step.steps.map((each) => stepText(each, inner, `${indent}    `)),
                ...(step.end === "throw" ? [line("    throw GIVEN_UP")] : []),
                line(`})${step.end === "throw" ? ".catch(() => {})" : ""}`),
            ].join("\n")
        }
    }
}

function listText(rows: readonly RowPlan[], hasScope = true): string {
    return `[${rows.map((row) => rowText(row, hasScope)).join(", ")}]`
}

function rowText(row: RowPlan, hasScope = true): string {
    const { scope, number, by, fails, isTaken, line } = row
    const parts = [
        ...(hasScope ? [`customer${scope}`] : []),
        ...(number ? [`number: ${number === "draft" ? "null" : `${number} by ${by}`}`] : []),
        ...(isTaken ? ['reference: "taken"'] : []),
        ...(fails ? [`fails: ${fails}`] : []),
        ...(line ? [`line: ${line}`] : []),
    ]
    return parts.length > 0 ? `{ ${parts.join(", ")} }` : "{}"
}

function taskList(rows: readonly RowPlan[]): string {
    return `tasks ${listText(rows).replaceAll("customer", "team")}`
}

function failsText(fails: Failure | undefined): string {
    return fails ? `fails: ${fails}, ` : ""
}

/** How many calls a program makes. */
export function lengthOf(program: Program): number {
    return program.reduce((sum, step) => {
        if (step.kind === "transaction") return sum + lengthOf(step.steps)
        if (step.kind === "parallel") return sum + lengthOf(step.members)
        return sum + 1
    }, 0)
}
