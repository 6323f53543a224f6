import { expect } from "chai"
import { Column, Entity, type ObjectLiteral, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell("SQL expressions among the values of an INSERT", ({ way, can, tables }) => {
    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @Column() shop!: string
        @AutoSequenceColumn(way.options) number!: number
    }
    const shared = tables([Receipt])

    const insert = (shops: readonly string[]) =>
        shared().transaction((manager) =>
            manager
                .createQueryBuilder()
                .insert()
                .into(Receipt)
                .values(shops.map((shop): ObjectLiteral => ({ shop: () => shop })))
                .execute(),
        )
    const stored = async () => {
        const rows = await shared().manager.find(Receipt, { order: { id: "ASC" } })
        return rows.map(({ shop, number }) => `${number} ${shop}`)
    }

    it("may be texts with quotes, commas and parentheses", async () => {
        await insert(["'it''s'", "(CASE WHEN 1 = 1 THEN ')), ((''' ELSE '' END)"])
        expect(await stored()).to.eql(["1 it's", "2 )), (('"])
    })

    const isPostgres = can.partialIndexes && can.bigints
    if (isPostgres)
        it("may be texts that only PostgreSQL has", async () => {
            await insert(["E'it\\'s), ('", "$$it's), ($$", "$a$ '$$ $a$", "e'''\\\\'"])
            expect(await stored()).to.eql(["1 it's), (", "2 it's), (", "3  '$$ ", "4 '\\"])
        })

    for (const shop of ["'it", "(1"])
        it(`are the database's to refuse: ${shop}`, async () => {
            // TypeORM 0.3 hands on what better-sqlite3 throws.
            const { message } = await rejection(insert([shop, "'x'"]))
            expect(message).to.match(/syntax|unterminated|unrecognized token/)
            await insert(["'x'"])
            expect(await stored()).to.eql(["1 x"])
        })
})
