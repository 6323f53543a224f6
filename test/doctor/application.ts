import { Column, Entity, ManyToOne, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, PseudoKey } from "../../src"
import type { Capabilities } from "../support/databases"

@Entity("company")
export class Company {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 20 }) name!: string
    @PseudoKey({ prefix: "co", history: true }) key!: string
    @PseudoKey({ derive: ({ name }: Company) => name, suffix: "number" }) slug!: string
}

@Entity("invoice")
export class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Company, { nullable: false }) company!: Company
    @Column({ type: "varchar", length: 10, default: "draft" }) status!: string
    @Column({ type: "date", nullable: true }) issuedOn!: string | null

    @AutoSequenceColumn({
        strategy: "counter",
        uniqueWith: "company",
        period: { of: "issuedOn", by: "year", timeZone: "Europe/Berlin" },
        when: { status: Not("draft") },
        deletable: "withReason",
        journal: true,
    })
    sequence!: number | null

    @DocumentNumber({ of: "sequence", format: "INV-{YYYY}-{0000}" })
    number!: string | null
}

@Entity("receipt")
export class Receipt {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) desk!: number
    @Column({ type: "date", nullable: true }) day!: string | null

    @AutoSequenceColumn({
        strategy: "trigger",
        uniqueWith: "desk",
        period: { of: "day", by: "year" },
        journal: true,
    })
    sequence!: number

    @DocumentNumber({ of: "sequence", format: "R{YYYY}/{000}" })
    number!: string
}

@Entity("ticket")
export class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter", gapless: false, cache: 20 }) number!: number
}

@Entity("slip")
export class Slip {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "table-lock" }) number!: number
}

@Entity("posting")
export class Posting {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter", assign: "commit" }) number!: number | null
}

/** An application that uses all that the database can. */
export function application({ tableLock, parallel }: Capabilities) {
    return [
        Company,
        Invoice,
        Ticket,
        Posting,
        ...(tableLock ? [Slip] : []),
        ...(parallel ? [Receipt] : []),
    ]
}
