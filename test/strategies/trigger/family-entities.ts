import {
    Column,
    Entity,
    JoinColumn,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    OneToOne,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn } from "../../../src"

const strategy = "trigger"

/** Numbered itself, like its children and theirs. */
@Entity({ name: "order_" })
export class Order {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy }) number!: number
    @OneToMany(() => Line, (line) => line.order, { cascade: true }) lines!: Relation<Line>[]
    @OneToOne(() => Receipt, (receipt) => receipt.order, { cascade: true })
    receipt!: Relation<Receipt>
    @ManyToMany(() => Tag, { cascade: true }) @JoinTable() tags!: Relation<Tag>[]
}

@Entity({ name: "line" })
export class Line {
    @PrimaryGeneratedColumn("uuid") id!: string
    @ManyToOne(() => Order, (order) => order.lines, { nullable: false, cascade: ["insert"] })
    order!: Relation<Order>
    @AutoSequenceColumn({ strategy, uniqueWith: "order" }) number!: number
    @OneToMany(() => Part, (part) => part.line, { cascade: true }) parts!: Relation<Part>[]
}

@Entity({ name: "part" })
export class Part {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Line, (line) => line.parts, { nullable: false }) line!: Relation<Line>
    @Column({ default: 1 }) side!: number
    @AutoSequenceColumn({ strategy, uniqueWith: ["line", "side"] }) number!: number
}

/** The owning side of a one-to-one relation. */
@Entity({ name: "receipt" })
export class Receipt {
    @PrimaryGeneratedColumn() id!: number
    @OneToOne(() => Order, (order) => order.receipt) @JoinColumn() order!: Relation<Order>
    @AutoSequenceColumn({ strategy }) number!: number
}

@Entity({ name: "tag" })
export class Tag {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy }) number!: number
}

/** May be without an order. */
@Entity({ name: "note" })
export class Note {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Order, { nullable: true, cascade: ["insert"] }) order?: Relation<Order> | null
    @AutoSequenceColumn({ strategy, uniqueWith: "order" }) number!: number
}

/** A tree that counts the children of each node. */
@Entity({ name: "node" })
export class Node {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Node, (node) => node.children, { nullable: true })
    parent!: Relation<Node> | null
    @OneToMany(() => Node, (node) => node.parent, { cascade: true }) children!: Relation<Node>[]
    @AutoSequenceColumn({ strategy, uniqueWith: "parent" }) number!: number
}

export const family = [Order, Line, Part, Receipt, Tag, Note, Node]
