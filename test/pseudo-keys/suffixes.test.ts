import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { InvalidKeyError, KeyTakenError, PseudoKey, RESERVED_KEYS } from "../../src"
import { columnName, tableName } from "../../src/typeorm/names"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { storedRows } from "../support/errors"
import { refused } from "./history-entities"
import { storedKeys } from "./insert-rows"

@Entity()
class Paper {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: 0 }) shelf!: number
    @Column() title!: string
    @PseudoKey({ derive: (paper: Paper) => paper.title, uniqueWith: "shelf" }) slug!: string
}

@Entity()
class KeptPaper {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey({ derive: (paper: KeptPaper) => paper.title, history: true, length: 12 })
    slug!: string
}

@Entity()
class Shop {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", nullable: true }) name!: string | null
    @Column({ type: "varchar", nullable: true }) city!: string | null

    @PseudoKey({ derive: (shop: Shop) => shop.name, suffix: "random", nullable: true })
    random!: string | null

    @PseudoKey({
        derive: ({ name, city }: Shop) => [name ?? "", `${name} ${city}`],
        separator: "_",
        reserved: ["new", "Edit"],
    })
    listed!: string

    @PseudoKey({
        derive: ({ name, city }: Shop) => [name ?? "", `${name} ${city}`],
        suffix: false,
        reserved: RESERVED_KEYS,
    })
    exact!: string

    @PseudoKey({
        generate: (shop: Shop, attempt) => (attempt ? `s${shop.name}` : "NEW"),
        reserved: ["new"],
    })
    made!: string
}

onEveryDatabase("Suffixes of derived keys", (database) => {
    it("go on behind the highest one, by as many statements for the second row as for the thousandth", async () => {
        const log = new StatementLog()
        const dataSource = await database().connect([Paper], {
            emptied: true,
            logging: ["query"],
            logger: log,
        })
        const papers = dataSource.getRepository(Paper)
        const save = async (title: string) => {
            log.statements.length = 0
            const { slug } = await papers.save({ title })
            return { slug, statements: log.statements.length }
        }
        await save("Untitled")
        const second = await save("Untitled")
        expect(second.slug).to.equal("untitled-2")
        const metadata = papers.metadata
        const title = columnName(metadata.findColumnWithPropertyName("title")!)
        const slug = columnName(metadata.findColumnWithPropertyName("slug")!)
        const values = Array.from({ length: 997 }, (_, at) => `('Untitled', 'untitled-${at + 3}')`)
        await dataSource.query(
            `INSERT INTO ${tableName(metadata)} (${title}, ${slug}) VALUES ${values.join(", ")}`,
        )
        const next = await save("Untitled")
        expect(next).to.eql({ slug: "untitled-1000", statements: second.statements })
        // Another shelf counts by itself.
        expect(await papers.save({ title: "untitled", shelf: 1 })).to.include({ slug: "untitled" })
        const many = await papers.save([
            ...["Untitled", "Report", "Untitled", "Report", "Untitled"].map((title) => ({ title })),
        ])
        expect(many.map((one) => one.slug)).to.eql([
            ...["untitled-1001", "report", "untitled-1002", "report-2", "untitled-1003"],
        ])
        // What others have made by hand is gone round.
        await papers.save({ title: "x", slug: "report-3" })
        await papers.save({ title: "x", slug: "report-2026" })
        expect(await save("Report")).to.include({ slug: "report-4" })
    })

    it("count keys that rows had before, and leave room for themselves", async () => {
        const dataSource = await database().connect([KeptPaper], { emptied: true })
        const papers = dataSource.getRepository(KeptPaper)
        const [a, b] = await papers.save([{ title: "Twelve chars" }, { title: "Twelve chars" }])
        expect([a?.slug, b?.slug]).to.eql(["twelve-chars", "twelve-2"])
        await papers.save({ ...b, slug: "other" })
        await papers.save({ ...a, slug: "another" })
        expect(await papers.save({ title: "Twelve chars" })).to.include({ slug: "twelve-3" })
        const long = Array.from({ length: 12 }, () => ({ title: "Incomprehensible" }))
        await papers.save(long)
        const slugs = await storedKeys(dataSource, KeptPaper)
        expect(slugs.slice(3)).to.have.members([
            "incomprehens",
            ...Array.from({ length: 8 }, (_, at) => `incomprehe-${at + 2}`),
            ...["10", "11", "12"].map((n) => `incompreh-${n}`),
        ])
        expect(await papers.save({ title: "Incomprehensible" })).to.include({
            slug: "incompreh-13",
        })
    })

    it("are random, where that is asked for, and come after all that derive gives", async () => {
        const dataSource = await database().connect([Shop], { emptied: true })
        const shops = dataSource.getRepository(Shop)
        const save = (name: string, city: string) => shops.save({ name, city })
        const first = await save("Bee", "Rome")
        expect(first).to.include({ random: "bee", listed: "bee", exact: "bee", made: "sBee" })
        const second = await shops.save({ name: "Bee", city: "Oslo", made: "x" })
        expect(second).to.include({ listed: "bee_oslo", exact: "bee-oslo" })
        expect(second.random).to.match(/^bee-[0-9a-z]{6}$/)
        const before = await storedRows(shops)
        await refused(save("Bee", "Oslo"), KeyTakenError)
        expect(await storedRows(shops)).to.eql(before)
        const third = await shops.save({ name: "Bee", city: "Oslo", exact: "y", made: "z" })
        expect(third).to.include({ listed: "bee_2" })
        const fourth = await shops.save({ name: null, city: null, exact: "w", made: "v" })
        expect(fourth.random).to.equal(null)
    })

    it("keep rows from reserved words, and what is set is refused", async () => {
        const dataSource = await database().connect([Shop], { emptied: true })
        const shops = dataSource.getRepository(Shop)
        const shop = await shops.save({ name: "NEW", city: "York" })
        expect(shop).to.include({ random: "new", listed: "new_york", exact: "new-york" })
        const other = await shops.save({ name: "EDIT", city: "", exact: "x" })
        expect(other.listed).to.equal("edit_2")
        const before = await storedRows(shops)
        for (const listed of ["new", "NEW", "edit"]) {
            await refused(shops.save({ name: "a", listed }), InvalidKeyError)
            await refused(shops.save({ id: shop.id, listed }), InvalidKeyError)
            await refused(shops.update(shop.id, { listed }), InvalidKeyError)
        }
        await refused(
            shops.save({ name: "admin", city: "", listed: "l", made: "m" }),
            InvalidKeyError,
        )
        expect(await storedRows(shops)).to.eql(before)
    })
})
