import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, PseudoKey } from "../../src"
import { onOnePostgres } from "../support/databases"

abstract class Wide {
    @PrimaryGeneratedColumn()
    id!: number
}

const WIDTH = 30
for (let at = 0; at < WIDTH; at += 1) {
    Reflect.defineMetadata("design:type", Number, Wide.prototype, `c${at}`)
    Column({ type: "int" })(Wide.prototype, `c${at}`)
}

@Entity()
class Row extends Wide {
    @AutoSequenceColumn({ strategy: "counter" })
    number!: number

    @AutoSequenceColumn({ strategy: "counter", type: "bigint", startAt: 2 ** 53 - 2 })
    large!: string

    @Column({ type: "date" })
    date!: string

    @AutoSequenceColumn({ strategy: "counter", period: { of: "date", by: "year" } })
    inYear!: number

    @DocumentNumber({ of: "inYear", format: "it's {YYYY}/{00000}" })
    text!: string

    @PseudoKey({ derive: ({ number }: Row) => `n ${number}` })
    slug!: string

    @PseudoKey()
    publicId!: string
}

// The protocol counts parameters in 16 bits.
onOnePostgres("An INSERT that has room for no more parameters", (database) => {
    it("takes the values that are made for its rows all the same", async () => {
        const dataSource = await database().connect([Row], { emptied: true })
        const count = Math.floor(65_535 / WIDTH)
        const columns = Object.fromEntries(Array.from({ length: WIDTH }, (_, at) => [`c${at}`, at]))
        const rows = await dataSource
            .getRepository(Row)
            .save(Array.from({ length: count }, () => ({ ...columns })))
        const stored = await dataSource.manager.find(Row, { order: { number: "ASC" } })
        expect(stored.map(({ number }) => number)).to.deep.equal(
            Array.from({ length: count }, (_, at) => at + 1),
        )
        for (const [at, row] of stored.entries())
            expect(row).to.include({
                ...columns,
                large: String(2n ** 53n - 2n + BigInt(at)),
                inYear: at + 1,
                text: `it's ${row.date.slice(0, 4)}/${String(at + 1).padStart(5, "0")}`,
                slug: `n-${at + 1}`,
            })
        const shown = rows.map(({ number, text, publicId }) => ({ number, text, publicId }))
        expect(shown).to.have.deep.members(
            stored.map(({ number, text, publicId }) => ({ number, text, publicId })),
        )
        const next = await dataSource.manager.save(Row, { ...columns } as Partial<Row>)
        expect(next).to.include({ number: count + 1, inYear: count + 1 })
    })
})
