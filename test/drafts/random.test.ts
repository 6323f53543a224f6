import { expect } from "chai"
import fc from "fast-check"
import { Column, type EntityManager, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { emptyTables } from "../support/empty-tables"
import { onEachCell } from "../support/matrix"
import { seed } from "../support/seed"

interface ModelRow {
    company: number
    status: string
    number: number | null
}

/** What the rows of a table are to be, the first one first. */
class Model {
    rows: (ModelRow | undefined)[] = []
    last = [0, 0]

    set(at: number, values: Partial<ModelRow>): void {
        const row = this.rows[at]
        if (!row) return
        Object.assign(row, values)
        if (row.status !== "draft" && row.number === null)
            row.number = this.last[row.company] = (this.last[row.company] ?? 0) + 1
    }

    copy(): Model {
        return Object.assign(new Model(), structuredClone({ ...this }))
    }
}

type Operation =
    | { kind: "insert"; companies: number[]; status: string }
    | { kind: "save"; row: number; status: string; company?: number }
    | { kind: "update"; row: number; status: string; company?: number }
    | { kind: "update all"; company: number; status: string }
    | { kind: "delete drafts"; company: number }
    | { kind: "transaction"; operations: Operation[]; isRolledBack: boolean }

const status = fc.constantFrom("draft", "final", "void")
const company = fc.constantFrom(0, 1)
const { operation } = fc.letrec<{ operation: Operation }>((tie) => ({
    operation: fc.oneof(
        { maxDepth: 2 },
        fc.record({
            kind: fc.constant("insert" as const),
            companies: fc.array(company, { minLength: 1, maxLength: 4 }),
            status,
        }),
        fc.record(
            {
                kind: fc.constantFrom("save" as const, "update" as const),
                row: fc.nat(9),
                status,
                company,
            },
            { requiredKeys: ["kind", "row", "status"] },
        ),
        fc.record({ kind: fc.constant("update all" as const), company, status }),
        fc.record({ kind: fc.constant("delete drafts" as const), company }),
        fc.record({
            kind: fc.constant("transaction" as const),
            operations: fc.array(tie("operation"), { minLength: 1, maxLength: 4 }),
            isRolledBack: fc.boolean(),
        }),
    ),
}))

onEachCell(
    "Random programs with drafts",
    ({ way, tables }) => {
        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "int" }) company!: number
            @Column({ type: "varchar", length: 9 }) status!: string
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "company",
                when: { status: Not("draft") },
            })
            number!: number | null
        }
        const dataSource = tables([Invoice])

        it("give each company its numbers in the order in which its rows become final", async () => {
            const run = async (operations: readonly Operation[]) => {
                await emptyTables(dataSource())
                let model = new Model()
                const ids: number[] = []

                const perform = async (manager: EntityManager, one: Operation): Promise<void> => {
                    const rows = manager.getRepository(Invoice)
                    if (one.kind === "insert") {
                        const saved = await rows.save(
                            one.companies.map((of) =>
                                rows.create({ company: of, status: one.status }),
                            ),
                        )
                        for (const { id, company: of } of saved) {
                            ids.push(id)
                            const at = ids.length - 1
                            model.rows[at] = { company: of, status: "draft", number: null }
                            model.set(at, { status: one.status })
                        }
                        expect(saved.map((row) => row.number ?? null)).to.eql(
                            model.rows.slice(-saved.length).map((row) => row?.number),
                        )
                    } else if (one.kind === "save" || one.kind === "update") {
                        const at = one.row % Math.max(ids.length, 1)
                        const row = model.rows[at]
                        const id = ids[at]
                        if (!row || id === undefined) return
                        // The scope of a number stays.
                        const of = row.number === null ? (one.company ?? row.company) : row.company
                        const set = { status: one.status, company: of }
                        model.set(at, set)
                        if (one.kind === "update") await rows.update({ id }, set)
                        else {
                            const saved = await rows.save(
                                Object.assign(await rows.findOneByOrFail({ id }), set),
                            )
                            expect(saved.number).to.equal(row.number)
                        }
                    } else if (one.kind === "update all") {
                        for (const [at, row] of model.rows.entries())
                            if (row?.company === one.company) model.set(at, { status: one.status })
                        await rows.update({ company: one.company }, { status: one.status })
                    } else if (one.kind === "delete drafts") {
                        for (const [at, row] of model.rows.entries())
                            if (row?.company === one.company && row.number === null)
                                model.rows[at] = undefined
                        await rows
                            .createQueryBuilder()
                            .delete()
                            .where("company = :company AND number IS NULL", one)
                            .execute()
                    } else {
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
                for (const one of operations)
                    await dataSource().transaction((manager) => perform(manager, one))

                const stored = await dataSource().getRepository(Invoice).find()
                const byId = new Map(stored.map((row) => [row.id, row]))
                expect(
                    ids.map((id) => {
                        const row = byId.get(id)
                        return row && [row.company, row.status, row.number]
                    }),
                ).to.eql(model.rows.map((row) => row && [row.company, row.status, row.number]))
                expect(stored).to.have.property("length", model.rows.filter(Boolean).length)
            }
            await fc.assert(
                fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), run),
                { seed, numRuns: 40 },
            )
        }).timeout(120_000)
    },
    ({ options, isGapless }) => options.strategy !== "trigger" && isGapless,
)
