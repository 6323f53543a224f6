import {
    Column,
    Entity,
    Index,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"
import { type Cell, onCells } from "../support/matrix"
import { servers } from "../support/servers"

export const LATE = { strategy: "counter", assign: "commit" } as const

/** Defines the same tests for counters on each database. */
export function onCounters(title: string, define: (cell: Cell) => void): void {
    const isCounter = ({ options, isGapless }: Cell["way"]) =>
        options.strategy === "counter" && isGapless
    onCells(servers, title, define, isCounter)
}

@Entity()
export class Customer {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @OneToMany(() => Invoice, (invoice) => invoice.customer, { cascade: true })
    invoices!: Relation<Invoice>[]
}

@Entity()
export class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Customer, (customer) => customer.invoices, {
        nullable: false,
        cascade: ["insert"],
    })
    customer!: Relation<Customer>
    @AutoSequenceColumn({ ...LATE, uniqueWith: "customer" }) number!: number | null
    @Column({ default: "" }) note!: string
    @Column({ type: "varchar", nullable: true, unique: true }) reference!: string | null
}

/** One series over the whole table, and a key that is made of the number. */
@Entity()
export class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn(LATE) number!: number | null
    @PseudoKey({ case: "keep", derive: (row: Ticket) => `T-${row.number}`, nullable: true })
    key!: string | null
    @Column({ default: "" }) note!: string
}

/** A primary key of two columns, set by the caller, a number at once and two at COMMIT. */
@Entity()
export class Page {
    @PrimaryColumn({ length: 20 }) book!: string
    @PrimaryColumn() side!: number
    @AutoSequenceColumn({ strategy: "counter" }) first!: number
    @AutoSequenceColumn({ ...LATE, startAt: 100, incrementBy: 10 }) total!: number | null
    @AutoSequenceColumn({ ...LATE, uniqueWith: "book", type: "bigint" }) inBook!: string | null
}

@Entity()
export class Switch {
    @PrimaryColumn({ type: "boolean" }) isOn!: boolean
    @PrimaryColumn() at!: number
    @AutoSequenceColumn(LATE) number!: number | null
}

@Entity()
@Index(["day"])
export class Receipt {
    @PrimaryGeneratedColumn("uuid") id!: string
    @Column({ type: "date", nullable: true }) day!: string | null
    @AutoSequenceColumn({ ...LATE, period: { of: "day", by: "year", timeZone: "Europe/Berlin" } })
    number!: number | null
    numberPeriod!: string | null
}

export const ENTITIES = [Customer, Invoice, Ticket, Page, Receipt, Switch]
