import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, CounterBehindError } from "../../src"
import { type ColumnMetadata, columnName, tableName } from "../../src/typeorm/names"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"

@Entity()
class Slip {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) title!: string
    @Column({ default: false }) isFinal!: boolean
    @AutoSequenceColumn({ strategy: "counter", when: { isFinal: true } }) number!: number | null
}

// An UPDATE of more than 500 drafts is sent in parts.
onEveryDatabase("An UPDATE in parts", (database) => {
    async function draftsAnd(count: number, others: Partial<Slip>[]) {
        const dataSource = await database().connect([Slip], { emptied: true })
        const slips = dataSource.getRepository(Slip)
        await slips.insert(Array.from({ length: count }, () => ({})))
        await slips.save(others)
        return slips
    }

    it("is not committed where a later part fails", async () => {
        const slips = await draftsAnd(502, [{ isFinal: true }, { title: "raw" }])
        const [number, isFinal, title] = ["number", "isFinal", "title"].map((path) =>
            columnName(slips.metadata.findColumnWithPropertyName(path) as ColumnMetadata),
        )
        await slips.query(
            `UPDATE ${tableName(slips.metadata)} SET ${number} = 503, ${isFinal} = TRUE WHERE ${title} = 'raw'`,
        )
        let error: Error | undefined
        const transaction = slips.manager.transaction(async (manager) => {
            error = await rejection(manager.update(Slip, { isFinal: false }, { isFinal: true }))
        })
        // PostgreSQL has rolled it back by itself.
        await transaction.catch(() => {})
        expect(error).to.be.instanceOf(CounterBehindError)
        expect(await slips.countBy({ isFinal: true })).to.equal(2)
    })

    it("is one statement where it is about the first rows", async function () {
        const slips = await draftsAnd(501, [{ isFinal: true }, {}])
        if (slips.manager.connection.options.type !== "mariadb") return this.skip()
        await slips.manager.transaction((manager) =>
            manager
                .createQueryBuilder()
                .update(Slip)
                .set({ isFinal: true, title: "set" })
                .where("title = ''")
                .orderBy("id")
                .limit(501)
                .execute(),
        )
        expect(await slips.countBy({ title: "set" })).to.equal(501)
    })
})
