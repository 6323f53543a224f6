import { expect } from "chai"
import {
    Column,
    Entity,
    In,
    IsNull,
    JoinColumn,
    ManyToOne,
    Not,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, type AutoSequenceColumnOptions } from "../../src"
import { onEachCell } from "../support/matrix"

const UNSET = { text: null, whole: null, amount: null, flag: null, owner: null }

// Each condition with rows for which it holds, and others.
onEachCell(
    "Conditions",
    ({ way, tables }) => {
        const { options } = way

        @Entity()
        class Owner {
            @PrimaryGeneratedColumn() id!: number
        }

        const withCondition = (name: string, when: AutoSequenceColumnOptions["when"]) => {
            @Entity(name)
            class Row {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "varchar", length: 9, nullable: true }) text!: string | null
                @Column({ type: "int", nullable: true }) whole!: number | null
                @Column({ type: "decimal", precision: 9, scale: 2, nullable: true })
                amount!: string | null
                @Column({ type: "boolean", nullable: true }) flag!: boolean | null
                @ManyToOne(() => Owner, { nullable: true })
                @JoinColumn({ name: "owner" })
                owner!: Owner | null
                @AutoSequenceColumn({ ...options, when }) number!: number | null
            }
            return Row
        }
        const cases = [
            ["equal", { text: "it's" }, [{ text: "it's" }], [{ text: "its" }, {}]],
            ["another", { text: Not("a\\b") }, [{ text: "ab" }], [{ text: "a\\b" }, {}]],
            ["listed", { whole: In([1, 2]) }, [{ whole: 2 }], [{ whole: 3 }, { whole: null }]],
            ["unlisted", { whole: Not(In([1, 2])) }, [{ whole: 3 }], [{ whole: 1 }, {}]],
            ["unset", { text: IsNull() }, [{}, { whole: 1 }], [{ text: "" }]],
            ["set", { text: Not(IsNull()) }, [{ text: "" }], [{ text: null }]],
            ["flagged", { flag: true }, [{ flag: true }], [{ flag: false }, {}]],
            ["amount", { amount: "1.50" }, [{ amount: "1.5" }], [{ amount: "1.51" }]],
            ["both", { whole: 1, flag: false }, [{ whole: 1, flag: false }], [{ whole: 1 }]],
            ["owned", { owner: Not(IsNull()) }, [{ owner: { id: 1 } }], [{ owner: null }]],
        ] as const
        const entities = cases.map(([name, when]) => withCondition(name, when))
        const dataSource = tables([Owner, ...entities])

        for (const [at, [name, , holding, others]] of cases.entries())
            it(`number rows by INSERT and UPDATE for which they hold: ${name}`, async () => {
                const rows = dataSource().getRepository(entities[at]!)
                const [owner] = await dataSource().getRepository(Owner).save([{}])
                const ofDatabase = (row: object) => ({
                    ...UNSET,
                    ...row,
                    ...("owner" in row && row.owner ? { owner } : {}),
                })
                for (const row of [...holding, ...others].map(ofDatabase)) {
                    const { number } = await rows.save(rows.create(row))
                    const [draft] = await rows.save(others.slice(0, 1).map(ofDatabase))
                    expect(draft?.number ?? null).to.equal(null)
                    await dataSource().transaction((manager) =>
                        manager.update(entities[at]!, { id: draft?.id }, row),
                    )
                    const changed = await rows.findOneByOrFail({ id: draft?.id })
                    expect(changed.number === null).to.equal(number === null)
                }
                const found = await rows.find({ order: { number: "ASC" } })
                const numbers = found.flatMap(({ number }) => number ?? [])
                expect(numbers).to.eql(Array.from({ length: 2 * holding.length }, (_, i) => i + 1))
            })

        it("compare texts as the column does", async () => {
            const rows = dataSource().getRepository(entities[0]!)
            const row = await rows.save({ text: "IT'S" })
            const isSame = dataSource().options.type === "mariadb"
            expect((row.number ?? null) !== null).to.equal(isSame)
        })
    },
    ({ options }) => options.strategy !== "trigger",
)
