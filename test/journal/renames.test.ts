import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type MigrationInterface,
    Not,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    auditSeries,
    DocumentNumber,
    generateMigration,
    installAutoSequence,
    seriesOf,
    verifyAutoSequence,
} from "../../src"
import { classOf, expectUpToDate } from "../migrations/migrate"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell(
    "A journal and settings under another name",
    ({ way, database }) => {
        /** Papers in a table of this name. */
        function papers(table: string) {
            @Entity(table)
            class Paper {
                @PrimaryGeneratedColumn() id!: number
                @Column({ default: "Acme" }) company!: string
                @Column({ default: "final" }) status!: string
                @Column({ type: "date", default: "2026-05-05" }) issuedOn!: string
                @AutoSequenceColumn({
                    ...way.options,
                    uniqueWith: "company",
                    period: { of: "issuedOn", by: "year" },
                    when: { status: Not("draft") },
                    nullable: true,
                    settings: true,
                })
                number!: number | null
                @DocumentNumber({ of: "number", format: "A-{YYYY}-{0}" }) text!: string | null
            }
            return Paper
        }

        async function renameTable(of: DataSource, entity: new () => object, to: string) {
            const runner = of.createQueryRunner()
            await runner.renameTable(of.getMetadata(entity).tablePath, to)
            await runner.release()
        }

        it("go on where the migration is told of it, and back", async () => {
            const Before = papers("paper")
            const before = await database().connect([Before], { synchronize: true })
            await installAutoSequence(before)
            const said = { reason: "printed", by: "ann" }
            const scope = { company: "Acme", period: "2026" }
            await before.manager.transaction(async (manager) => {
                const series = seriesOf(before, Before, "number")
                await series
                    .settings({ company: "Acme" })
                    .setFormat(manager, { format: "B-{YYYY}-{0}", ...said })
                await manager.save(Before, [{}, {}])
                await series.skip(manager, scope, { from: 3, to: 3, ...said })
                const [row] = await manager.find(Before, { order: { id: "ASC" } })
                await series.void(manager, row as { id: number }, said)
            })

            await renameTable(before, Before, "letter")
            const After = papers("letter")
            const connect = (migrations: (new () => MigrationInterface)[] = []) =>
                database().connect([After], { synchronize: false, sameAs: before, migrations })
            const rename = { "paper.number": "letter.number" }
            const migration = await generateMigration(await connect(), { rename })
            const after = await connect([classOf(migration as never)])
            await after.runMigrations()
            await verifyAutoSequence(after)
            await expectUpToDate(after)

            const series = seriesOf(after, After, "number")
            const kinds = async () => (await series.events(scope)).map(({ kind }) => kind)
            expect(await kinds()).to.eql(["skip", "void"])
            const rows = after.getRepository(After)
            const [first] = await rows.find({ order: { id: "ASC" } })
            expect(await series.isVoid(first as { id: number })).to.equal(true)
            // What comes next has the next number, by the format that was set.
            expect(await rows.save({})).to.include({ number: 4, text: "B-2026-4" })
            const [audit] = (await auditSeries(after)).series
            expect(audit).to.include({ name: "letter.number", problemScopes: 0 })
            expect(audit?.scopes[0]?.ranges).to.have.length(1)
            expect(audit?.scopes[0]?.ranges[0]?.event).to.include({ reason: "printed" })
            const event = after.getMetadata("AutoSequenceEvent")
            expect(
                await rejection(after.getRepository(event.target).delete({ kind: "skip" })),
            ).to.be.an("error")

            await after.undoLastMigration()
            await renameTable(after, After, "paper")
            const back = seriesOf(before, Before, "number")
            expect((await back.events(scope)).map(({ kind }) => kind)).to.eql(["skip", "void"])
            expect(await back.settings({ company: "Acme" }).formats()).to.have.length(1)
            const repository = before.getRepository("AutoSequenceEvent")
            expect(await rejection(repository.delete({ kind: "skip" }))).to.be.an("error")
        })
    },
    ({ options }) => options.strategy === "counter" && options.gapless !== false,
)
