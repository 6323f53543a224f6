import { expect } from "chai"
import { Column, type DataSource, Entity, In, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../../src"
import { storedCounters } from "../../support/stored"
import { table } from "../trigger/statement-entities"

const strategy = "trigger"

/** A document that is a draft first. */
@Entity({ name: "bill" })
export class Bill {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 20 }) company!: string
    @Column({ type: "varchar", length: 20, nullable: true, default: "draft" })
    status!: string | null
    @Column({ type: "varchar", length: 50, nullable: true, unique: true }) sku!: string | null
    @Column({ type: "int", default: 0 }) stock!: number
    @AutoSequenceColumn({
        strategy,
        uniqueWith: "company",
        when: { status: Not(In(["draft", "void"])) },
    })
    number!: number | null
}

/** One that counts in the years of its date, and has today where it has none. */
@Entity({ name: "yearly_bill" })
export class YearlyBill {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 20 }) company!: string
    @Column({ default: "draft" }) status!: string
    @Column({ type: "date", nullable: true }) issuedOn!: string | null
    @AutoSequenceColumn({
        strategy,
        uniqueWith: "company",
        period: { of: "issuedOn", by: "year", timeZone: "UTC" },
        when: { status: Not("draft") },
    })
    number!: number | null
    numberPeriod!: string | null
}

/** The numbers of the bills of each company, in the order of their rows. */
export async function billNumbers(
    dataSource: DataSource,
): Promise<Record<string, (number | null)[]>> {
    const rows = await dataSource.query<{ company: string; number: number | null }[]>(
        `SELECT company, number FROM ${table(dataSource, Bill)} ORDER BY id`,
    )
    const numbers: Record<string, (number | null)[]> = {}
    for (const { company, number } of rows) (numbers[company] ??= []).push(number)
    return numbers
}

/** Expects these numbers, and counters that are at the highest of them. */
export async function expectBills(
    dataSource: DataSource,
    expected: Record<string, readonly (number | null)[]>,
): Promise<void> {
    expect(await billNumbers(dataSource)).to.eql(expected)
    const highest = Object.values(expected).map((all) => Math.max(...all.map(Number)))
    const counters = (await storedCounters(dataSource)).map(({ last }) => Number(last))
    expect(counters.filter((last) => last > 0).sort(), "counters").to.eql(
        highest.filter((last) => last > 0).sort(),
    )
}

/** One whose number is made as the transaction is committed. */
@Entity({ name: "receipt" })
export class Receipt {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 20 }) company!: string
    @Column({ type: "varchar", length: 50, nullable: true, unique: true }) sku!: string | null
    @Column({ type: "int", default: 0 }) stock!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "company", assign: "commit" })
    number!: number | null
}

/** A draft first, by year, and numbered as the transaction is committed. */
@Entity({ name: "late_bill" })
export class LateBill {
    @PrimaryGeneratedColumn("uuid") id!: string
    @Column({ type: "int" }) at!: number
    @Column({ length: 20 }) company!: string
    @Column({ default: "draft" }) status!: string
    @Column({ type: "date", nullable: true }) issuedOn!: string | null
    @AutoSequenceColumn({
        strategy,
        uniqueWith: "company",
        period: { of: "issuedOn", by: "year", timeZone: "UTC" },
        when: { status: Not("draft") },
        assign: "commit",
    })
    number!: number | null
    numberPeriod!: string | null
}
