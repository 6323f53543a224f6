import {
    AfterInsert,
    BeforeInsert,
    Column,
    type DataSource,
    Entity,
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { WAYS } from "../support/strategies"

export const WAY_NAMES = ["counter", "table-lock", "trigger", "counter, gapless: false"] as const
export type WayName = (typeof WAY_NAMES)[number]

/** Where the insert of an entity fails on its way through TypeORM. */
export const FAILURES = [
    "listener",
    "async listener",
    "late listener",
    "subscriber",
    "late subscriber",
    "listener after the INSERT",
] as const
export type Failure = (typeof FAILURES)[number]

export class ListenerFailed extends Error {}

/** Later than all that its siblings do before their INSERT. */
async function late(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** An entity whose insert fails where it says. */
export abstract class Failing {
    /** No column. */
    fails?: Failure

    @BeforeInsert()
    beforeInsert(): Promise<void> | undefined {
        if (this.fails === "listener") throw new ListenerFailed(this.fails)
        if (this.fails === "async listener" || this.fails === "late listener")
            return this.failLater(this.fails)
        return undefined
    }

    private async failLater(fails: Failure): Promise<void> {
        await (fails === "late listener" ? late() : Promise.resolve())
        throw new ListenerFailed(fails)
    }

    @AfterInsert()
    afterInsert(): void {
        if (this.fails === "listener after the INSERT") throw new ListenerFailed(this.fails)
    }
}

@EventSubscriber()
export class FailingSubscriber implements EntitySubscriberInterface {
    async beforeInsert({ entity }: InsertEvent<Failing>): Promise<void> {
        const fails = entity?.fails
        if (fails === "late subscriber") await late()
        if (fails === "subscriber" || fails === "late subscriber") throw new ListenerFailed(fails)
    }
}

export interface Customer extends Failing {
    id: number
    name: string
    invoices?: Invoice[]
}

export interface Batch extends Failing {
    id: number
    invoices?: Invoice[]
}

export interface Invoice extends Failing {
    id?: number
    customer?: Customer
    number?: number | null
    reference: string
    note: string
    lines?: Line[]
}

export interface Line extends Failing {
    id: number
    code: string | null
}

export interface Task extends Failing {
    id?: number
    team: string | null
    number?: number | null
    reference: string
}

function entitiesOf(way: WayName) {
    const { options, hasDrafts } = WAYS[way]

    @Entity({ name: "customer" })
    class Customer extends Failing {
        @PrimaryGeneratedColumn() id!: number
        @Column() name!: string
        @OneToMany(() => Invoice, (invoice) => invoice.customer, { cascade: true })
        invoices?: Relation<Invoice>[]
    }

    /** Has invoices of several customers. */
    @Entity({ name: "batch" })
    class Batch extends Failing {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) name!: string
        @OneToMany(() => Invoice, (invoice) => invoice.batch, { cascade: true })
        invoices?: Relation<Invoice>[]
    }

    @Entity({ name: "invoice" })
    class Invoice extends Failing {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, (customer) => customer.invoices, { nullable: false })
        customer!: Relation<Customer>
        @ManyToOne(() => Batch, (batch) => batch.invoices, { nullable: true })
        batch?: Relation<Batch> | null
        @AutoSequenceColumn({ ...options, uniqueWith: "customer" }) number!: number
        @Column({ type: "varchar", length: 60, unique: true }) reference!: string
        @Column({ type: "varchar", length: 60, default: "" }) note!: string
        @OneToMany(() => Line, (line) => line.invoice, { cascade: true })
        lines?: Relation<Line>[]
    }

    /** Another entity of a cascade, that comes after the numbered rows. */
    @Entity({ name: "line" })
    class Line extends Failing {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Invoice, (invoice) => invoice.lines, {
            nullable: false,
            onDelete: "CASCADE",
        })
        invoice!: Relation<Invoice>
        @Column({ type: "varchar", length: 60, nullable: true, unique: true })
        code!: string | null
    }

    /** Has drafts, and a scope that may be NULL. */
    @Entity({ name: "task" })
    class Task extends Failing {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 60, nullable: true }) team!: string | null
        @AutoSequenceColumn({ ...options, uniqueWith: "team", nullable: hasDrafts })
        number!: number | null
        @Column({ type: "varchar", length: 60, unique: true }) reference!: string
    }

    return [Customer, Batch, Invoice, Line, Task]
}

const made = new Map<WayName, ReturnType<typeof entitiesOf>>()

/** The same tables for each way in which numbers are made. */
export function randomEntities(way: WayName) {
    if (!made.has(way)) made.set(way, entitiesOf(way))
    return made.get(way)!
}

/** Removes all rows, and the counters. */
export async function clear(dataSource: DataSource, counterTable: string): Promise<void> {
    await dataSource.transaction(async (manager) => {
        // Lines go with their invoices.
        for (const name of ["Invoice", "Batch", "Customer", "Task"])
            await manager.createQueryBuilder().delete().from(name).execute()
        await manager.query(`DELETE FROM ${counterTable}`)
    })
}
