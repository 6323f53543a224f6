import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "typeorm-autosequence"
import { Customer } from "../customers/customer.entity.js"
import type { Line } from "./line.js"

/** A draft may be changed and thrown away. A final one has a number, and only its payment is to come. */
@Entity()
export class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Customer, { nullable: false })
    customer!: Customer

    @Column({ default: "draft" })
    status!: "draft" | "final"

    @AutoSequenceColumn({
        uniqueWith: "customer",
        strategy: "counter",
        when: { status: "final" },
    })
    number!: number | null

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
