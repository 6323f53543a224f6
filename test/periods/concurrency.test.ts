import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    ManyToOne,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn, resyncCounters } from "../../src"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"

const WRITERS = 8
const EACH = 30

onEachCell(
    "Writers over New Year",
    ({ way, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 64 }) timeZone!: string
        }
        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false }) company!: Relation<Company>
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "company",
                period: { of: "issuedOn", by: "year", timeZone: "company.timeZone" },
            })
            number!: number
            numberPeriod!: string
        }
        const dataSource: () => DataSource = tables([Company, Invoice])

        it("number each company and year from 1 on, without gaps", async () => {
            const companies = await dataSource()
                .getRepository(Company)
                .save([{ timeZone: "Europe/Berlin" }, { timeZone: "America/Los_Angeles" }])
            const rollback = new Error("roll back")
            const write = async (writer: number) => {
                for (let at = 0; at < EACH; at += 1) {
                    const company = companies[(writer + at) % 2] as Company
                    const issuedOn = at < EACH / 2 + writer - 4 ? "2026-12-31" : "2027-01-01"
                    await dataSource()
                        .transaction(async (manager) => {
                            await manager.save(Invoice, { company, issuedOn })
                            if ((writer * at) % 5 === 1) throw rollback
                        })
                        .catch((error: unknown) => {
                            if (error !== rollback) throw error
                        })
                }
            }
            await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
            const rows = await dataSource()
                .getRepository(Invoice)
                .find({ relations: { company: true }, order: { number: "ASC" } })
            const numbers = new Map<string, number[]>()
            for (const { company, issuedOn, numberPeriod, number } of rows) {
                expect(numberPeriod).to.equal(issuedOn.slice(0, 4))
                const key = `${company.id} ${numberPeriod}`
                numbers.set(key, [...(numbers.get(key) ?? []), number])
            }
            expect([...numbers.keys()]).to.have.length(4)
            for (const [key, found] of numbers)
                expect(found, key).to.eql(upTo(found.length)).and.have.length.above(10)
            // No counter is behind the rows.
            if (way.options.strategy !== "table-lock")
                expect(await resyncCounters(dataSource())).to.eql([])
        }).timeout(60_000)
    },
    ({ isGapless }, { parallel }) => isGapless && parallel,
)

onEachCell(
    "A zone that is read for a period",
    ({ tables }) => {
        @Entity()
        class Office {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 64 }) timeZone!: string
        }
        @Entity()
        class Form {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Office, { nullable: false }) office!: Relation<Office>
            @Column({ type: "timestamptz" }) at!: Date
            @AutoSequenceColumn({
                strategy: "table-lock",
                period: { of: "at", by: "year", timeZone: "office.timeZone" },
            })
            number!: number
        }
        const dataSource: () => DataSource = tables([Office, Form])

        it("is read behind the lock, so that the snapshot is younger than it", async () => {
            const office = await dataSource().getRepository(Office).save({ timeZone: "Asia/Tokyo" })
            for (let at = 1; at <= 2; at += 1)
                await dataSource().transaction("REPEATABLE READ", async (manager) => {
                    const form = await manager.save(Form, { office, at: new Date() })
                    expect(form.number).to.equal(at)
                })
        })
    },
    ({ options }, { parallel, tableLock }) =>
        options.strategy === "table-lock" && parallel && tableLock,
)
