import type { INestApplication, ModuleMetadata } from "@nestjs/common"
import { TypeOrmModule } from "@nestjs/typeorm"
import {
    Column,
    DataSource,
    DeleteDateColumn,
    Entity,
    type EntityManager,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { PseudoKey } from "../../src"
import { AutoSequenceModule, type AutoSequenceRootOptions } from "../../src/nestjs"
import type { PostgresDatabase } from "../support/databases"
import { type Applications, Messages, type StartOptions } from "./applications"

@Entity()
export class Author {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "aut", history: true }) publicId!: string
    @OneToMany(() => Article, (article) => article.author) articles!: Article[]
}

/** One key has a prefix. The other one has none, is derived, and leads here when it is retired. */
@Entity()
export class Article {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) title!: string
    @Column({ type: "int", default: 1 }) tenantId!: number
    @PseudoKey({ prefix: "art" }) publicId!: string
    @PseudoKey({ case: "keep", derive: (article: Article) => article.title, history: true })
    slug!: string
    @ManyToOne(() => Author, (author) => author.articles) author!: Author | null
    @DeleteDateColumn() deletedAt!: Date | null
}

/** Its key has no column. */
@Entity()
export class Draft {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", default: 1 }) tenantId!: number
    @PseudoKey({
        prefix: "dra",
        seal: { column: "id", secret: "a secret of forty characters, for tests." },
    })
    publicId!: string
}

/** Two keys that have no prefix. */
@Entity()
export class Twin {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey() first!: string
    @PseudoKey() second!: string
}

/** Each tenant may have the same key. */
@Entity()
export class Page {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) tenantId!: number | null
    @PseudoKey({ uniqueWith: "tenantId", history: true, nullable: true }) slug!: string | null
}

export const ENTITIES = [Author, Article, Draft, Twin, Page]

export interface Answer {
    readonly status: number
    readonly body: string
    readonly location: string | null
    /** Without those that name the time. */
    readonly headers: Record<string, string>
}

/** An application that answers at an address of this machine. */
export class Site {
    constructor(
        readonly application: INestApplication,
        readonly address: string,
        readonly messages: Messages,
    ) {}

    get manager(): EntityManager {
        return this.application.get(DataSource).manager
    }

    /** Asks for a path, and follows no redirect unless it is told to. */
    async ask(path: string, init: RequestInit = {}): Promise<Answer> {
        const response = await fetch(this.address + path, { redirect: "manual", ...init })
        const all = [...response.headers].filter(([name]) => name !== "date")
        const headers: Record<string, string> = Object.fromEntries(all)
        const location = headers.location ?? null
        return { status: response.status, body: await response.text(), location, headers }
    }

    /** The row of an article that had one slug and has another one. */
    async renamed(before: string, after: string, given: Partial<Article> = {}): Promise<Article> {
        const article = await this.manager.save(Article, { ...given, title: "", slug: before })
        return this.manager.save(Article, { ...article, slug: after })
    }
}

export type SiteOptions = StartOptions & {
    /** The options of the library's module. `false` leaves it out. */
    readonly keys?: AutoSequenceRootOptions | false
    /** Changes the application before it listens. */
    readonly prepare?: (application: INestApplication) => unknown
}

/** Starts an application with these controllers, and with the tables of articles. */
export async function startSite(
    applications: Applications,
    database: PostgresDatabase,
    metadata: ModuleMetadata,
    { keys = {}, prepare, ...start }: SiteOptions = {},
): Promise<Site> {
    const { messages = new Messages() } = start
    // To make the tables takes longer than most tests do.
    const { options } = await database.connect(ENTITIES, { emptied: true })
    const { type, url, schema, extra } = options as Extract<typeof options, { type: "postgres" }>
    const imports = [
        TypeOrmModule.forRoot({
            ...{ type, url, schema, extra },
            autoLoadEntities: true,
            // What is imported may have entities of its own.
            synchronize: metadata.imports !== undefined,
        }),
        TypeOrmModule.forFeature(ENTITIES),
        ...(keys ? [AutoSequenceModule.forRoot(keys)] : []),
        ...(metadata.imports ?? []),
    ]
    const application = await applications.create({ ...metadata, imports }, { ...start, messages })
    await prepare?.(application)
    await application.listen(0, "127.0.0.1")
    const { port } = application.getHttpServer().address() as { port: number }
    return new Site(application, `http://127.0.0.1:${port}`, messages)
}
