import { Column, Entity, Not, PrimaryGeneratedColumn, type ObjectLiteral } from "typeorm"
import { AutoSequenceColumn, type AutoSequenceColumnOptions } from "../../src"

export interface Invoice extends ObjectLiteral {
    id: number
    company: string
    status: string
    issuedOn: string | null
    number: number | null
    numberPeriod: string | null
}

/** Invoices that count per company and year, with these options. */
export function invoicesWith(options: Partial<AutoSequenceColumnOptions>): new () => Invoice {
    @Entity("invoice")
    class Invoices implements Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "Acme" }) company!: string
        @Column({ type: "varchar", length: 10, default: "draft" }) status!: string
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
        @AutoSequenceColumn({
            uniqueWith: "company",
            period: { of: "issuedOn", by: "year" },
            when: { status: Not("draft") },
            journal: true,
            ...options,
        })
        number!: number | null
        numberPeriod!: string | null
    }
    return Invoices
}

export const FINAL = { status: "final", issuedOn: "2026-05-05" }
export const SCOPE = { company: "Acme", period: "2026" }
