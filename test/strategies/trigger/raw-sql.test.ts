import { getPGliteInstance } from "typeorm-pglite"
import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { AutoSequenceError, UnsupportedError } from "../../../src"
import { expectRejects, rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import {
    countersByShelf,
    countingTo,
    Dated,
    expectItems,
    Item,
    Label,
    makeFunction,
    numbersByShelf,
    onMariaDb,
    onPostgres,
    onTriggerDatabases,
    table,
} from "./statement-entities"
import { copyIn, loadData } from "./streaming-entities"

onTriggerDatabases("Raw SQL", (database) => {
    let dataSource: DataSource
    let item: string
    beforeEach(async () => {
        dataSource = await database().connect([Item], { emptied: true })
        item = table(dataSource, Item)
    })

    it("numbers an INSERT, several rows of one, and INSERT … SELECT", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A')`)
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('B'), ('A')`)
        await dataSource.query(
            `INSERT INTO ${item} (shelf, number) SELECT 'B', NULL FROM ${countingTo(dataSource, 3)}`,
        )
        await dataSource.query(`INSERT INTO ${item} (shelf, number) VALUES ('A', NULL)`)
        await expectItems(dataSource, { A: upTo(4), B: upTo(4) })
    })

    it("numbers a row that selects from its own table", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('A')`)
        await dataSource.query(
            `INSERT INTO ${item} (shelf, number) SELECT shelf, NULL FROM ${item}`,
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf, number) SELECT CONCAT(shelf, number), NULL FROM ${item}`,
        )
        await expectItems(dataSource, { A: upTo(4), A1: [1], A2: [1], A3: [1], A4: [1] })
    })

    it("goes on after numbers that are set, also among rows that set none", async () => {
        await dataSource.query(
            `INSERT INTO ${item} (shelf, number) VALUES
             ('A', NULL), ('A', 5), ('A', NULL), ('A', 3), ('B', NULL), ('A', NULL), ('B', 2), ('B', NULL)`,
        )
        await expectItems(dataSource, { A: [1, 5, 6, 3, 7], B: [1, 2, 3] })
    })

    it("numbers again and again through one prepared statement", async () => {
        const [prepare, execute] =
            dataSource.options.type === "mariadb"
                ? [
                      `PREPARE add_item FROM "INSERT INTO ${item} (shelf) VALUES (?), ('A')"`,
                      "EXECUTE add_item USING 'B'",
                  ]
                : [
                      `PREPARE add_item AS INSERT INTO ${item} (shelf) VALUES ($1), ('A')`,
                      "EXECUTE add_item ('B')",
                  ]
        const runner = dataSource.createQueryRunner()
        await runner.query(prepare)
        // PostgreSQL may use another plan from the sixth time on.
        for (let i = 0; i < 10; i++) await runner.query(execute)
        await runner.query("DEALLOCATE PREPARE add_item")
        await runner.release()
        await expectItems(dataSource, { A: upTo(10), B: upTo(10) })
    })

    it("leaves no gap where a statement of its own fails", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'taken')`)
        for (let i = 0; i < 3; i++)
            await rejection(
                dataSource.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'taken')`),
            )
        await expectItems(dataSource, { A: [1] })
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A')`)
        await expectItems(dataSource, { A: [1, 2] })
    })

    it("leaves no gap where a statement fails in its middle", async () => {
        await dataSource.query(
            `INSERT INTO ${item} (shelf, sku) VALUES ('A', 'at 500'), ('B', NULL)`,
        )
        await rejection(
            dataSource.query(
                `INSERT INTO ${item} (shelf, number, sku)
                 SELECT CASE WHEN i % 3 = 0 THEN 'A' WHEN i % 3 = 1 THEN 'B' ELSE 'C' END, NULL, CONCAT('at ', i)
                 FROM ${countingTo(dataSource, 1000)}`,
            ),
        )
        await expectItems(dataSource, { A: [1], B: [1] })
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('C'), ('B'), ('A')`)
        await expectItems(dataSource, { A: [1, 2], B: [1, 2], C: [1] })
    })

    it("takes numbers back with a savepoint, and goes on with them", async () => {
        await dataSource.transaction(async (manager) => {
            await manager.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('A')`)
            await manager.query("SAVEPOINT here")
            await manager.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('B'), ('A'), ('A')`)
            await manager.query("ROLLBACK TO SAVEPOINT here")
            await manager.query(`INSERT INTO ${item} (shelf) VALUES ('B'), ('A')`)
            await manager.query("SAVEPOINT here")
            await rejection(
                manager.query(`INSERT INTO ${item} (shelf, id) VALUES ('A', NULL), (NULL, NULL)`),
            )
            await manager.query("ROLLBACK TO SAVEPOINT here")
            await manager.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('A')`)
        })
        await expectItems(dataSource, { A: upTo(5), B: [1] })
    })

    it("gives the numbers of a transaction that is rolled back again", async () => {
        const failed = new Error("roll back")
        const attempt = dataSource.transaction(async (manager) => {
            await manager.query(
                `INSERT INTO ${item} (shelf, number) SELECT 'A', NULL FROM ${countingTo(dataSource, 100)}`,
            )
            throw failed
        })
        expect(await rejection(attempt)).to.equal(failed)
        expect(await countersByShelf(dataSource)).to.eql({})
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A')`)
        await expectItems(dataSource, { A: [1] })
    })

    it("numbers rows in a table that has lost all of its rows after the last ones", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('A')`)
        await dataSource.query(`DELETE FROM ${item}`)
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A')`)
        await expectItems(dataSource, { A: [3] })
    })
})

onTriggerDatabases("A scope that the database works out", (database) => {
    it("is refused where it is worked out after the trigger, and right elsewhere", async () => {
        // PostgreSQL makes generated columns when all BEFORE triggers have run.
        if (database().can.tableLock) {
            const error = await rejection(database().connect([Dated]))
            expect(error).to.be.instanceOf(AutoSequenceError)
            expect(error.message).to.contain("year")
            return
        }
        const dataSource = await database().connect([Dated])
        const dated = table(dataSource, Dated)
        await dataSource.query(`INSERT INTO ${dated} (month) VALUES (202601), (202512), (202602)`)
        const rows = await dataSource.manager.find(Dated, { order: { id: "ASC" } })
        expect(rows.map(({ year, number }) => [year, number])).to.eql([
            [2026, 1],
            [2025, 1],
            [2026, 2],
        ])
    })
})

onPostgres("Raw SQL of PostgreSQL", (database) => {
    let dataSource: DataSource
    let item: string
    beforeEach(async () => {
        dataSource = await database().connect([Item, Label])
        item = table(dataSource, Item)
    })

    it("numbers rows that COPY brings", async () => {
        const lines = upTo(1000).map((i) => `${i % 2 === 0 ? "A" : "B"}\n`)
        const copy = (text: string) =>
            database().kind === "pglite"
                ? getPGliteInstance().then((db) =>
                      db.query(`COPY ${item} (shelf) FROM '/dev/blob'`, [], {
                          blob: new Blob([text]),
                      }),
                  )
                : copyIn(dataSource, `COPY ${item} (shelf) FROM STDIN`, text)
        await copy(lines.join(""))
        await expectItems(dataSource, { A: upTo(500), B: upTo(500) })
        const error = await rejection(copy("A\nB\n\\N\n"))
        expect(error.message).to.include("not-null constraint")
        await expectItems(dataSource, { A: upTo(500), B: upTo(500) })
    })

    it("numbers rows of functions, and takes the numbers of failed ones back", async () => {
        const add = await makeFunction(
            dataSource,
            "add_item",
            "(p_shelf text, p_sku text) RETURNS int",
            `DECLARE v_number int;
             BEGIN
                 BEGIN
                     INSERT INTO ${item} (shelf, sku) VALUES (p_shelf, NULL), (p_shelf, p_sku);
                 EXCEPTION WHEN unique_violation THEN
                     INSERT INTO ${item} (shelf) VALUES (p_shelf) RETURNING number INTO v_number;
                 END;
                 RETURN v_number;
             END`,
        )
        await dataSource.query(
            `SELECT ${add}('A', sku) FROM unnest(ARRAY['x', 'x', 'y', 'x', 'y']) sku`,
        )
        await expectItems(dataSource, { A: upTo(2 + 1 + 2 + 1 + 1) })
    })

    it("takes numbers back where a block of DO catches the error", async () => {
        await dataSource.query(`DO $$
            BEGIN
                FOR i IN 1..20 LOOP
                    BEGIN
                        INSERT INTO ${item} (shelf, sku)
                            SELECT 'A', CASE WHEN j = 4 THEN i / 2 END FROM generate_series(1, 5) j;
                    EXCEPTION WHEN unique_violation THEN
                        NULL;
                    END;
                END LOOP;
            END $$`)
        await expectItems(dataSource, { A: upTo(11 * 5) })
    })

    it("numbers rows of a function that an INSERT selects from", async () => {
        const add = await makeFunction(
            dataSource,
            "add_one",
            "() RETURNS text",
            `BEGIN INSERT INTO ${item} (shelf, sku) VALUES ('A', 'inner'); RETURN 'A'; END`,
        )
        await rejection(
            dataSource.query(
                `INSERT INTO ${item} (shelf) SELECT ${add}() FROM generate_series(1, 2)`,
            ),
        )
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES (${add}()), ('A'), ('A')`)
        await expectItems(dataSource, { A: upTo(4) })
    })

    it("numbers rows of two tables that one statement writes", async () => {
        const label = table(dataSource, Label)
        const rows = await dataSource.query<{ number: number; code: string }[]>(
            `WITH items AS (
                 INSERT INTO ${item} (shelf) SELECT 'A' FROM generate_series(1, 50) RETURNING number
             )
             INSERT INTO ${label} (code) SELECT number FROM items RETURNING number, code`,
        )
        expect(rows).to.eql(upTo(50).map((number) => ({ number, code: String(number) })))
        await expectItems(dataSource, { A: upTo(50) })
        await dataSource.query(
            `WITH labels AS (INSERT INTO ${label} DEFAULT VALUES), items AS (
                 INSERT INTO ${item} (shelf) VALUES ('A'), ('B'))
             INSERT INTO ${item} (shelf) VALUES ('A'), ('B'), ('B')`,
        )
        const { A = [], B = [] } = await numbersByShelf(dataSource)
        expect(A.sort((a, b) => a - b)).to.eql(upTo(52))
        expect(B.sort((a, b) => a - b)).to.eql(upTo(3))
        expect(await countersByShelf(dataSource)).to.eql({ A: 52, B: 3 })
    })

    it("numbers the rows that MERGE inserts, and no others", async function () {
        if (Number(await versionOf(dataSource)) < 150000) return this.skip()
        await dataSource.query(
            `INSERT INTO ${item} (shelf, sku) VALUES ('A', '2'), ('A', '4'), ('A', '100')`,
        )
        for (const last of [6, 8])
            await dataSource.query(
                `MERGE INTO ${item} t USING generate_series(1, ${last}) s(i) ON t.sku = s.i::text
                 WHEN MATCHED THEN UPDATE SET stock = stock + 1
                 WHEN NOT MATCHED AND i % 2 = 1 THEN DO NOTHING
                 WHEN NOT MATCHED THEN INSERT (shelf, sku) VALUES ('A', i)`,
            )
        await expectItems(dataSource, { A: upTo(5) })
        await rejection(
            dataSource.query(
                `MERGE INTO ${item} t USING generate_series(1, 200) s(i) ON t.sku = s.i::text AND i < 100
                 WHEN NOT MATCHED THEN INSERT (shelf, sku) VALUES ('A', i)`,
            ),
        )
        await expectItems(dataSource, { A: upTo(5) })
    })
})

onPostgres("A trigger of the application", (database) => {
    let dataSource: DataSource
    let item: string
    beforeEach(async () => {
        dataSource = await database().connect([Item, Label])
        item = table(dataSource, Item)
    })

    async function triggerOf(when: string, body: string, name = "app"): Promise<void> {
        const on = await makeFunction(dataSource, `on_${name}`, "() RETURNS trigger", body)
        await dataSource.query(
            `CREATE TRIGGER "${name}" ${when} ON ${item} FOR EACH ROW EXECUTE FUNCTION ${on}()`,
        )
    }

    it("may set the scope, or the number", async () => {
        await triggerOf(
            "BEFORE INSERT",
            `BEGIN
                 NEW.shelf := upper(NEW.shelf);
                 IF NEW.stock = 7 THEN NEW.number := 70; END IF;
                 RETURN NEW;
             END`,
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf, stock) VALUES ('a', 0), ('A', 7), ('a', 0), ('b', 0)`,
        )
        await expectItems(dataSource, { A: [1, 70, 71], B: [1] })
    })

    for (const [name, order] of [
        ["app", "before"],
        ["zzz", "after"],
    ] as const)
        it(`that leaves rows out ${order} they get numbers leaves no gaps`, async () => {
            await triggerOf(
                "BEFORE INSERT",
                "BEGIN IF NEW.stock % 3 = 0 THEN RETURN NULL; END IF; RETURN NEW; END",
                name,
            )
            for (const stock of [3, 1, 6])
                await dataSource.query(`INSERT INTO ${item} (shelf, stock) VALUES ('A', ${stock})`)
            await dataSource.query(
                `INSERT INTO ${item} (shelf, stock)
                 SELECT CASE WHEN i % 2 = 0 THEN 'A' ELSE 'B' END, i FROM generate_series(1, 60) i`,
            )
            await expectItems(dataSource, { A: upTo(21), B: upTo(20) })
            await dataSource.query(
                `INSERT INTO ${item} (shelf, stock, number) VALUES ('A', 3, 900)`,
            )
            await dataSource.query(`INSERT INTO ${item} (shelf, stock) VALUES ('A', 1)`)
            await expectItems(dataSource, { A: upTo(22), B: upTo(20) })
        })

    it("that adds rows to its own table after each row leaves no gaps", async () => {
        await triggerOf(
            "AFTER INSERT",
            `BEGIN
                 IF NEW.stock > 0 THEN
                     INSERT INTO ${item} (shelf, stock) VALUES (NEW.shelf, NEW.stock - 1), ('B', 0);
                 END IF;
                 RETURN NULL;
             END`,
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf, stock) VALUES ('A', 2), ('A', 0), ('A', 3)`,
        )
        await expectItems(dataSource, { A: upTo(8), B: upTo(5) })
    })

    it("that adds rows to its own table before each row leaves no gaps", async () => {
        await triggerOf(
            "BEFORE INSERT",
            `BEGIN
                 IF NEW.stock > 0 THEN
                     INSERT INTO ${item} (shelf, stock) VALUES (NEW.shelf, NEW.stock - 1);
                 END IF;
                 RETURN NEW;
             END`,
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf, stock) VALUES ('A', 2), ('A', 0), ('A', 3)`,
        )
        const { A = [] } = await numbersByShelf(dataSource)
        expect(A.sort((a, b) => a - b)).to.eql(upTo(8))
        expect(await countersByShelf(dataSource)).to.eql({ A: 8 })
    })

    it("that adds rows after those before it have got numbers takes none of theirs", async () => {
        await triggerOf(
            "BEFORE INSERT",
            `BEGIN
                 IF NEW.stock > 0 THEN
                     INSERT INTO ${item} (shelf, stock) VALUES (NEW.shelf, NEW.stock - 1);
                 END IF;
                 RETURN NEW;
             END`,
            "zzz",
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf, stock) VALUES ('A', 2), ('A', 0), ('A', 3)`,
        )
        const { A = [] } = await numbersByShelf(dataSource)
        expect(A.sort((a, b) => a - b)).to.eql(upTo(8))
        expect(await countersByShelf(dataSource)).to.eql({ A: 8 })
    })
})

onMariaDb("Raw SQL of MariaDB", (database) => {
    let dataSource: DataSource
    beforeEach(async () => (dataSource = await database().connect([Item, Label])))

    it("numbers rows that LOAD DATA brings", async () => {
        await loadData(dataSource, "item (shelf)", "A\nB\nA\n")
        await loadData(dataSource, "item (shelf)", "A\nA\n")
        await expectItems(dataSource, { A: upTo(4), B: [1] })
    })

    // MariaDB refuses a row of INSERT … SELECT before its triggers where a column without a
    // default is left out; with VALUES and LOAD DATA it waits for them.
    it("refuses INSERT … SELECT that doesn't name the number, and says how to write it", async () => {
        for (const table of ["`item`", "item"]) {
            const insert = `INSERT INTO ${table} (shelf) SELECT 'A' FROM seq_1_to_3`
            const transaction = dataSource.transaction((m) => m.query(insert))
            await expectRejects(transaction, UnsupportedError, "Item.number", "select NULL for it")
        }
        await dataSource.query("INSERT INTO item (shelf, number) SELECT 'A', NULL FROM seq_1_to_3")
        await expectItems(dataSource, { A: upTo(3) })
    })

    it("numbers rows of INSERT … SET and REPLACE", async () => {
        await dataSource.query("INSERT INTO item SET shelf = 'A', sku = 'x'")
        await dataSource.query("REPLACE INTO item (shelf, sku) VALUES ('A', 'x'), ('A', 'y')")
        // A row that is replaced is deleted, and its number never comes back.
        await expectItems(dataSource, { A: [2, 3] })
    })

    it("gives the number back where a function catches the error of a row", async () => {
        await dataSource.query(
            `CREATE FUNCTION add_item(p_sku VARCHAR(100)) RETURNS INT MODIFIES SQL DATA BEGIN
                     DECLARE CONTINUE HANDLER FOR 1062 SET @caught = @caught + 1;
                     INSERT INTO item (shelf, sku) VALUES ('A', p_sku);
                     RETURN 1;
                 END`,
        )
        await dataSource.transaction(async (manager: EntityManager) => {
            await manager.query("SET @caught = 0")
            await manager.query(
                "SELECT add_item('x'), add_item('x'), add_item('y'), add_item('y'), add_item('z')",
            )
            const [row] = await manager.query<{ n: string }[]>("SELECT @caught AS n")
            expect(Number(row?.n)).to.equal(2)
        })
        await expectItems(dataSource, { A: upTo(3) })
    })

    it("goes on where a procedure catches the error of a row", async () => {
        await dataSource.query(
            `CREATE PROCEDURE add_items() BEGIN
                     DECLARE CONTINUE HANDLER FOR 1062 BEGIN END;
                     INSERT INTO item (shelf, sku) VALUES ('A', 'x');
                     INSERT INTO item (shelf, sku) VALUES ('A', 'y'), ('A', 'x');
                     INSERT INTO item (shelf, sku) VALUES ('A', 'z');
                     INSERT INTO item (shelf, sku) VALUES ('A', 'z');
                 END`,
        )
        await dataSource.query("CALL add_items()")
        await expectItems(dataSource, { A: upTo(2) })
    })

    it("goes on after rows that a trigger of the application adds", async () => {
        await dataSource.query(
            `CREATE TRIGGER app AFTER INSERT ON item FOR EACH ROW
                 INSERT INTO label (code) VALUES (CONCAT(NEW.shelf, NEW.number))`,
        )
        await dataSource.query("INSERT INTO item (shelf) VALUES ('A'), ('B'), ('A')")
        const labels = await dataSource.getRepository(Label).find({ order: { id: "ASC" } })
        expect(labels.map(({ code, number }) => [code, number])).to.eql([
            ["A1", 1],
            ["B1", 2],
            ["A2", 3],
        ])
        await expectItems(dataSource, { A: [1, 2], B: [1] })
    })
})

async function versionOf(dataSource: DataSource): Promise<string | undefined> {
    const [row] =
        await dataSource.query<{ server_version_num: string }[]>("SHOW server_version_num")
    return row?.server_version_num
}
