import {
    Check,
    ChildEntity,
    Column,
    DeleteDateColumn,
    Entity,
    EntitySchema,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
    TableInheritance,
} from "typeorm"
import { AutoSequenceColumn, withAutoSequenceColumns } from "../../src"
import type { Way } from "./strategies"

export const MAX_INT = 2 ** 31 - 1

/** The same entities for each way of making numbers. */
export function entitiesOf({ options, hasDrafts }: Way) {
    @Entity()
    class Customer {
        @PrimaryGeneratedColumn() id!: number
        @Column() name!: string
        @OneToMany(() => Invoice, (invoice) => invoice.customer, { cascade: true })
        invoices!: Relation<Invoice>[]
    }

    @Entity()
    @Check(`"total" > 0`)
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, (customer) => customer.invoices, {
            nullable: false,
            cascade: ["insert"],
        })
        customer!: Relation<Customer>
        @AutoSequenceColumn({ ...options, uniqueWith: "customer" }) number!: number
        @Column({ default: "" }) note!: string
        @Column({ type: "int", default: 1 }) total!: number
        @Column({ type: "varchar", nullable: true, unique: true }) reference!: string | null
    }

    /** One series over the whole table. */
    @Entity()
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(options) number!: number
        @Column({ default: "" }) title!: string
    }

    @Entity()
    class FromHundredByTen {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...options, startAt: 100, incrementBy: 10 }) number!: number
    }

    @Entity()
    class Big {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({
            ...options,
            type: "bigint",
            startAt: Number.MAX_SAFE_INTEGER,
            incrementBy: 2,
        })
        number!: string
    }

    const nullable = hasDrafts

    @Entity()
    class Draft {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...options, nullable }) number?: number | null
    }

    @Entity()
    class Bin {
        @PrimaryGeneratedColumn() id!: number
        @DeleteDateColumn() deletedAt!: Date | null
        @AutoSequenceColumn(options) number!: number
    }

    @Entity()
    @TableInheritance({ column: { type: "varchar", name: "kind" } })
    class Animal {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(options) number!: number
    }
    @ChildEntity()
    class Cat extends Animal {}
    @ChildEntity()
    class Dog extends Animal {
        @AutoSequenceColumn({ ...options, nullable }) licence!: number
    }

    @Entity()
    class TwoNumbers {
        @PrimaryGeneratedColumn() id!: number
        @Column() year!: string
        @AutoSequenceColumn(options) total!: number
        @AutoSequenceColumn({ ...options, uniqueWith: "year" }) ofYear!: number
    }

    const Letter = withAutoSequenceColumns(
        new EntitySchema<{ id: number; box: string; number: number }>({
            name: "letter",
            columns: {
                id: { type: "int", primary: true, generated: true },
                box: { type: "varchar" },
            },
        }),
        { number: { ...options, uniqueWith: "box" } },
    )

    return {
        Customer,
        Invoice,
        Ticket,
        FromHundredByTen,
        Big,
        Draft,
        Bin,
        Animal,
        Cat,
        Dog,
        TwoNumbers,
        Letter,
    }
}
