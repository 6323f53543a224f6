import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn } from "../../src"
import { Customer } from "./customer"

@Entity()
export class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Customer, { nullable: false })
    customer!: Customer

    /** 1, 2, 3 … for each customer; the number of a deleted invoice never comes back. */
    @AutoSequenceColumn({ strategy: "counter", uniqueWith: "customer" })
    number!: number

    @Column({ unique: true })
    orderId!: string

    @Column({ type: "date" })
    date!: string

    /** A decimal number as text, as TypeORM gives it. */
    @Column({ type: "numeric", precision: 12, scale: 2 })
    amount!: string
}
