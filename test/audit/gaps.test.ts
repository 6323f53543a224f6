import { expect } from "chai"
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { findGaps, findOrphans, InvalidOptionError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectRejects } from "../support/errors"
import { tableName } from "../support/typeorm"
import { Article, run, Tag } from "./entities"

@Entity("part")
class Part {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) place!: number
    @ManyToOne(() => Article) article!: Article
}

onEveryDatabase("findGaps", (database) => {
    it("counts by a relation, as by its column", async () => {
        const dataSource = await database().connect([Article, Part])
        const [one, other] = await dataSource.getRepository(Article).save([{}, {}])
        const parts = [
            { article: one, place: 1 },
            { article: one, place: 3 },
            { article: other, place: 2 },
        ]
        await dataSource.getRepository(Part).save(parts)
        const byRelation = await findGaps(dataSource, "Part.place", { by: ["article"] })
        expect(byRelation.missing).to.equal("1")
        const byColumn = await findGaps(dataSource, "Part.place", { by: ["articleId"] })
        expect(byRelation.groups).to.eql(byColumn.groups).and.have.lengthOf(2)
    })

    it("finds missing values of any integer column, in groups, with duplicates", async () => {
        const dataSource = await database().connect([Article, Tag])
        await dataSource.getRepository(Article).save(Array.from({ length: 9 }, () => ({})))
        await run(dataSource, "DELETE FROM {Article} WHERE ~id~ IN (2, 5, 6)")
        const ids = await findGaps(dataSource, "Article")
        expect(ids).to.include({ column: "Article.id", rows: 6, missing: "3", moreGroups: 0 })
        expect(
            ids.groups.map(({ ranges }) => ranges.map(({ from, to }) => `${from}-${to}`)),
        ).to.eql([["2-2", "5-6"]])

        const tags = [
            ["a", 1],
            ["a", 4],
            ["a", 4],
            ["b", 7],
            ["b", 8],
        ] as const
        await dataSource
            .getRepository(Tag)
            .save(tags.map(([contentType, objectId]) => ({ contentType, objectId })))
        const grouped = await findGaps(dataSource, "Tag.objectId", { by: ["contentType"] })
        const shown = grouped.groups.map(({ by, missing, duplicates }) => [
            by.contentType,
            missing,
            duplicates,
        ])
        expect(shown.sort()).to.eql([
            ["a", "2", 1],
            ["b", "0", 0],
        ])
        const table = dataSource.getMetadata(Tag).tablePath
        expect((await findGaps(dataSource, `${table}.objectId`)).missing).to.equal("4")
    })

    it("reads tables that no entity knows, whatever they are called", async () => {
        const dataSource = await database().connect([Article])
        const place = tableName(dataSource.getMetadata(Article)).split(".").slice(0, -1)
        const name = [...place, dataSource.driver.escape("Un known")].join(".")
        await run(dataSource, `CREATE TABLE ${name} (~The No~ bigint, other varchar(9))`)
        await run(
            dataSource,
            `INSERT INTO ${name} VALUES (1, 'x'), (9007199254740993, 'x'), (NULL, 'x')`,
        )
        const found = await findGaps(dataSource, '"Un known"."The No"')
        expect(found.groups[0]?.ranges).to.eql([
            { from: "2", to: "9007199254740992", count: "9007199254740991" },
        ])
        await expectRejects(
            findGaps(dataSource, '"Un known".other'),
            InvalidOptionError,
            "Name an integer column.",
        )
        await expectRejects(
            findGaps(dataSource, '"Un known".nothing'),
            InvalidOptionError,
            "It has The No, other.",
        )
        await expectRejects(
            findGaps(dataSource, "nowhere.id"),
            InvalidOptionError,
            "there is no table nowhere",
        )
        await expectRejects(
            findGaps(dataSource, "Article.nothing"),
            InvalidOptionError,
            "It has id.",
        )
        await run(dataSource, `DELETE FROM ${name}`)
        expect(await findGaps(dataSource, '"Un known"."The No"')).to.deep.include({
            rows: 0,
            missing: "0",
            groups: [],
        })
    })

    it("finds weak references to rows that are gone: declared, given, without a constraint, and guessed", async () => {
        const dataSource = await database().connect([Article, Tag])
        await dataSource.getRepository(Article).save([{}, {}, {}])
        await run(dataSource, "DELETE FROM {Article} WHERE ~id~ = 2")
        const tag = {
            contentType: "Article",
            objectId: 2,
            articleId: 2,
            oldLink: "2",
            about: { id: 2 },
        }
        const others = { contentType: "Other", objectId: 99 }
        await dataSource.getRepository(Tag).save([tag, { ...tag, objectId: 1 }, others] as never)
        const shown = async (options?: Parameters<typeof findOrphans>[1]) =>
            (await findOrphans(dataSource, options)).map(
                ({ from, where, to, origin, orphans, values }) =>
                    `${from} ${where ?? ""} ${to} ${origin} ${orphans} ${values.join()}`,
            )
        const known = ["Tag.oldLink  Article.id declared 2 2", "Tag.about  Article.id relation 2 2"]
        const guessed = [
            "Tag.objectId contentType = 'Article' Article.id guessed 1 2",
            "Tag.articleId  Article.id guessed 2 2",
        ]
        expect((await shown()).sort()).to.eql([...known, ...guessed].sort())
        expect(await shown({ guess: false })).to.eql(known)
        const weak = ["Tag.objectId references Article where Tag.contentType = 'Other'"]
        expect(await shown({ weak, guess: false })).to.eql([
            "Tag.objectId contentType = 'Other' Article.id declared 1 99",
            ...known,
        ])
        const gaps = await findGaps(dataSource, "Article", {
            weak: ["tag.objectId where contentType = 'Other'"],
            guess: false,
        })
        expect(gaps.references.map(({ from, orphans }) => `${from} ${orphans}`)).to.eql([
            ...["tag.objectId 1", "Tag.oldLink 2", "Tag.about 2"].map((text) =>
                text.replace("tag.", `${dataSource.getMetadata(Tag).tablePath}.`),
            ),
        ])
        await expectRejects(
            findOrphans(dataSource, { weak: ["Tag.objectId"] }),
            InvalidOptionError,
            "what it refers to",
        )
        await expectRejects(
            findOrphans(dataSource, { weak: ["Tag.objectId references Article where x > 1"] }),
            InvalidOptionError,
            "<column> = '<value>'",
        )
    })
})
