import { expect } from "chai"
import { ChildEntity, Column, Entity, Not, PrimaryGeneratedColumn, TableInheritance } from "typeorm"
import { AutoSequenceColumn, NotInstalledError } from "../../../src"
import { expectRejects } from "../../support/errors"
import { onPostgres, table } from "../trigger/statement-entities"

const late = { strategy: "trigger", assign: "commit" } as const

@Entity({ name: "late_document" })
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
class Document {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 20, default: "draft" }) status!: string
}

@ChildEntity()
class Letter extends Document {}

@ChildEntity()
class Invoice extends Document {
    @AutoSequenceColumn(late) number!: number | null
}

@ChildEntity()
class Credit extends Document {
    @AutoSequenceColumn({ ...late, when: { status: Not("draft") } }) creditNumber!: number | null
}

onPostgres("Numbers that triggers make at COMMIT, of one class of a table", (database) => {
    const connect = () => database().connect([Document, Letter, Invoice, Credit])

    it("leave rows of other classes and drafts alone, and COMMIT comes to its end", async () => {
        const dataSource = await connect()
        const { manager } = dataSource
        const document = table(dataSource, Document)
        await manager.save(manager.create(Letter, {}))
        const first = await manager.save(manager.create(Invoice, {}))
        const draft = await manager.save(manager.create(Credit, {}))
        expect([first.number, draft.creditNumber]).to.eql([1, null])
        const last = await dataSource.transaction(async (own) => {
            await own.insert(Letter, [{}, {}])
            await own.update(Letter, { status: "draft" }, { status: "final" })
            await own.query(`INSERT INTO ${document} (kind) VALUES ('Invoice'), ('Invoice')`)
            await own.query(`UPDATE ${document} SET kind = 'Letter' WHERE id = 7`)
            await own.save(Object.assign(draft, { status: "final" }))
            return own.save(own.create(Invoice, {}))
        })
        expect([last.number, draft.creditNumber]).to.eql([3, 1])
        await manager.save(manager.create(Invoice, {}))
        const rows = await dataSource.query<{ all: string }[]>(
            `SELECT concat_ws(' ', kind, number, "creditNumber") AS all FROM ${document} ORDER BY id`,
        )
        expect(rows.map((row) => row.all)).to.eql([
            ...["Letter", "Invoice 1", "Credit 1", "Letter", "Letter", "Invoice 2", "Letter"],
            ...["Invoice 3", "Invoice 4"],
        ])
    })

    it("refuse COMMIT where a row is left without", async () => {
        const dataSource = await connect()
        const { manager } = dataSource
        const document = table(dataSource, Document)
        const taking = `${document.replace(/"[^"]*"$/, "")}taking`
        await dataSource.query(
            `CREATE FUNCTION ${taking}() RETURNS trigger LANGUAGE plpgsql AS ` +
                "$$BEGIN NEW.number := NULL; RETURN NEW; END$$",
        )
        await dataSource.query(
            `CREATE TRIGGER zzz_taking BEFORE UPDATE ON ${document} FOR EACH ROW EXECUTE FUNCTION ${taking}()`,
        )
        await manager.save(manager.create(Letter, {}))
        await expectRejects(
            manager.save(manager.create(Invoice, {})),
            NotInstalledError,
            ".number at COMMIT",
        )
        await dataSource.query(`DROP TRIGGER zzz_taking ON ${document}`)
        await dataSource.query(`DROP FUNCTION ${taking}()`)
        const row = await manager.save(manager.create(Invoice, {}))
        expect([row.number, await manager.count(Document)]).to.eql([1, 2])
    })
})
