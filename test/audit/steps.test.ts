import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, auditSeries, seriesOf } from "../../src"
import { onEachCell } from "../support/matrix"
import { tableName } from "../support/typeorm"

onEachCell(
    "The audit of numbers that are more than one apart",
    ({ way, tables }) => {
        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: "" }) note!: string
            @AutoSequenceColumn({ ...way.options, startAt: 4, incrementBy: 3, journal: true })
            number!: number
        }

        const dataSource = tables([Invoice])
        const save = async (...numbers: (number | undefined)[]) => {
            for (const number of numbers) await dataSource().getRepository(Invoice).save({ number })
        }
        const audited = async () => {
            const report = await auditSeries(dataSource())
            const [scope] = report.series[0]?.scopes ?? []
            return {
                missing: scope?.missing,
                ranges: scope?.ranges.map(
                    ({ from, to, cause, event }) => `${from}-${to} ${event?.kind ?? cause}`,
                ),
                findings: scope?.findings.map(({ kind }) => kind),
            }
        }

        it("finds one that is missing where another beside the steps has taken its place in the count", async () => {
            await save(undefined, undefined, undefined, undefined, 5)
            const table = tableName(dataSource().getMetadata(Invoice))
            // By a trigger the journal is told of it.
            await dataSource().query(`DELETE FROM ${table} WHERE number = 10`)
            const { missing, ranges, findings } = await audited()
            expect([missing, ranges?.map((range) => range.split(" ")[0])]).to.eql(["1", ["10-10"]])
            expect(findings).to.eql(way.isInDatabase ? [] : ["gap"])
        })

        it("takes those for passed over that come before a number beside the steps", async () => {
            await save(undefined)
            const numbers = seriesOf(dataSource(), Invoice, "number")
            await dataSource().transaction((manager) => numbers.setNext(manager, {}, 12))
            const [set] = await numbers.events({}, { kinds: ["set"] })
            expect([set?.first, set?.last]).to.eql([7, 10])
            await save(undefined, 17)
            expect(await audited()).to.eql({
                missing: "3",
                ranges: ["7-10 set", "15-15 explicit"],
                findings: [],
            })
        })
    },
    ({ options, isGapless }) => isGapless && options.strategy !== "table-lock",
)
