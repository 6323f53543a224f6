import { expect } from "chai"
import type { DataSource, QueryDeepPartialEntity } from "typeorm"
import { UnsupportedError } from "../../../src"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import {
    counterUpdates,
    countersByShelf,
    expectItems,
    Item,
    onMariaDb,
    onPostgres,
    onTriggerDatabases,
    table,
} from "./statement-entities"

/** All orders of `length` rows each of which is of one of these kinds. */
function orders(kinds: string, length: number): string[] {
    if (length === 0) return [""]
    return orders(kinds, length - 1).flatMap((rest) => [...kinds].map((kind) => rest + kind))
}

/**
 * The rows of a batch by a letter each: `a`, `b` are new rows of that shelf, `A`, `B` such that
 * conflict. Each batch conflicts with rows of its own, on a shelf that is not looked at.
 */
function batch(name: number, order: string): { taken: string; values: string } {
    const skus = [...order].map((_, at) => `${name} ${at}`)
    const isTaken = [...order].map((kind) => kind === kind.toUpperCase())
    return {
        taken: skus
            .filter((_, at) => isTaken[at])
            .map((sku) => `('old', '${sku}')`)
            .join(", "),
        values: [...order].map((kind, at) => `('${kind.toLowerCase()}', '${skus[at]}')`).join(", "),
    }
}

const UPDATE = {
    postgres: "ON CONFLICT (sku) DO UPDATE SET stock = 9",
    mariadb: "ON DUPLICATE KEY UPDATE stock = 9",
}

onTriggerDatabases("Rows of one statement some of which become updates", (database) => {
    const onConflict = () => (database().can.tableLock ? UPDATE.postgres : UPDATE.mariadb)

    it("leave no gap, in whatever order they are", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        const item = table(dataSource, Item)
        const last: Record<string, number> = { a: 0, b: 0 }
        let old = 0
        for (const [at, order] of [...orders("aA", 4), ...orders("aAbB", 3)].entries()) {
            const { taken, values } = batch(at, order)
            if (taken) await dataSource.query(`INSERT INTO ${item} (shelf, sku) VALUES ${taken}`)
            await dataSource.query(
                `INSERT INTO ${item} (shelf, sku) VALUES ${values} ${onConflict()}`,
            )
            for (const kind of order)
                if (kind in last) last[kind] = (last[kind] ?? 0) + 1
                else old += 1
            expect(await countersByShelf(dataSource), order).to.eql({
                ...counted(last),
                ...counted({ old }),
            })
        }
        const { a = 0, b = 0 } = last
        await expectItems(dataSource, { a: upTo(a), b: upTo(b), old: upTo(old) })
        expect(await dataSource.manager.countBy(Item, { stock: 9 })).to.equal(old)
    })

    it("leave no gap where they are one row each", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        const item = table(dataSource, Item)
        for (const sku of ["x", "x", "y", "x", "y", "z", "z"])
            await dataSource.query(
                `INSERT INTO ${item} (shelf, sku) VALUES ('A', '${sku}') ${onConflict()}`,
            )
        await expectItems(dataSource, { A: [1, 2, 3] })
    })

    it("don't raise the counter by a number that they set", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        const item = table(dataSource, Item)
        const insert = (values: string) =>
            dataSource.query(
                `INSERT INTO ${item} (shelf, sku, number) VALUES ${values} ${onConflict()}`,
            )
        await insert("('A', 'x', NULL)")
        await insert("('A', 'x', 50)")
        await expectItems(dataSource, { A: [1] })
        await insert("('A', 'y', NULL), ('A', 'x', 60), ('A', 'z', NULL)")
        await expectItems(dataSource, { A: [1, 2, 3] })
        await insert(
            "('A', 'x', 80), ('A', 'v', 5), ('A', 'y', 90), ('A', 'w', NULL), ('A', 'z', NULL)",
        )
        await expectItems(dataSource, { A: [1, 2, 3, 5, 6] })
    })

    it("leave a counter alone that has moved on since an INSERT failed", async () => {
        const dataSource = await database().connect([Item], { connections: 2 })
        const item = table(dataSource, Item)
        await dataSource.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'x')`)
        const runner = dataSource.createQueryRunner()
        await runner.connect()
        await rejection(runner.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'x')`))
        // The number that the failed row was to have.
        await runner.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'y')`)
        await runner.query(`UPDATE ${item} SET stock = 3`)
        await rejection(
            runner.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'z'), ('A', 'x')`),
        )
        await runner.query(`UPDATE ${item} SET stock = 4`)
        await expectItems(dataSource, { A: [1, 2] })
        await runner.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'z')`)
        await runner.release()
        await expectItems(dataSource, { A: [1, 2, 3] })
    })

    it("show stored numbers on entities of upsert(), and new ones of the others", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        const { manager } = dataSource
        const upsert = async (...rows: [shelf: string, sku: string][]) => {
            const items = rows.map(([shelf, sku]) => ({ shelf, sku }) as Item)
            await manager.upsert(Item, items, ["sku"])
            return items.map(({ number }) => number)
        }
        expect(await upsert(["A", "x"])).to.eql([1])
        expect(await upsert(["A", "x"])).to.eql([1])
        expect(await upsert(["A", "y"], ["A", "x"], ["B", "u"], ["A", "z"])).to.eql([2, 1, 1, 3])
        expect(await upsert(["A", "z"], ["B", "v"])).to.eql([3, 2])
        await expectItems(dataSource, { A: [1, 2, 3], B: [1, 2] })
    })

    it("of a query builder with orUpdate() leave no gap", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        const insert = (...skus: string[]) =>
            dataSource
                .createQueryBuilder()
                .insert()
                .into(Item)
                .values(skus.map((sku) => ({ shelf: "A", sku, stock: 4 })))
                .orUpdate(["stock"], ["sku"])
                .execute()
        await insert("x", "y")
        await insert("y", "z", "x")
        await insert("z")
        await insert("w")
        await expectItems(dataSource, { A: [1, 2, 3, 4] })
    })
})

function counted(last: Record<string, number>): Record<string, number> {
    return Object.fromEntries(Object.entries(last).filter(([, n]) => n > 0))
}

onPostgres("ON CONFLICT DO NOTHING", (database) => {
    let dataSource: DataSource
    let item: string
    beforeEach(async () => {
        dataSource = await database().connect([Item], { emptied: true })
        item = table(dataSource, Item)
    })

    it("leaves no gap, in whatever order the rows are", async () => {
        const last: Record<string, number> = { a: 0, b: 0 }
        let old = 0
        for (const [at, order] of [...orders("aA", 4), ...orders("aAbB", 3)].entries()) {
            const { taken, values } = batch(at, order)
            if (taken) await dataSource.query(`INSERT INTO ${item} (shelf, sku) VALUES ${taken}`)
            await dataSource.query(
                `INSERT INTO ${item} (shelf, sku) VALUES ${values} ON CONFLICT DO NOTHING`,
            )
            for (const kind of order)
                if (kind in last) last[kind] = (last[kind] ?? 0) + 1
                else old += 1
            expect(await countersByShelf(dataSource), order).to.eql({
                ...counted(last),
                ...counted({ old }),
            })
        }
        const { a = 0, b = 0 } = last
        await expectItems(dataSource, { a: upTo(a), b: upTo(b), old: upTo(old) })
    })

    it("leaves no gap where all of it is one transaction", async () => {
        await dataSource.transaction(async (manager) => {
            for (const [at, order] of orders("aAbB", 3).entries()) {
                const { taken, values } = batch(at, order)
                if (taken) await manager.query(`INSERT INTO ${item} (shelf, sku) VALUES ${taken}`)
                await manager.query(
                    `INSERT INTO ${item} (shelf, sku) VALUES ${values} ON CONFLICT DO NOTHING`,
                )
            }
        })
        const each = (64 * 3) / 4
        await expectItems(dataSource, { old: upTo(2 * each), a: upTo(each), b: upTo(each) })
    })

    it("makes few versions of counters where thousands of rows conflict", async () => {
        await dataSource.query(
            `INSERT INTO ${item} (shelf, sku) SELECT 'old', i FROM generate_series(1, 10000) i`,
        )
        for (const [shelf, scopes] of [
            ["'A'", 1],
            ["chr(65 + i % 2)", 2],
        ] as const)
            await dataSource.transaction(async (manager) => {
                const updates = await counterUpdates(
                    manager,
                    `INSERT INTO ${item} (shelf, sku) SELECT ${shelf}, i FROM generate_series(1, 10000) i
                     ON CONFLICT (sku) DO UPDATE SET stock = 1`,
                )
                expect(updates).to.be.at.most(6 * scopes)
            })
        await expectItems(dataSource, { old: upTo(10_000) })
        await dataSource.query(
            `INSERT INTO ${item} (shelf, sku)
             SELECT 'A', i / 2 FROM generate_series(9900, 20201) i ON CONFLICT DO NOTHING`,
        )
        await expectItems(dataSource, { old: upTo(10_000), A: upTo(100) })
    })

    it("doesn't raise the counter by the number of a row that it leaves out", async () => {
        const insert = (values: string) =>
            dataSource.query(
                `INSERT INTO ${item} (shelf, sku, number) VALUES ${values} ON CONFLICT DO NOTHING`,
            )
        await insert("('A', 'x', 3), ('A', 'x', 50)")
        await expectItems(dataSource, { A: [3] })
        // The number itself is taken.
        await insert("('A', 'y', 3), ('A', 'z', NULL), ('A', 'x', 60), ('A', 'w', NULL)")
        await expectItems(dataSource, { A: [3, 4, 5] })
        await insert("('A', 'v', 9), ('A', 'x', NULL), ('A', 'x', 60)")
        await expectItems(dataSource, { A: [3, 4, 5, 9] })
    })

    it("of orIgnore() shows numbers on a row that is in, and none on one that isn't", async () => {
        const insert = async (...skus: string[]) => {
            const rows: QueryDeepPartialEntity<Item>[] = skus.map((sku) => ({ shelf: "A", sku }))
            await dataSource
                .createQueryBuilder()
                .insert()
                .into(Item)
                .values(rows)
                .orIgnore()
                .execute()
            return rows.map(({ number }) => number)
        }
        expect(await insert("x")).to.eql([1])
        expect(await insert("x")).to.eql([undefined])
        // TypeORM doesn't tell which row of several is which.
        expect(await insert("x", "y", "z")).to.eql([undefined, undefined, undefined])
        expect(await insert("w")).to.eql([4])
        await expectItems(dataSource, { A: [1, 2, 3, 4] })
    })
})

onMariaDb("Rows that MariaDB leaves out", (database) => {
    it("are refused of orIgnore(), before anything is written", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        const error = await rejection(
            dataSource
                .createQueryBuilder()
                .insert()
                .into(Item)
                .values([{ shelf: "A" }])
                .orIgnore()
                .execute(),
        )
        expect(error).to.be.instanceOf(UnsupportedError)
        expect(error.message).to.include("orIgnore()").and.include("Item.number")
        await expectItems(dataSource, {})
    })

    it("give their numbers to the rows after them in the statement", async () => {
        const dataSource = await database().connect([Item], { emptied: true })
        await dataSource.query("INSERT INTO item (shelf, sku) VALUES ('A', 'x')")
        await dataSource.query(
            "INSERT IGNORE INTO item (shelf, sku) VALUES ('A', 'x'), ('A', 'x'), ('A', 'y'), ('A', 'x'), ('A', 'z')",
        )
        await expectItems(dataSource, { A: [1, 2, 3] })
    })

    it("of a later session keep what another session has taken since", async () => {
        const dataSource = await database().connect([Item], { connections: 3 })
        const [one, other] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()]
        await one.query("INSERT INTO item (shelf, sku) VALUES ('A', 'x')")
        await rejection(one.query("INSERT INTO item (shelf, sku) VALUES ('A', 'x')"))
        await other.query("INSERT INTO item (shelf, sku) VALUES ('A', 'y')")
        await one.query("UPDATE item SET stock = 1")
        await one.query(
            "INSERT INTO item (shelf, sku) VALUES ('A', 'x') ON DUPLICATE KEY UPDATE stock = 2",
        )
        await expectItems(dataSource, { A: [1, 2] })
        await one.release()
        await other.release()
    })
})
