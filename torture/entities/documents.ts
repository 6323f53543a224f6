import {
    Column,
    DeleteDateColumn,
    Entity,
    JoinColumn,
    ManyToOne,
    Not,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, DocumentNumber, type AutoSequenceColumnOptions } from "../../src"
import type { StrategyName } from "../strategies"

/** What every row has, so that the log names it before it has a key of the database. */
export interface Tagged {
    id: number
    tag: string
    note: string
}

export interface Document extends Tagged {
    company: number
    number: number | null
    lines?: Line[]
}

export interface Line extends Tagged {
    document?: Document
    number: number | null
}

export interface Draft extends Tagged {
    company: number
    status: "draft" | "final" | "void"
    issuedOn: string | null
    number: number | null
    numberPeriod: string | null
    text: string | null
}

export interface DocumentEntities {
    readonly document: new () => Document
    readonly line: new () => Line
    readonly draft: new () => Draft
}

/** Documents with lines, and documents that are drafts first, numbered by one strategy. */
export function documentsBy(
    name: StrategyName,
    options: Partial<AutoSequenceColumnOptions>,
): DocumentEntities {
    const prefix = name.replaceAll("-", "_")
    const journal = { deletable: "withReason", ...options } as const

    @Entity({ name: `${prefix}_document` })
    class DocumentOfStrategy implements Document {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 60, unique: true }) tag!: string
        @Column({ default: "" }) note!: string
        @Column({ type: "int" }) company!: number
        @AutoSequenceColumn({ uniqueWith: "company", ...journal })
        number!: number | null
        @OneToMany(() => LineOfStrategy, (line: Line) => line.document, { cascade: true })
        lines?: Line[]
        @DeleteDateColumn() deletedAt!: Date | null
    }

    @Entity({ name: `${prefix}_line` })
    class LineOfStrategy implements Line {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 60, unique: true }) tag!: string
        @Column({ default: "" }) note!: string
        @ManyToOne(() => DocumentOfStrategy, (document: Document) => document.lines, {
            nullable: false,
        })
        @JoinColumn({ name: "document" })
        document?: Document
        @AutoSequenceColumn({ uniqueWith: "document", ...journal })
        number!: number | null
    }

    @Entity({ name: `${prefix}_draft` })
    class DraftOfStrategy implements Draft {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 60, unique: true }) tag!: string
        @Column({ default: "" }) note!: string
        @Column({ type: "int" }) company!: number
        @Column({ type: "varchar", length: 10, default: "draft" })
        status!: "draft" | "final" | "void"
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
        @AutoSequenceColumn({
            uniqueWith: "company",
            period: { of: "issuedOn", by: "year", timeZone: "UTC" },
            when: { status: Not("draft") },
            ...journal,
        })
        number!: number | null
        numberPeriod!: string | null
        @DocumentNumber({ of: "number", format: "D-{company}-{YYYY}-{0000}" })
        text!: string | null
    }

    return { document: DocumentOfStrategy, line: LineOfStrategy, draft: DraftOfStrategy }
}
