import { expect } from "chai"
import fc from "fast-check"
import {
    Column,
    Entity,
    type EntityManager,
    ManyToOne,
    Not,
    PrimaryGeneratedColumn,
    Unique,
} from "typeorm"
import {
    AlreadyNumberedError,
    AlreadyVoidedError,
    AutoSequenceColumn,
    DocumentNumber,
    DraftError,
    ReadOnlyNumberError,
    seriesOf,
} from "../../src"
import { emptyTables } from "../support/empty-tables"
import { rejection, triggerError } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { seed } from "../support/seed"
import { isThorough } from "../support/thoroughness"
import { CODES, Model, type Operation, operation, type Scope, YEARS } from "./model"

// What rows and the journal hold after any sequence of calls, against what a model says in plain TypeScript.
for (const isPeriodic of [true, false])
    onEachCell(
        `Random programs with texts ${isPeriodic ? "in periods" : "without periods"}`,
        ({ way, can, tables }) => {
            @Entity()
            class Company {
                @PrimaryGeneratedColumn() id!: number
                @Column({ length: 9 }) code!: string
            }

            @Entity()
            @Unique(["reference"])
            class Invoice {
                @PrimaryGeneratedColumn() id!: number
                @ManyToOne(() => Company, { nullable: false, eager: true }) company!: Company
                @Column({ length: 9 }) status!: string
                @Column({ type: "date" }) issuedOn!: string
                @Column({ type: "int", nullable: true }) reference!: number | null
                @AutoSequenceColumn({
                    ...way.options,
                    uniqueWith: "company",
                    ...(isPeriodic && { period: { of: "issuedOn", by: "year" } }),
                    when: { status: Not("draft") },
                    journal: true,
                })
                sequence!: number | null
                @DocumentNumber({
                    of: "sequence",
                    uniqueWith: [],
                    format: isPeriodic ? "{company.code}-{YYYY}/{000}" : "{company.code}/{000}",
                })
                number!: string | null
            }

            const dataSource = tables([Company, Invoice])
            const series = () => seriesOf(dataSource(), Invoice, "sequence")

            const run = async (operations: readonly Operation[]) => {
                await emptyTables(dataSource())
                const companies = await dataSource()
                    .getRepository(Company)
                    .save(CODES.map((code) => ({ code })))
                let model = new Model(isPeriodic, way.isReusing)
                const ids: number[] = []
                const columns = (of: Scope, status: string) => ({
                    company: companies[of.company] as Company,
                    issuedOn: `${of.year}-05-05`,
                    status,
                })
                const scopeOf = (of: Scope) => ({
                    company: companies[of.company] as Company,
                    ...(isPeriodic && { period: String(of.year) }),
                })
                const kept = ({ sequence, number }: Invoice) => [sequence ?? null, number ?? null]
                const expected = (at: number) => [
                    model.rows[at]?.number ?? null,
                    model.rows[at]?.text ?? null,
                ]
                const isPostgres = /^postgres/.test(dataSource().options.type)
                const fails = async (
                    manager: EntityManager,
                    error: abstract new (...args: never[]) => Error,
                    work: (manager: EntityManager) => Promise<unknown>,
                ) => {
                    // There a transaction ends at the first error, but for what a savepoint holds.
                    const attempt = isPostgres ? manager.transaction(work) : work(manager)
                    const found = await rejection(attempt)
                    const type = dataSource().options.type === "mariadb" ? "mariadb" : "postgres"
                    expect(found).to.be.instanceOf(
                        way.isInDatabase ? triggerError(type, error) : error,
                    )
                }

                const perform = async (manager: EntityManager, one: Operation): Promise<void> => {
                    const invoices = manager.getRepository(Invoice)
                    const at = "row" in one ? one.row % Math.max(ids.length, 1) : 0
                    const row = model.rows[at]
                    const id = ids[at] as number
                    switch (one.kind) {
                        case "insert": {
                            const given = one.scopes.map((of) => columns(of, one.status))
                            const saved = await invoices.save(invoices.create(given))
                            for (const [index, { id: made }] of saved.entries()) {
                                model.add(one.scopes[index] as Scope, one.status)
                                ids.push(made)
                            }
                            expect(saved.map(kept)).to.eql(
                                saved.map((_, index) =>
                                    expected(ids.length - saved.length + index),
                                ),
                            )
                            return
                        }
                        case "set number": {
                            const sequence = model.nextOf(one.scope) + one.ahead
                            const given = { ...columns(one.scope, "final"), sequence }
                            const saved = await invoices.save(invoices.create(given))
                            model.add(one.scope, "final", { number: sequence })
                            ids.push(saved.id)
                            expect(kept(saved)).to.eql(expected(ids.length - 1))
                            return
                        }
                        case "save":
                        case "update": {
                            if (!row) return
                            const isMoved = row.number !== null && !model.isSame(row, one.scope)
                            const set = columns(one.scope, one.status)
                            const write = async (inner: EntityManager) => {
                                const own = inner.getRepository(Invoice)
                                if (one.kind === "update") return own.update({ id }, set)
                                const loaded = await own.findOneByOrFail({ id })
                                return own.save(Object.assign(loaded, set))
                            }
                            if (isMoved) return fails(manager, ReadOnlyNumberError, write)
                            const saved = await write(manager)
                            model.set(at, one)
                            if (saved instanceof Invoice) expect(kept(saved)).to.eql(expected(at))
                            return
                        }
                        case "update all": {
                            await invoices.update(
                                { company: { id: companies[one.company]?.id } },
                                { status: one.status },
                            )
                            for (const [each, found] of model.rows.entries())
                                if (found?.company === one.company)
                                    model.set(each, { scope: found, status: one.status })
                            return
                        }
                        case "upsert": {
                            const found = model.rows.findIndex(
                                (each) => each?.reference === one.reference,
                            )
                            const stored = model.rows[found]
                            // Triggers have moved the counter before the row is found.
                            if (stored && way.isInDatabase) return
                            const upsert = (inner: EntityManager) =>
                                inner.upsert(
                                    Invoice,
                                    { ...columns(one.scope, one.status), reference: one.reference },
                                    ["reference"],
                                )
                            const isMoved =
                                stored && stored.number !== null && !model.isSame(stored, one.scope)
                            if (isMoved) return fails(manager, ReadOnlyNumberError, upsert)
                            await upsert(manager)
                            if (stored) return model.set(found, one)
                            model.add(one.scope, one.status, { reference: one.reference })
                            const { reference } = one
                            ids.push((await invoices.findOneByOrFail({ reference })).id)
                            return
                        }
                        case "assign": {
                            const drafts = ids.flatMap((own, index) =>
                                model.rows[index]?.number === null &&
                                model.rows[index]?.company === one.scope.company
                                    ? [[own, index] as const]
                                    : [],
                            )
                            const set = { status: "final", issuedOn: `${one.scope.year}-05-05` }
                            const assign = (inner: EntityManager, rows: number[]) =>
                                series().assign(inner, rows, { set })
                            if (row && row.number !== null)
                                await fails(manager, AlreadyNumberedError, (inner) =>
                                    assign(inner, [id]),
                                )
                            if (drafts.length === 0) return
                            const saved = await assign(
                                manager,
                                drafts.map(([own]) => own).reverse(),
                            )
                            for (const [, index] of drafts.reverse())
                                model.set(index, { scope: one.scope, status: "final" })
                            expect(saved.map(kept)).to.eql(
                                drafts.map(([, index]) => expected(index)),
                            )
                            return
                        }
                        case "move": {
                            if (!row || row.number === null) return
                            const { company, issuedOn } = columns(one.scope, "")
                            const set = { company, issuedOn }
                            const move = (inner: EntityManager) => series().move(inner, id, { set })
                            if (model.isVoid(at)) return fails(manager, ReadOnlyNumberError, move)
                            const saved = await move(manager)
                            model.move(at, one.scope)
                            return void expect(kept(saved)).to.eql(expected(at))
                        }
                        case "delete":
                            if (!row) return
                            await invoices.delete(id)
                            return model.delete(at)
                        case "void": {
                            if (!row) return
                            const options = { reason: "r", set: { status: "void" } }
                            const write = (inner: EntityManager) =>
                                series().void(inner, id, options)
                            if (row.number === null) return fails(manager, DraftError, write)
                            if (model.isVoid(at)) return fails(manager, AlreadyVoidedError, write)
                            await write(manager)
                            return model.void(at)
                        }
                        case "skip": {
                            if (way.isReusing) return
                            const from = model.nextOf(one.scope)
                            const to = from + one.ahead
                            await series().skip(manager, scopeOf(one.scope), {
                                from,
                                to,
                                reason: "r",
                            })
                            return model.skip(one.scope, from, to)
                        }
                        case "fail": {
                            const before = model.rows.find((each) => each?.reference)
                            if (!before) return
                            const { reference } = before
                            const given = { ...columns(one.scope, "final"), reference }
                            return fails(manager, Error, (inner) =>
                                inner.insert(Invoice, [columns(one.scope, "final"), given]),
                            )
                        }
                        case "transaction": {
                            const before = model.copy()
                            const rollBack = new Error("roll back")
                            await manager
                                .transaction(async (inner) => {
                                    for (const each of one.operations) await perform(inner, each)
                                    if (one.isRolledBack) throw rollBack
                                })
                                .catch((error: unknown) => {
                                    if (error !== rollBack) throw error
                                    model = before
                                    ids.length = before.rows.length
                                })
                        }
                    }
                }
                for (const one of operations)
                    await dataSource().transaction((manager) => perform(manager, one))

                const stored = await dataSource().getRepository(Invoice).find()
                const byId = new Map(stored.map((row) => [row.id, row]))
                expect(
                    ids.map((id) => {
                        const row = byId.get(id)
                        return row && [row.company.code, row.status, row.sequence, row.number]
                    }),
                ).to.eql(
                    model.rows.map(
                        (row) => row && [CODES[row.company], row.status, row.number, row.text],
                    ),
                )
                expect(stored.length).to.equal(model.rows.filter(Boolean).length)
                for (const company of CODES.keys())
                    for (const year of isPeriodic ? YEARS : [YEARS[0] as number]) {
                        const of = { company, year }
                        const found = await series().events(scopeOf(of))
                        expect(found.map(({ kind, first, last }) => [kind, first, last])).to.eql(
                            model.eventsOf(of),
                        )
                    }
                expect(can).to.be.an("object")
            }

            it("agree with the model", async () => {
                await fc.assert(
                    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), run),
                    { seed, numRuns: isThorough ? 100 : 15 },
                )
            }).timeout(300_000)
        },
        ({ isGapless }) => isGapless,
    )
