import {
    Column,
    CreateDateColumn,
    Entity,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { PseudoKey } from "../../src"

/** A key of each format. */
@Entity()
export class Formats {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ unique: true, length: 100 })
    name!: string

    @PseudoKey()
    nanoid!: string

    @PseudoKey({ length: 30, alphabet: "0123456789abcdef" })
    hex!: string

    @PseudoKey({ generate: "uuid" })
    uuid!: string

    @PseudoKey({ generate: "uuidv7" })
    uuidv7!: string

    @PseudoKey({ generate: "ulid" })
    ulid!: string

    @PseudoKey({ generate: (row: Formats, attempt) => `${row.name}.${attempt}` })
    made!: string

    @PseudoKey({ prefix: "inv" })
    prefixed!: string
}

/** A random key, and nothing that would have to be looked for. */
@Entity()
export class Coupon {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ default: "" })
    name!: string

    @PseudoKey()
    code!: string
}

/** The same without a key. */
@Entity()
export class Voucher {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ default: "" })
    name!: string
}

@Entity()
export class Badge {
    @PrimaryGeneratedColumn()
    id!: number

    @PseudoKey({ prefix: "bdg" })
    code!: string
}

/** The text of a company whose key can't be made. */
export const THROWING = "throw"

/** `acme`, `acme-2` … */
@Entity()
export class Company {
    @PrimaryGeneratedColumn()
    id!: number

    /** Not in the table. */
    text?: string | null

    @Column({ type: "varchar", length: 100, nullable: true, unique: true })
    email?: string | null

    @Column({ default: 0 })
    stock!: number

    @PseudoKey({
        case: "keep",
        derive: ({ text }: Company) => {
            if (text === THROWING) throw new Error("row 7 is secret")
            return text as string
        },
    })
    slug!: string
}

export function company(text: string | null, more: Partial<Company> = {}): Company {
    return Object.assign(new Company(), { text }, more)
}

@Entity()
export class Department {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string
}

@Entity()
export class Category {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @ManyToOne(() => Department, { nullable: true, cascade: ["insert"] })
    department?: Department | null

    @OneToMany(() => Product, (product) => product.category, { cascade: ["insert"] })
    products?: Product[]

    @PseudoKey({ prefix: "cat" })
    publicId!: string

    @PseudoKey({ case: "keep", derive: (category: Category) => category.name })
    slug!: string

    @PseudoKey({
        after: "insert",
        case: "keep",
        derive: (category: Category) => `c-${category.id}`,
    })
    late!: string
}

@Entity()
export class Product {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @Column({ type: "int", nullable: true })
    categoryId?: number | null

    @ManyToOne(() => Category, (category) => category.products, {
        nullable: true,
        cascade: ["insert"],
    })
    @JoinColumn({ name: "categoryId" })
    category?: Category | null

    @PseudoKey({
        case: "keep",
        derive: ({ category, name }: Product) =>
            [category?.department?.name, category?.name, name].filter(Boolean).join(" "),
        relations: ["category.department"],
    })
    slug!: string
}

/** Its keys are made of what its parent has when that is inserted. */
@Entity()
export class Offer {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Category, { nullable: false, cascade: ["insert"] })
    category!: Category

    @PseudoKey({
        relations: ["category"],
        case: "keep",
        derive: (offer: Offer) => offer.category.publicId,
    })
    byPublicId!: string

    @PseudoKey({
        relations: ["category"],
        case: "keep",
        derive: (offer: Offer) => `of-${offer.category.id}`,
    })
    byId!: string

    @PseudoKey({
        relations: ["category"],
        case: "keep",
        derive: (offer: Offer) => `of-${offer.category.slug}`,
    })
    bySlug!: string

    @PseudoKey({
        relations: ["category"],
        case: "keep",
        derive: (offer: Offer) => `of-${offer.category.late}`,
    })
    byLate!: string
}

export const shopEntities = [Department, Category, Product, Offer]

/** Keys that only the INSERT can tell. */
@Entity()
export class Letter {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ type: "varchar", length: 100, nullable: true, unique: true })
    reference?: string | null

    @Column({ default: "open" })
    status!: string

    @CreateDateColumn()
    createdAt!: Date

    @PseudoKey({ after: "insert", case: "keep", derive: (letter: Letter) => `no-${letter.id}` })
    byId!: string

    @PseudoKey({
        prefix: "on",
        after: "insert",
        case: "keep",
        derive: (letter: Letter) => `${letter.createdAt.getFullYear() > 2000}`,
    })
    byDate!: string

    @PseudoKey({ case: "keep", derive: (letter: Letter) => letter.status })
    byStatus!: string

    @PseudoKey({ after: "insert", case: "keep", derive: (letter: Letter) => `by-${letter.byId}` })
    byKey!: string
}

/** Of at most ten characters behind the prefix. */
@Entity()
export class Short {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ default: "" })
    text!: string

    @PseudoKey({ prefix: "sh", case: "keep", derive: (row: Short) => row.text, length: 10 })
    slug!: string
}

/** Four possible keys. */
@Entity()
export class Tiny {
    @PrimaryGeneratedColumn()
    id!: number

    @PseudoKey({ length: 2, alphabet: "ab" })
    slug!: string
}

/** `jo`, `jo1`, `jo2`, and no more. */
@Entity()
export class Nickname {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @PseudoKey({
        prefix: "nick",
        generate: ({ name }: Nickname, attempt) => `${name}${Math.min(attempt, 2) || ""}`,
    })
    slug!: string
}

/** A key that is unique within a department and a language. */
@Entity()
export class Page {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    title!: string

    @Column({ type: "varchar", length: 20, nullable: true })
    language?: string | null

    @ManyToOne(() => Department, { nullable: true, cascade: ["insert"] })
    department?: Department | null

    @PseudoKey({
        case: "keep",
        derive: (page: Page) => page.title,
        uniqueWith: ["department", "language"],
    })
    slug!: string
}
