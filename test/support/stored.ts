import { expect } from "chai"
import { type DataSource, IsNull, type ObjectLiteral, type Repository } from "typeorm"
import { dataSourceOf, tableName } from "./typeorm"

/** What the database has in a column, as text, the lowest first. */
export async function storedTexts(
    { manager, metadata }: Repository<ObjectLiteral>,
    property = "number",
): Promise<string[]> {
    const name = metadata.findColumnWithPropertyName(property)?.databaseName ?? ""
    const column = dataSourceOf(manager).driver.escape(name)
    const rows = (await manager.query(
        `SELECT CAST(${column} AS CHAR(30)) AS n FROM ${tableName(metadata)} ` +
            `WHERE ${column} IS NOT NULL ORDER BY ${column}`,
    )) as { n: string }[]
    return rows.map(({ n }) => n.trim())
}

/** The numbers in the table, the lowest first. */
export async function storedNumbers(
    repository: Repository<ObjectLiteral>,
    property?: string,
): Promise<number[]> {
    return (await storedTexts(repository, property)).map(Number)
}

/** A row of the counter table. */
export interface StoredCounter {
    readonly series: string
    readonly scope: string
    readonly last: string
}

/** The counter table as SQL names it. */
export function counterTable(dataSource: DataSource): string {
    return tableName(dataSource.getRepository("AutoSequenceCounter").metadata)
}

/** The counters, as text. */
export async function storedCounters(dataSource: DataSource): Promise<StoredCounter[]> {
    const { metadata } = dataSource.getRepository("AutoSequenceCounter")
    const column = (property: string) =>
        dataSource.driver.escape(
            metadata.findColumnWithPropertyName(property)?.databaseName ?? property,
        )
    const rows = await dataSource.query<StoredCounter[]>(
        `SELECT ${column("series")} AS ${dataSource.driver.escape("series")}, ` +
            `${column("scope")} AS ${dataSource.driver.escape("scope")}, ` +
            `CAST(${column("last")} AS CHAR(30)) AS ${dataSource.driver.escape("last")} ` +
            `FROM ${tableName(metadata)} ORDER BY 1, 2`,
    )
    return rows.map(({ series, scope, last }) => ({ series, scope, last: last.trim() }))
}

/** An entity as its key, whatever else it has. */
function condition(value: unknown): unknown {
    if (value == null) return IsNull()
    return typeof value === "object" && "id" in value ? { id: value.id } : value
}

/** The numbers of all rows whose scope this is, the lowest first. */
export async function numbersOfScope(
    repository: Repository<ObjectLiteral>,
    scope: ObjectLiteral,
): Promise<number[]> {
    const where = Object.fromEntries(
        Object.entries(scope).map(([name, value]) => [name, condition(value)]),
    )
    const rows = await repository.find({ where, order: { number: "ASC" }, withDeleted: true })
    return rows.map(({ number }) => number as number)
}

/**
 * What every scenario ends with: another row of the scope, and a look at all numbers that the scope
 * has then. Where numbers may be lost, they differ from each other, and the last is the highest.
 */
export async function expectNext(
    repository: Repository<ObjectLiteral>,
    scope: ObjectLiteral,
    numbers: readonly number[],
    { isGapless }: { readonly isGapless: boolean } = { isGapless: true },
): Promise<void> {
    const { number } = await repository.save(repository.create({ ...scope }))
    const stored = await numbersOfScope(repository, scope)
    if (isGapless) expect(stored).to.eql(numbers)
    else expect(new Set(stored)).to.have.property("size", numbers.length)
    expect(number).to.equal(stored.at(-1))
}

/** A text as a key has it: in its default collation, MariaDB has four digits for each letter. */
export function textInKey({ options }: DataSource, text: string): string {
    const weight = (letter: string) => letter.charCodeAt(0).toString(16).padStart(4, "0")
    return options.type === "mariadb"
        ? [...text.toUpperCase()].map(weight).join("").toUpperCase()
        : text
}

/** Puts into a key of one of these texts the text itself. */
export function keyReader(
    dataSource: DataSource,
    texts: Iterable<string>,
): (key: string) => string {
    const inKey = (text: string) => `v1:"${text}"`
    // Where two texts are one scope, the first stands for it.
    const known = [...texts].reverse()
    const textsOf = new Map(known.map((text) => [inKey(textInKey(dataSource, text)), text]))
    return (key) => {
        const text = textsOf.get(key)
        return text === undefined ? key : inKey(text)
    }
}

/** A key of one of these texts, with the text itself. */
export function readKey(dataSource: DataSource, key: string, texts: Iterable<string>): string {
    return keyReader(dataSource, texts)(key)
}
