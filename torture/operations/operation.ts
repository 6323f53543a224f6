import type { DataSource, EntityManager } from "typeorm"
import type { Random } from "../random"
import { documents, type StrategyName } from "../strategies"
import type { Document, DocumentEntities, Draft, Line } from "../entities/documents"
import type { Book } from "../worker/book"

/** What an operation works with. */
export interface Context {
    readonly dataSource: DataSource
    /** That of the transaction. */
    readonly manager: EntityManager
    readonly random: Random
    readonly book: Book
}

export interface Operation {
    readonly name: string
    /** What may happen once in a while next to the others. */
    readonly weight: number
    /** Whether it can do without a transaction of the caller's: `save()` opens one, and triggers need none. */
    readonly isWhole?: (strategy: StrategyName) => boolean
    /** Whether it is done by documents of this strategy. */
    readonly by?: (strategy: StrategyName, database: string) => boolean
    run(context: Context, entities: DocumentEntities, strategy: StrategyName): Promise<void>
}

/** Few, so that writers meet. */
const COMPANIES = 3

export function aCompany({ random }: Context): number {
    return random.between(1, COMPANIES)
}

export function newDocument(
    context: Context,
    { document }: DocumentEntities,
    company = aCompany(context),
): Document {
    return Object.assign(new document(), { tag: context.book.tag(), company })
}

export function newDraft(
    context: Context,
    { draft }: DocumentEntities,
    status: "draft" | "final",
): Draft {
    return Object.assign(new draft(), {
        tag: context.book.tag(),
        company: aCompany(context),
        status,
        issuedOn: `${context.random.between(2025, 2026)}-0${context.random.between(1, 9)}-15`,
    })
}

export function bookDocument(
    { book, dataSource }: Context,
    { document }: DocumentEntities,
    row: Document,
): void {
    book.row(tableOf(dataSource, document), row, () => String(row.company))
}

export function bookLine(
    { book, dataSource }: Context,
    { line }: DocumentEntities,
    row: Line,
): void {
    book.row(tableOf(dataSource, line), row, () => String(row.document?.id))
}

export function bookDraft(
    { book, dataSource }: Context,
    { draft }: DocumentEntities,
    row: Draft,
    isNew = true,
): void {
    const scope = () => `${row.company}/${row.numberPeriod ?? ""}`
    book.row(tableOf(dataSource, draft), row, scope, isNew)
}

export function tableOf(dataSource: DataSource, entity: new () => object): string {
    return dataSource.getMetadata(entity).tableName
}

/** Some row that is stored: others may be about to change it. */
export async function someRow<Row extends { id: number }>(
    { manager, random }: Context,
    entity: new () => Row,
    where: object = {},
): Promise<Row | undefined> {
    const { max } = (await manager
        .createQueryBuilder(entity, "row")
        .select("MAX(row.id)", "max")
        .getRawOne<{ max: number | null }>()) ?? { max: null }
    if (max === null) return undefined
    // Most of them among the newest, where others are at work.
    const lowest = random.chance(0.7) ? Math.max(max - 30, 1) : 1
    const found = await manager
        .createQueryBuilder(entity, "row")
        .where(where)
        .andWhere("row.id >= :id", { id: random.between(lowest, max) })
        .orderBy("row.id")
        .limit(1)
        .getOne()
    return found ?? undefined
}

export function documentsOf(strategy: StrategyName): DocumentEntities {
    return documents[strategy]
}
