import {
    Column,
    DeleteDateColumn,
    Entity,
    ManyToOne,
    Not,
    PrimaryGeneratedColumn,
    type DataSource,
    ChildEntity,
    TableInheritance,
} from "typeorm"
import { AutoSequenceColumn, DocumentNumber, WeakReference } from "../../src"
import { tableName } from "../support/typeorm"

@Entity()
export class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 30, nullable: true }) company!: string | null
    @AutoSequenceColumn({ strategy: "counter", uniqueWith: "company", journal: true })
    number!: number
    @DeleteDateColumn() deletedAt!: Date | null
}

@Entity({ name: "Odd Table" })
export class Odd {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", name: "First Part" }) first!: number
    @Column({ type: "int", nullable: true }) rows!: number | null
    @AutoSequenceColumn({
        strategy: "counter",
        name: "NUMBER",
        uniqueWith: ["first", "rows"],
        startAt: 10,
        incrementBy: 5,
    })
    number!: number
}

@Entity()
export class Bill {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter", series: "papers" }) number!: number
}

@Entity()
export class CreditNote {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter", series: "papers" }) number!: number
}

@Entity()
export class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "final" }) status!: string
    @Column({ type: "date", nullable: true }) sentOn!: string | null
    @AutoSequenceColumn({
        strategy: "counter",
        period: { of: "sentOn", by: "year" },
        when: { status: Not("draft") },
    })
    number!: number | null
    numberPeriod!: string | null
    @DocumentNumber({ of: "number", format: "L-{YYYY}-{000}" }) text!: string | null
}

@Entity()
export class Call {
    @PrimaryGeneratedColumn() id!: number
    @Column() madeAt!: Date
    @AutoSequenceColumn({
        strategy: "counter",
        dates: "ascending",
        period: { of: "madeAt", by: "year", timeZone: "America/New_York" },
    })
    number!: number
    numberPeriod!: string
}

abstract class Deal {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "date" }) madeOn!: string
    @AutoSequenceColumn({
        strategy: "counter",
        series: "deals",
        period: { of: "madeOn", by: "year" },
    })
    number!: number
    numberPeriod!: string
}

@Entity()
export class Offer extends Deal {}

@Entity("orders")
export class Order extends Deal {}

@Entity()
export class Parcel {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 30, nullable: true }) kind!: string | null
    @AutoSequenceColumn({ strategy: "counter", gapless: false, uniqueWith: "kind" }) number!: number
}

@Entity()
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
export class Paper {
    @PrimaryGeneratedColumn() id!: number
}

@ChildEntity()
export class Numbered extends Paper {
    @AutoSequenceColumn({ strategy: "counter", nullable: true }) number!: number
}

@ChildEntity()
export class Plain extends Paper {}

@Entity()
export class Article {
    @PrimaryGeneratedColumn() id!: number
}

@Entity()
export class Tag {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 20 }) contentType!: string
    @Column() objectId!: number
    @Column({ type: "int", nullable: true }) articleId!: number | null
    @WeakReference(() => Article)
    @Column({ length: 20, nullable: true, type: "varchar" })
    oldLink!: string | null
    @ManyToOne(() => Article, { createForeignKeyConstraints: false, nullable: true })
    about!: Article | null
}

/** Names in double quotes, and `{Entity}` for its table, as the database has them. */
export async function run(dataSource: DataSource, sql: string): Promise<void> {
    const named = sql
        .replaceAll(/\{(\w+)\}/g, (_, entity: string) => tableName(dataSource.getMetadata(entity)))
        .replaceAll(/~([^~]+)~/g, (_, name: string) => dataSource.driver.escape(name))
    await dataSource.query(named)
}
