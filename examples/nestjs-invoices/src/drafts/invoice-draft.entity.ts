import { Column, Entity, Index, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { PseudoKey } from "typeorm-autosequence"
import { Customer } from "../customers/customer.entity.js"
import type { Line } from "../invoices/line.js"

/** A draft may be changed and thrown away. It has no number that would be missing then. */
@Entity()
export class InvoiceDraft {
    @PrimaryGeneratedColumn()
    id!: number

    @Index()
    @ManyToOne(() => Customer, { nullable: false })
    customer!: Customer

    @PseudoKey({ prefix: "draft" })
    key!: string

    @Column("jsonb")
    lines!: Line[]
}
