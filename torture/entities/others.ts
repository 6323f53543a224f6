import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"
import type { Tagged } from "./documents"

/** Numbers that may be lost, and are never given twice. */
@Entity({ name: "lease" })
export class Lease implements Tagged {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 60, unique: true }) tag!: string
    @Column({ default: "" }) note!: string
    @Column({ type: "int" }) company!: number
    @AutoSequenceColumn({ uniqueWith: "company", strategy: "counter", gapless: false, cache: 5 })
    number!: number
}

/** What was done with the numbers of a `Sequence`. No index keeps one from being there twice: only the counter does. */
@Entity({ name: "receipt" })
export class Receipt implements Tagged {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 60, unique: true }) tag!: string
    @Column({ default: "" }) note!: string
    @Column({ type: "int" }) company!: number
    @Column({ type: "int" }) number!: number
}

/** A row with a public key that is made of its title, and keeps those that it had. */
@Entity({ name: "article" })
export class Article implements Tagged {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 60, unique: true }) tag!: string
    @Column({ default: "" }) note!: string
    @Column({ length: 60 }) title!: string
    @PseudoKey({ derive: ({ title }: Article) => title, history: true })
    slug!: string
}
