import { Column, CreateDateColumn, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "typeorm-autosequence"
import { Customer } from "../customers/customer.entity.js"
import type { Line } from "./line.js"

/** An invoice has its number from the beginning, and is not changed any more but for its payment. */
@Entity()
export class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Customer, { nullable: false })
    customer!: Customer

    @AutoSequenceColumn({ uniqueWith: "customer", strategy: "counter" })
    number!: number

    @PseudoKey({ prefix: "inv" })
    key!: string

    @Column("jsonb")
    lines!: Line[]

    /** In cents. */
    @Column("int")
    total!: number

    @CreateDateColumn({ type: "timestamptz" })
    issuedAt!: Date

    /** Counted for the tenant, over all customers. */
    @Column({ type: "int", nullable: true })
    receiptNumber!: number | null
}
