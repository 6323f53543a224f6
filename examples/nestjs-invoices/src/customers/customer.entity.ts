import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { PseudoKey } from "typeorm-autosequence"
import { Tenant } from "../tenants/tenant.entity.js"

@Entity()
export class Customer {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Tenant, { nullable: false })
    tenant!: Tenant

    @Column()
    name!: string

    /** In cents, for all invoices that are not paid. */
    @Column({ type: "int", nullable: true })
    creditLimit!: number | null

    /** Tenants may choose it, so it is unique among the customers of one. */
    @PseudoKey({ prefix: "cus", uniqueWith: "tenant", history: true })
    key!: string
}
