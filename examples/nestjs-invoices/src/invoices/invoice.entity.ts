import { Column, Entity, ManyToOne, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, PseudoKey } from "typeorm-autosequence"
import { Customer } from "../customers/customer.entity.js"
import type { Line } from "./line.js"

/** A draft may be changed and thrown away. A final one has a number for ever: it is paid, or made void. */
@Entity()
export class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Customer, { nullable: false })
    customer!: Customer

    @Column({ default: "draft" })
    status!: "draft" | "final" | "void"

    @AutoSequenceColumn({
        uniqueWith: "customer",
        strategy: "counter",
        when: { status: Not("draft") },
        deletable: false,
    })
    sequence!: number | null

    /** The number as people read it. */
    @DocumentNumber({ of: "sequence", format: "INV/{00000}" })
    number!: string | null

    @PseudoKey({ prefix: "inv" })
    key!: string

    @Column("jsonb")
    lines!: Line[]

    /** In cents. */
    @Column("int")
    total!: number

    /** When it became final. */
    @Column({ type: "timestamptz", nullable: true })
    issuedAt!: Date | null

    /** Counted for the tenant, over all customers. */
    @Column({ type: "int", nullable: true })
    receiptNumber!: number | null
}
