import { expect } from "chai"
import {
    ChildEntity,
    Column,
    DataSource,
    type DataSourceOptions,
    Entity,
    EntitySchema,
    EventSubscriber,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    TableInheritance,
    Tree,
    TreeChildren,
    TreeParent,
} from "typeorm"
import {
    AutoSequenceColumn,
    AutoSequenceSubscriber,
    counterEntity,
    InvalidOptionError,
    eventEntity,
    keyEntity,
    seriesEntity,
    ReadOnlyNumberError,
    UnknownScopeError,
    verifyAutoSequence,
    withAutoSequence,
    withAutoSequenceColumns,
} from "../../../src"
import { onEachDatabase, StatementLog } from "../../support/databases"
import { expectRefuses, expectRejects, expectThrows, storedRows } from "../../support/errors"
import { SnakeCase } from "../../support/snake-case"
import { isTypeORM1 } from "../../support/typeorm-version"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Paper {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
}
@ChildEntity()
class Bill extends Paper {
    @Column({ default: 0 }) amount!: number
}
@ChildEntity()
class Memo extends Paper {}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Person {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) name!: string
}
@ChildEntity()
class Employee extends Person {
    @AutoSequenceColumn({ startAt: 100 }) staffNumber!: number
}
@ChildEntity()
class Visitor extends Person {}

abstract class Base {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text" }) year!: string
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}
@Entity()
class Incoming extends Base {}
@Entity()
class Outgoing extends Base {}

@Entity({ schema: "accounting" })
class Account {
    @PrimaryGeneratedColumn() id!: number
    @Column() branch!: string
    @AutoSequenceColumn({ uniqueWith: "branch" }) number!: number
}

@Entity("order")
class Order {
    @PrimaryGeneratedColumn() id!: number
    @Column() group!: string
    @AutoSequenceColumn({ uniqueWith: "group", name: "select" }) number!: number
}

@Entity("Großes Amt")
class Office {
    @PrimaryGeneratedColumn({ name: "Id" }) id!: number
    @Column({ name: "The Year" }) year!: string
    @AutoSequenceColumn({ uniqueWith: "year", name: "Running No." }) number!: number
}

// TypeORM 0.3 wants quotes in names to be doubled, 1.x doubles them itself.
const quoted = (name: string) => (isTypeORM1 ? name : name.replaceAll('"', '""'))

@Entity(quoted('the "table"'))
class Quoted {
    @PrimaryGeneratedColumn() id!: number
    @Column({ name: quoted('the "scope"') }) scope!: string
    @AutoSequenceColumn({ uniqueWith: "scope", name: quoted('the "number"') }) number!: number
}

@Entity()
class FiscalYear {
    @PrimaryGeneratedColumn() id!: number
    @OneToMany(() => TaxReturn, (taxReturn) => taxReturn.fiscalYear, { cascade: true })
    taxReturns!: TaxReturn[]
}
@Entity()
class TaxReturn {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => FiscalYear, (year) => year.taxReturns, { nullable: false })
    fiscalYear!: FiscalYear
    @AutoSequenceColumn({ uniqueWith: "fiscalYear" }) returnNumber!: number
}

@Entity()
class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @Column() project!: string
    @Column() year!: number
    @AutoSequenceColumn({ uniqueWith: "project" }) number!: number
    @AutoSequenceColumn({ uniqueWith: ["project", "year"], startAt: 10 }) numberOfYear!: number
    @AutoSequenceColumn({ type: "bigint", incrementBy: 5 }) total!: string
}

class Numbering {
    @AutoSequenceColumn() number!: number
}
class NumberingPerYear {
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}
@Entity()
class Folder {
    @PrimaryGeneratedColumn() id!: number
    @Column() year!: string
    @Column(() => Numbering) all!: Numbering
    @Column(() => NumberingPerYear) ofYear!: NumberingPerYear
}

@Entity()
class Tag {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
}
@Entity()
class Post {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
    @ManyToMany(() => Tag, { cascade: true }) @JoinTable() tags!: Tag[]
}

@Entity()
@Tree("closure-table")
class Category {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
    @TreeChildren({ cascade: true }) children!: Category[]
    @TreeParent() parent!: Category | null
}

@Entity()
@Tree("materialized-path")
class Place {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
    @TreeChildren() children!: Place[]
    @TreeParent() parent!: Place | null
}

interface ProjectRow {
    id: number
    name: string
    issues: IssueRow[]
}
interface IssueRow {
    id: number
    project: ProjectRow
    title: string
    number: number
}
const ProjectSchema = new EntitySchema<ProjectRow>({
    name: "project",
    columns: { id: { type: "int", primary: true, generated: true }, name: { type: "text" } },
    relations: {
        issues: { type: "one-to-many", target: "issue", inverseSide: "project", cascade: true },
    },
})
const IssueSchema = withAutoSequenceColumns(
    new EntitySchema<IssueRow>({
        name: "issue",
        columns: {
            id: { type: "int", primary: true, generated: true },
            title: { type: "text", default: "" },
        },
        relations: {
            project: {
                type: "many-to-one",
                target: "project",
                inverseSide: "issues",
                nullable: false,
            },
        },
    }),
    { number: { uniqueWith: "project", startAt: 5 } },
)

interface Numbered {
    id: number
    area: string
    number: number
}
const idColumn = { type: "int", primary: true, generated: true } as const
const numberedSchema = () =>
    new EntitySchema<Numbered>({
        name: "numbered",
        columns: { id: idColumn, area: { type: "text", default: "x" } },
    })

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Event {
    @PrimaryGeneratedColumn()
    id!: number
}

@ChildEntity()
class Concert extends Event {
    @AutoSequenceColumn()
    number!: number
}

@ChildEntity()
class Lecture extends Event {
    @AutoSequenceColumn()
    number!: number
}

@ChildEntity()
class Break extends Event {}

class Plate {
    @AutoSequenceColumn()
    number!: number
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Shop {
    @PrimaryGeneratedColumn()
    id!: number
}

@ChildEntity()
class NumberedShop extends Shop {
    @Column(() => Plate)
    plate!: Plate
}

onEachDatabase("entities", (db) => {
    describe("of a single-table inheritance", () => {
        it("share one series where the root is numbered", async () => {
            const ds = await db().connect([Paper, Bill, Memo])
            expect((await ds.getRepository(Bill).save({})).number).to.equal(1)
            expect((await ds.getRepository(Memo).save({})).number).to.equal(2)
            expect((await ds.getRepository(Paper).save({})).number).to.equal(3)
            const bills = await ds.getRepository(Bill).save([{}, {}])
            expect(bills.map((row) => row.number)).to.eql([4, 5])
        })

        it("share one series when root and children are saved together", async () => {
            const ds = await db().connect([Paper, Bill, Memo])
            const create = () => [new Bill(), new Paper(), new Memo(), new Bill(), new Paper()]
            const rows = await ds.manager.save(create())
            expect(rows.map((row) => row.number).sort()).to.eql([1, 2, 3, 4, 5])
            const more = await ds.manager.save(create())
            expect(more.map((row) => row.number).sort((a, b) => a - b)).to.eql([6, 7, 8, 9, 10])
            expect(await ds.getRepository(Paper).count()).to.equal(10)
        })

        it("are numbered where a child is, and the others are not", async () => {
            const ds = await db().connect([Person, Employee, Visitor])
            await ds.manager.save([new Person(), new Visitor()])
            const employees = await ds.getRepository(Employee).save([{}, {}])
            expect(employees.map((row) => row.staffNumber)).to.eql([100, 101])
            const rows = await ds.manager.save([new Visitor(), new Employee(), new Person()])
            expect(rows.map((row) => "staffNumber" in row && row.staffNumber)).to.eql([
                false,
                102,
                false,
            ])
            await verifyAutoSequence(ds)
        })

        // TypeORM sends one INSERT for each class.
        it("are numbered in one series where two children declare the same number, each class in turn", async () => {
            const ds = await db().connect([Event, Concert, Lecture, Break])
            const rows = await ds.manager.save([
                new Concert(),
                new Lecture(),
                new Break(),
                new Event(),
                new Concert(),
            ])
            expect(rows.map((row) => "number" in row && row.number)).to.eql([1, 3, false, false, 2])
            await verifyAutoSequence(ds)
        })

        it("are numbered where a child has the number in an embedded entity", async () => {
            const ds = await db().connect([Shop, NumberedShop])
            await ds.manager.save([new Shop(), new Shop()])
            const [numbered] = await ds.getRepository(NumberedShop).save([{}])
            expect(numbered?.plate.number).to.equal(1)
            const stored = await storedRows(ds.getRepository(Shop))
            expect(stored.map((row) => row.plateNumber as number | null)).to.eql([null, null, 1])
        })

        it("refuse a changed number in root and child", async () => {
            const ds = await db().connect([Paper, Bill, Memo])
            const repo = ds.getRepository(Bill)
            const bill = await repo.save({})
            const loaded = await ds.getRepository(Paper).findOneByOrFail({ id: bill.id })
            loaded.number = 9
            await expectRefuses(repo, () => ds.manager.save(loaded), ReadOnlyNumberError)
            bill.number = 9
            await expectRefuses(repo, () => repo.save(bill), ReadOnlyNumberError)
        })
    })

    it("that extend one abstract class have a series each", async () => {
        const ds = await db().connect([Incoming, Outgoing])
        const incoming = await ds
            .getRepository(Incoming)
            .save([{ year: "a" }, { year: "a" }, { year: "b" }])
        const outgoing = await ds.getRepository(Outgoing).save([{ year: "a" }, { year: "a" }])
        expect(incoming.map((row) => row.number)).to.eql([1, 2, 1])
        expect(outgoing.map((row) => row.number)).to.eql([1, 2])
        await verifyAutoSequence(ds)
    })

    describe("with names that must be escaped:", () => {
        it("a schema of its own", async () => {
            await db().createSchema("accounting")
            const ds = await db().connect([Account])
            const repo = ds.getRepository(Account)
            const rows = await repo.save([{ branch: "a" }, { branch: "b" }, { branch: "a" }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
            expect((await repo.save({ branch: "a" })).number).to.equal(3)
            expect(await ds.query(`SELECT count(*)::int AS n FROM accounting.account`)).to.eql([
                { n: 4 },
            ])
            await verifyAutoSequence(ds)
        })

        for (const [title, entity, property] of [
            ["reserved words", Order, "group"],
            ["upper case, blanks and umlauts", Office, "year"],
        ] as const)
            it(title, async () => {
                const ds = await db().connect([entity])
                const repo = ds.getRepository<Order | Office>(entity)
                const row = (scope: string) => ({ [property]: scope })
                const rows = await repo.save([row("a"), row("b"), row("a")])
                expect(rows.map(({ number }) => number)).to.eql([1, 1, 2])
                const one = Object.assign(repo.create(), row("a"))
                expect((await repo.save(one)).number).to.equal(3)
                one.number = 7
                await expectRefuses(repo, () => repo.save(one), ReadOnlyNumberError)
                await verifyAutoSequence(ds)
            })

        it("quotes", async () => {
            const schema = await db().createSchema()
            await db().query(
                `CREATE TABLE "${schema}"."the ""table""" (
                    "id" serial PRIMARY KEY,
                    "the ""scope""" varchar NOT NULL,
                    "the ""number""" int NOT NULL,
                    UNIQUE ("the ""scope""", "the ""number"""))`,
            )
            const ds = await db().connect([Quoted], { schema, synchronize: false })
            const repo = ds.getRepository(Quoted)
            const rows = await repo.save([{ scope: "a" }, { scope: "b" }, { scope: "a" }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
            expect((await repo.save({ scope: "a" })).number).to.equal(3)
            const many = await repo.save([{ scope: "a" }, { scope: "b" }])
            expect(many.map((row) => row.number)).to.eql([4, 2])
        })

        it("those of a naming strategy", async () => {
            const ds = await db().connect([FiscalYear, TaxReturn], {
                namingStrategy: new SnakeCase(),
            })
            const { id } = await ds.getRepository(FiscalYear).save({ taxReturns: [{}, {}] })
            const repo = ds.getRepository(TaxReturn)
            expect((await repo.save({ fiscalYear: { id } })).returnNumber).to.equal(3)
            expect(repo.metadata.tableName).to.equal("tax_return")
            expect(await storedRows(repo)).to.eql(
                [1, 2, 3].map((n) => ({ id: n, return_number: n, fiscal_year_id: id })),
            )
            await verifyAutoSequence(ds)
        })
    })

    it("with several numbers have each in its own scope", async () => {
        const ds = await db().connect([Ticket])
        const repo = ds.getRepository(Ticket)
        const numbers = (rows: Ticket[]) =>
            rows.map(({ number, numberOfYear, total }) => [number, numberOfYear, total])
        const rows = await repo.save(
            repo.create([
                { project: "a", year: 2024 },
                { project: "a", year: 2025 },
                { project: "b", year: 2025 },
                { project: "a", year: 2024 },
            ]),
        )
        expect(numbers(rows)).to.eql([
            [1, 10, "1"],
            [2, 10, "6"],
            [1, 10, "11"],
            [3, 11, "16"],
        ])
        const one = await repo.save(repo.create({ project: "b", year: 2025, number: 8 }))
        expect(numbers([one])).to.eql([[8, 11, "21"]])
        await verifyAutoSequence(ds)
    })

    it("with numbers inside embedded entities", async () => {
        const ds = await db().connect([Folder])
        const repo = ds.getRepository(Folder)
        const rows = await repo.save(
            repo.create([{ year: "a" }, { year: "b" }, { year: "a", all: { number: 7 } }]),
        )
        expect(rows.map((row) => row.all.number)).to.eql([1, 2, 7])
        expect(rows.map((row) => row.ofYear.number)).to.eql([1, 1, 2])
        const row = await repo.save(repo.create({ year: "b" }))
        expect([row.all.number, row.ofYear.number]).to.eql([8, 2])
        row.ofYear.number = 5
        await expectRefuses(repo, () => repo.save(row), ReadOnlyNumberError)
        await verifyAutoSequence(ds)
    })

    describe("declared by an EntitySchema", () => {
        const connect = async () => {
            const ds = await db().connect([ProjectSchema, IssueSchema])
            const projects = await ds
                .getRepository(ProjectSchema)
                .save([{ name: "a" }, { name: "b" }])
            return { ds, projects, issues: ds.getRepository(IssueSchema) }
        }

        it("are numbered one by one", async () => {
            const { projects, issues } = await connect()
            expect((await issues.save({ project: projects[0] })).number).to.equal(5)
            expect((await issues.save({ project: projects[0] })).number).to.equal(6)
            expect((await issues.save({ project: projects[1] })).number).to.equal(5)
        })

        it("are numbered together, by the relation", async () => {
            const { projects, issues } = await connect()
            const rows = await issues.save([0, 1, 0].map((i) => ({ project: projects[i] })))
            expect(rows.map((row) => row.number)).to.eql([5, 5, 6])
        })

        it("are numbered by cascades of a new parent", async () => {
            const { ds } = await connect()
            const repo = ds.getRepository(ProjectSchema)
            const row = await repo.save(repo.create({ name: "c", issues: [{}, {}, {}] }))
            expect(row.issues.map((issue) => issue.number)).to.eql([5, 6, 7])
        })

        it("keep a number, and refuse to change it", async () => {
            const { projects, issues } = await connect()
            const row = await issues.save({ project: projects[0], number: 40 })
            expect(row.number).to.equal(40)
            await issues.save(Object.assign(row, { title: "changed" }))
            row.number = 41
            await expectRefuses(issues, () => issues.save(row), ReadOnlyNumberError)
        })

        it("refuse a scope that is not known", async () => {
            const { issues } = await connect()
            await expectRefuses(issues, () => issues.save({}), UnknownScopeError, "Set project")
        })

        it("have the unique index", async () => {
            const { ds } = await connect()
            await verifyAutoSequence(ds)
        })

        it("refuse an unknown property in uniqueWith, when initialised", async () => {
            const schema = withAutoSequenceColumns(numberedSchema(), {
                number: { uniqueWith: "region" },
            })
            await expectRejects(
                db().connect([schema]),
                InvalidOptionError,
                'uniqueWith of numbered.number names "region"',
                "It has id, area.",
            )
        })

        it("refuse wrong options when they are declared", () => {
            expectThrows(
                () => withAutoSequenceColumns(numberedSchema(), { number: { startAt: 0 } }),
                InvalidOptionError,
                "withAutoSequenceColumns for numbered.number: startAt is 0",
            )
        })

        it("refuse a column that the schema has already", () => {
            const schema = withAutoSequenceColumns(numberedSchema(), { number: {} })
            expectThrows(
                () => withAutoSequenceColumns(schema, { number: {} }),
                InvalidOptionError,
                "the schema declares this column already",
            )
        })

        it("may have the same name and other options in another data source", async () => {
            const first = withAutoSequenceColumns(numberedSchema(), { number: { startAt: 100 } })
            const second = withAutoSequenceColumns(numberedSchema(), {
                number: { uniqueWith: "area", incrementBy: 2 },
            })
            const [a, b] = [await db().connect([first]), await db().connect([second])]
            const save = async (ds: DataSource, schema: EntitySchema<Numbered>) => {
                const rows = await ds
                    .getRepository(schema)
                    .save([{ area: "x" }, { area: "y" }, { area: "x" }])
                return rows.map((row) => row.number)
            }
            expect(await save(a, first)).to.eql([100, 101, 102])
            expect(await save(b, second)).to.eql([1, 1, 3])
            expect(await save(a, first)).to.eql([103, 104, 105])
            await verifyAutoSequence(a)
            await verifyAutoSequence(b)
        })
    })

    describe("in a data source", () => {
        it("are numbered apart from those of another data source", async () => {
            const [a, b] = [await db().connect([Letter]), await db().connect([Letter])]
            const save = async (ds: DataSource) => (await ds.getRepository(Letter).save({})).number
            expect([await save(a), await save(a), await save(b)]).to.eql([1, 2, 1])
            const together = await Promise.all([save(a), save(b), save(b)])
            expect([together[0], ...together.slice(1).sort()]).to.eql([3, 2, 3])
        })

        it("with replication are numbered by what the master has", async () => {
            const schema = await db().createSchema()
            await db().connect([Ticket], { schema })
            // Any statement sent to the replica fails: its database has no such table.
            const replica = new URL(db().url)
            replica.pathname = "postgres"
            const ds = await db().connect([Ticket], {
                schema,
                synchronize: false,
                replication: { master: { url: db().url }, slaves: [{ url: replica.href }] },
            })
            const repo = ds.getRepository(Ticket)
            const rows = await repo.save([
                { project: "a", year: 1 },
                { project: "a", year: 1 },
            ])
            expect(rows.map((row) => row.number)).to.eql([1, 2])
            expect((await repo.save({ project: "a", year: 1 })).number).to.equal(3)
            await verifyAutoSequence(ds)
            expect(await repo.count().catch((error: Error) => error.message)).to.include(
                "does not exist",
            )
        })

        it("that link to each other in both directions are still saved", async () => {
            const ds = await db().connect([Post, Tag])
            const repo = ds.getRepository(Post)
            const post = await repo.save(repo.create({ tags: [{}, {}] }))
            expect(post.number).to.equal(1)
            expect(post.tags.map((tag) => tag.number)).to.eql([1, 2])
            const [tag] = post.tags
            await repo.save({ tags: [tag as Tag, {}] })
            const posts = await repo.find({
                relations: { tags: true },
                order: { id: "ASC", tags: { number: "ASC" } },
            })
            expect(posts.map((row) => row.tags.map((t) => t.number))).to.eql([
                [1, 2],
                [1, 3],
            ])
        })

        it("that make a closure-table tree are still saved", async () => {
            const ds = await db().connect([Category])
            const repo = ds.getTreeRepository(Category)
            const root = await repo.save(repo.create())
            const child = await repo.save(repo.create({ parent: root }))
            const leaf = await repo.save(repo.create({ parent: child }))
            expect([root.number, child.number, leaf.number]).to.eql([1, 2, 3])
            const ancestors = await repo.findAncestors(leaf)
            expect(ancestors.map((row) => row.number).sort()).to.eql([1, 2, 3])
        })

        it("that make a materialized-path tree are still saved", async () => {
            const ds = await db().connect([Place])
            const repo = ds.getTreeRepository(Place)
            const root = await repo.save(repo.create())
            const child = await repo.save(repo.create({ parent: root }))
            expect([root.number, child.number]).to.eql([1, 2])
            const descendants = await repo.findDescendants(root)
            expect(descendants.map((row) => row.number).sort()).to.eql([1, 2])
        })
    })

    describe("with the subscriber", () => {
        /** How often the highest number was looked up for one save. */
        async function lookUps(
            subscribers: DataSourceOptions["subscribers"],
            registered = 1,
        ): Promise<number> {
            const logger = new StatementLog()
            const ds = await db().connect([Letter], { subscribers, logger })
            expect(ds.subscribers).to.have.length(registered)
            const rows = await ds.getRepository(Letter).save([{}, {}])
            expect(rows.map((row) => row.number)).to.eql([1, 2])
            return logger.statements.filter((sql) => sql.includes("ORDER BY")).length
        }

        it("in the list already are numbered once", async () => {
            expect(await lookUps([AutoSequenceSubscriber])).to.equal(1)
        })

        it("in an object already are numbered once", async () => {
            expect(await lookUps({ first: AutoSequenceSubscriber })).to.equal(1)
        })

        it("next to a subclass of it are numbered once", async () => {
            @EventSubscriber()
            class Renamed extends AutoSequenceSubscriber {}
            expect(await lookUps([Renamed], 2)).to.equal(1)
        })
    })

    it("are numbered through `subscribers: [AutoSequenceSubscriber]` alone", async () => {
        const schema = await db().createSchema()
        const ds = new DataSource({
            type: "postgres",
            url: db().url,
            schema,
            entities: [Letter],
            subscribers: [AutoSequenceSubscriber],
            synchronize: true,
        })
        await ds.initialize()
        try {
            const rows = await ds.getRepository(Letter).save([{}, {}])
            expect(rows.map((row) => row.number)).to.eql([1, 2])
        } finally {
            await ds.destroy()
        }
    })
})

describe("withAutoSequence", () => {
    const nameOf = (entity: unknown) =>
        entity instanceof EntitySchema
            ? `${entity.options.name} ${entity.options.tableName}`
            : (entity as NewableFunction).name
    class Other {}
    const options = { type: "postgres", url: "postgres://localhost", entities: [] } as const

    it("adds the subscriber and its tables, and keeps everything else", () => {
        const { entities, ...others } = withAutoSequence<DataSourceOptions>({
            ...options,
            entities: [Letter],
        })
        const { type, url } = options
        expect(others).to.eql({
            type,
            url,
            subscribers: [AutoSequenceSubscriber],
            "typeorm-autosequence": {},
        })
        expect(Object.values(entities ?? {}).map(nameOf)).to.eql([
            "Letter",
            "AutoSequenceCounter autosequence_counter",
            "AutoSequenceKey autosequence_key",
            "AutoSequenceEvent autosequence_event",
            "AutoSequenceSeries autosequence_series",
        ])
    })

    it("names its tables", () => {
        const { entities } = withAutoSequence<DataSourceOptions>(
            { ...options, entities: [] },
            {
                counterTable: { name: "numbers", schema: "billing" },
                keyTable: { name: "keys", schema: "shop" },
                eventTable: { name: "journal", schema: "audit" },
                seriesTable: { name: "settings", schema: "audit" },
            },
        )
        const [counter, key, event, series] = Object.values(entities ?? {}) as EntitySchema[]
        expect(counter?.options).to.include({ tableName: "numbers", schema: "billing" })
        expect(key?.options).to.include({ tableName: "keys", schema: "shop" })
        expect(event?.options).to.include({ tableName: "journal", schema: "audit" })
        expect(series?.options).to.include({ tableName: "settings", schema: "audit" })
        for (const table of [{ name: "" }, { schema: "" }])
            for (const option of ["counterTable", "keyTable", "eventTable", "seriesTable"])
                expectThrows(
                    () => withAutoSequence({ ...options, entities: [] }, { [option]: table }),
                    InvalidOptionError,
                )
    })

    it("keeps the entities of an object, and tables that are there", () => {
        const counterTable = counterEntity({ name: "numbers" })
        const keyTable = keyEntity({ name: "keys" })
        const eventTable = eventEntity({ name: "journal" })
        const seriesTable = seriesEntity({ name: "settings" })
        for (const entities of [
            [Letter, counterTable, keyTable, eventTable, seriesTable],
            { Letter, counterTable, keyTable, eventTable, seriesTable },
        ])
            expect(withAutoSequence<DataSourceOptions>({ ...options, entities }).entities).to.equal(
                entities,
            )
        const { entities } = withAutoSequence<DataSourceOptions>({
            ...options,
            entities: { Letter },
        })
        expect(Object.keys(entities ?? {})).to.eql([
            "Letter",
            "AutoSequenceCounter",
            "AutoSequenceKey",
            "AutoSequenceEvent",
            "AutoSequenceSeries",
        ])
    })

    it("keeps the subscribers that are there", () => {
        const { subscribers } = withAutoSequence<DataSourceOptions>({
            ...options,
            entities: [],
            subscribers: [Other, "dist/*.js"],
        })
        expect(subscribers).to.have.length(3)
        expect(subscribers).to.have.members([AutoSequenceSubscriber, Other, "dist/*.js"])
    })

    it("keeps the subscribers of an object", () => {
        const { subscribers } = withAutoSequence<DataSourceOptions>({
            ...options,
            entities: [],
            subscribers: { other: Other },
        })
        expect(subscribers).to.eql({ other: Other, AutoSequenceSubscriber })
    })

    it("does not change what it is given", () => {
        const subscribers = Object.freeze([Other]) as (typeof Other)[]
        const entities = Object.freeze([Letter]) as (typeof Letter)[]
        const given: DataSourceOptions = Object.freeze({ ...options, entities, subscribers })
        withAutoSequence(given)
        expect(given.subscribers).to.equal(subscribers)
        expect(subscribers).to.eql([Other])
        expect(given.entities).to.equal(entities)
        expect(entities).to.eql([Letter])
    })

    it("adds nothing when it is called twice", () => {
        const once = withAutoSequence<DataSourceOptions>({ ...options, entities: [] })
        expect(withAutoSequence(once)).to.eql(once)
        const asObject = withAutoSequence<DataSourceOptions>({
            ...options,
            entities: {},
            subscribers: {},
        })
        expect(withAutoSequence(asObject)).to.eql(asObject)
    })
})
