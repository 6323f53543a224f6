import { expect } from "chai"
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { IdsInUseError, NumberOverflowError, resetIdSequence } from "../../src"
import { onEveryDatabase, onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { tableName } from "../support/typeorm"
import { Article, run, Tag } from "./entities"

@Entity()
class Part {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Article, { nullable: true }) whole!: Article | null
    @Column({ nullable: true, type: "int" }) size!: number | null
}

onEveryDatabase("resetIdSequence", (database) => {
    it("leaves a sequence that is ahead, and the ids that follow", async () => {
        const dataSource = await database().connect([Article])
        const articles = dataSource.getRepository(Article)
        await articles.save([{}, {}, {}])
        await articles.delete({ id: 3 })
        const [reset] = await resetIdSequence(dataSource, Article)
        expect(reset).to.include({ highest: "2", before: "4", after: "4" })
        expect((await articles.save({})).id).to.equal(4)
    })

    it("lets an empty table begin again, and no other one", async () => {
        const dataSource = await database().connect([Article])
        const articles = dataSource.getRepository(Article)
        await articles.save([{}, {}])
        const refused = await rejection(resetIdSequence(dataSource, "Article", { restart: true }))
        expect(refused).to.be.instanceOf(IdsInUseError)
        expect(refused.message).to.match(
            /has rows, and its ids can restart only when it is empty\. Leave the gap/,
        )
        await articles.clear().catch(() => articles.createQueryBuilder().delete().execute())
        await run(dataSource, "DELETE FROM {Article}")
        const plan = await resetIdSequence(dataSource, Article, { restart: true, dryRun: true })
        expect(plan.map(({ after }) => after)).to.eql(["1"])
        await resetIdSequence(dataSource, Article, { restart: true })
        expect((await articles.save({})).id).to.equal(1)
    })

    it("begins nothing again while a weak reference names an id", async () => {
        const dataSource = await database().connect([Article, Tag, Part])
        await dataSource.getRepository(Article).save([{}, {}])
        await run(dataSource, "DELETE FROM {Article}")
        await dataSource.getRepository(Tag).save({ contentType: "Article", objectId: 2 })
        const guessed = await rejection(resetIdSequence(dataSource, Article, { restart: true }))
        expect(guessed).to.be.instanceOf(IdsInUseError)
        expect(guessed.message).to.include("Tag.objectId up to 2 (looks like a reference)")
        const weak = ["Tag.objectId where Tag.contentType = 'Article'"]
        const given = await rejection(
            resetIdSequence(dataSource, Article, { restart: true, weak, guess: false }),
        )
        expect(given.message).to.include("Tag.objectId up to 2 (a weak reference)")
        await run(dataSource, "UPDATE {Tag} SET ~oldLink~ = 'x', ~contentType~ = 'Other'")
        await resetIdSequence(dataSource, Article, { restart: true, guess: false })
        expect((await dataSource.getRepository(Article).save({})).id).to.equal(1)
    })
})

onOnePostgres("resetIdSequence", (database) => {
    it("raises serials, identities, sequences of other names and schemas, and those that tables share", async () => {
        const dataSource = await database().connect([Article, Part])
        const other = await database().createSchema()
        const schema = dataSource.getMetadata(Article).tablePath.split(".")[0] ?? ""
        const article = tableName(dataSource.getMetadata(Article))
        await run(dataSource, `INSERT INTO {Article} (id) VALUES (7)`)
        expect(
            await resetIdSequence(dataSource, Article, { dryRun: true }),
        ).to.have.nested.property("[0].after", "8")
        const [reset] = await resetIdSequence(dataSource, Article)
        expect(reset).to.include({
            sequence: `${schema}.article_id_seq`,
            highest: "7",
            before: "1",
            after: "8",
        })
        expect((await dataSource.getRepository(Article).save({})).id).to.equal(8)

        await dataSource.query(`CREATE SEQUENCE "${other}"."Its ""own" INCREMENT 10 START 100`)
        await dataSource.query(
            `CREATE TABLE "${schema}"."A" (id int PRIMARY KEY DEFAULT nextval('"${other}"."Its ""own"'))`,
        )
        await dataSource.query(
            `CREATE TABLE "${schema}"."B" (id int GENERATED ALWAYS AS IDENTITY, no int DEFAULT nextval('"${other}"."Its ""own"'))`,
        )
        await dataSource.query(`INSERT INTO "${schema}"."A" VALUES (150)`)
        await dataSource.query(`INSERT INTO "${schema}"."B" (no) VALUES (400)`)
        const shared = await resetIdSequence(dataSource, `${schema}."A".id`)
        expect(shared).to.eql([
            {
                sequence: `${other}."Its ""own"`,
                columns: [`${schema}."A".id`, `${schema}."B".no`],
                highest: "400",
                before: "100",
                after: "410",
            },
        ])
        await dataSource.query(`INSERT INTO "${schema}"."B" OVERRIDING SYSTEM VALUE VALUES (9)`)
        expect(await resetIdSequence(dataSource, `${schema}."B".id`)).to.have.nested.property(
            "[0].after",
            "10",
        )

        await dataSource.query(`CREATE TABLE "${schema}".kid () INHERITS (${article})`)
        await dataSource.query(`INSERT INTO "${schema}".kid (id) VALUES (900)`)
        expect(await resetIdSequence(dataSource, Article)).to.have.nested.property(
            "[0].after",
            "901",
        )
        await dataSource.query(`CREATE TABLE "${schema}".plain (id int)`)
        expect(await resetIdSequence(dataSource, `${schema}.plain.id`)).to.eql([])

        await dataSource.query(`CREATE SEQUENCE "${schema}".short MAXVALUE 5`)
        await dataSource.query(
            `CREATE TABLE "${schema}".ends (id int DEFAULT nextval('"${schema}".short'))`,
        )
        await dataSource.query(`INSERT INTO "${schema}".ends VALUES (6)`)
        expect(await rejection(resetIdSequence(dataSource, `${schema}.ends.id`))).to.be.instanceOf(
            NumberOverflowError,
        )
    })

    it("waits for an insert that has taken its id, and goes on after it", async () => {
        const dataSource = await database().connect([Article])
        await run(dataSource, `INSERT INTO {Article} (id) VALUES (3)`)
        let reset: Promise<unknown> | undefined
        await dataSource.transaction(async (manager) => {
            await manager.query(
                `INSERT INTO ${tableName(dataSource.getMetadata(Article))} (id) VALUES (50)`,
            )
            reset = resetIdSequence(dataSource, Article)
        })
        expect(await reset).to.have.nested.property("[0].after", "51")
    })
})
