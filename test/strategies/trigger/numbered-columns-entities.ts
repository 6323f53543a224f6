import {
    ChildEntity,
    Column,
    Entity,
    EntitySchema,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import { AutoSequenceColumn, withAutoSequenceColumns } from "../../../src"

const strategy = "trigger"

@Entity()
export class Hidden {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy, select: false }) number!: number
}

@Entity()
export class Formatted {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({
        strategy,
        transformer: {
            to: (text?: unknown) => (typeof text === "string" ? Number(text.slice(4)) : text),
            from: (number?: number | null) => (number == null ? number : `INV-${number}`),
        },
    })
    number!: string
}

@Entity()
export class Huge {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({
        strategy,
        type: "bigint",
        startAt: Number.MAX_SAFE_INTEGER,
        incrementBy: 2,
    })
    number!: string
}

class Reference {
    @Column({ type: "int", default: 0 }) part!: number
    @AutoSequenceColumn({ strategy }) number!: number
}

@Entity()
export class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Reference) reference!: Reference
}

/** Names that have to be quoted. */
@Entity({ name: "group" })
export class Renamed {
    @PrimaryGeneratedColumn({ name: "Key" }) id!: number
    @Column({ name: "order" }) kindOf!: string
    @AutoSequenceColumn({ strategy, name: "No.", uniqueWith: "kindOf" }) runningNumber!: number
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
export class Animal {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy }) number!: number
}
@ChildEntity()
export class Cat extends Animal {}
@ChildEntity()
export class Dog extends Animal {
    @AutoSequenceColumn({ strategy }) licence!: number
}

@Entity()
export class TwoNumbers {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 10 }) year!: string
    @AutoSequenceColumn({ strategy }) total!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "year" }) ofYear!: number
}

@Entity()
export class WithUuid {
    @PrimaryGeneratedColumn("uuid") id!: string
    @Column() place!: number
    @AutoSequenceColumn({ strategy }) number!: number
}

@Entity()
export class WithTwoKeys {
    @PrimaryColumn({ length: 10 }) tenant!: string
    @PrimaryColumn() code!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "tenant" }) number!: number
}

export interface Parcel {
    id: number
    depot: string
    number: number
}
export const ParcelSchema = withAutoSequenceColumns(
    new EntitySchema<Parcel>({
        name: "parcel",
        columns: {
            id: { type: "int", primary: true, generated: true },
            depot: { type: "varchar", length: 100 },
        },
    }),
    { number: { strategy, uniqueWith: "depot" } },
)
