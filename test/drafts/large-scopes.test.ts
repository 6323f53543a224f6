import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"
import { onEveryDatabase } from "../support/databases"

const FINAL = { strategy: "counter", uniqueWith: "account", when: { isFinal: true } } as const

@Entity()
class Entry {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "bigint" }) account!: string
    @Column() title!: string
    @Column({ default: false }) isFinal!: boolean
    @AutoSequenceColumn(FINAL) number!: number | null
    @AutoSequenceColumn({ ...FINAL, assign: "commit" }) later!: number | null
    @PseudoKey({ derive: ({ title }: Entry) => title, uniqueWith: "account", history: true })
    slug!: string
}

// JavaScript takes both for the same number.
const [ONE, OTHER] = ["9007199254740993", "9007199254740992"]

onEveryDatabase("Drafts whose scope is an integer past 2^53", (database) => {
    it("are numbered, and have their keys, each in its own", async () => {
        const dataSource = await database().connect([Entry])
        const entries = dataSource.getRepository(Entry)
        const drafts = [ONE, OTHER, ONE].map((account) => ({ account, title: "Tea" }))
        const ids = (await entries.save(drafts)).map(({ id }) => id)
        for (const id of ids) await entries.save({ id, isFinal: true })
        for (const id of ids) await entries.save({ id, slug: `entry-${id}` })
        await entries.save({ account: OTHER, title: "Tea", isFinal: true })
        const rows = await entries.find({ order: { id: "ASC" } })
        expect(rows.map(({ number, later }) => [number, later])).to.eql([
            [1, 1],
            [1, 1],
            [2, 2],
            [2, 2],
        ])
        expect(rows.map(({ slug }) => slug)).to.eql([...ids.map((id) => `entry-${id}`), "tea-2"])
    })
})
