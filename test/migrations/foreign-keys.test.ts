import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    ManyToOne,
    Not,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { changeEntities, expectUpToDate, migrate, pendingOfTypeORM } from "./migrate"

interface Letters extends AutoSequenceColumnOptions {
    readonly isNumbered?: boolean
    readonly hasText?: boolean
}

function letters({ isNumbered = true, hasText = false, ...options }: Letters) {
    @Entity("office")
    class Office {
        @PrimaryColumn() id!: number
    }
    @Entity("letter")
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Office, { nullable: false }) office!: Office
        @Column({ type: "varchar", length: 20, default: "sent" }) status!: string
        number?: number | null
        text?: string | null
    }
    if (isNumbered)
        AutoSequenceColumn({
            strategy: "counter",
            uniqueWith: "office",
            journal: true,
            ...options,
        })(Letter.prototype, "number")
    if (hasText) DocumentNumber({ of: "number", format: "L-{0000}" })(Letter.prototype, "text")
    return [Office, Letter]
}

// The unique index of a number is the only one that serves the foreign key of its scope.
onEveryDatabase("the foreign key of a scope", (db) => {
    const start = async (options: Letters) => {
        const before = await db().connect(letters(options))
        await before.getRepository("Office").save([{ id: 1 }, { id: 2 }])
        await write(before)
        return before
    }
    const write = (dataSource: DataSource) =>
        dataSource.getRepository("Letter").save([{ office: { id: 1 } }, { office: { id: 2 } }])
    const numbers = async (dataSource: DataSource) => {
        const rows = await dataSource.getRepository("Letter").find({ order: { id: "ASC" } })
        return rows.map((row) => row.number as number)
    }
    const changes: Record<string, [Letters, Letters]> = {
        "a number that may be NULL now": [{}, { nullable: true }],
        "a condition": [{}, { when: { status: Not("draft") } }],
        "numbers at COMMIT": [{}, { assign: "commit" }],
        "another name of the column": [{}, { name: "no" }],
        "a text": [{}, { hasText: true }],
    }
    for (const [what, [before, after]] of Object.entries(changes)) {
        it(`does not stand in the way of ${what}, nor of the way back`, async () => {
            const old = await start(before)
            const { dataSource } = await migrate(db(), old, letters(after))
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            await write(dataSource)
            expect(await numbers(dataSource)).to.eql([1, 1, 2, 2])
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, letters(before))
            expect(await pendingOfTypeORM(undone)).to.eql([])
            await write(undone)
            expect(await numbers(undone)).to.eql([1, 1, 2, 2, 3, 3])
        })

        it(`does not keep synchronize() from ${what}, there and back`, async () => {
            const old = await start(before)
            const there = await db().connect(letters(after), { sameAs: old })
            await write(there)
            const back = await db().connect(letters(before), { sameAs: there })
            await verifyAutoSequence(back)
            await write(back)
            expect(await numbers(back)).to.eql([1, 1, 2, 2, 3, 3])
            expect(await pendingOfTypeORM(back)).to.eql([])
        })
    }

    it("does not keep synchronize() from removing the last number", async () => {
        const old = await start({})
        const without = await db().connect(letters({ isNumbered: false }), { sameAs: old })
        expect(await pendingOfTypeORM(without)).to.eql([])
        await write(without)
        const again = await db().connect(letters({}), { sameAs: without })
        await verifyAutoSequence(again)
        await write(again)
        expect(await numbers(again)).to.eql([2, 2, 3, 3, 4, 4])
    })

    it("does not keep a number or its text from being removed", async () => {
        const old = await start({ hasText: true })
        const { dataSource } = await migrate(db(), old, letters({}))
        await expectUpToDate(dataSource)
        const { dataSource: without } = await migrate(
            db(),
            dataSource,
            letters({ isNumbered: false }),
        )
        expect(await pendingOfTypeORM(without)).to.eql([])
        await write(without)
        const { dataSource: again } = await migrate(db(), without, letters({}))
        await verifyAutoSequence(again)
        await write(again)
        expect(await numbers(again)).to.eql([2, 2, 3, 3, 4, 4])
    })
})
