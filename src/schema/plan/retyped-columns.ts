import { type EntityMetadata, type QueryRunner, Table, type TableColumn } from "typeorm"
import { type TypeKind, kindOfType } from "../../dialects/column-type"
import type { Dialect } from "../../dialects/dialect"
import type { StoredCollation } from "../../dialects/statements/schema-statements"
import { ColumnChangeError } from "../../errors"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { seriesOf } from "../../series/resolve-series"
import type { Alteration } from "../../typeorm/metadata/altered-metadata"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { countRows, select } from "../../typeorm/statement"
import type { Steps } from "./steps"

/** What a column holds. Scope columns are compared by the text of their values. */
type Content = "number" | "key" | "scope"

/** @internal A column that holds numbers or keys, or makes a scope. */
export interface Holder {
    readonly column: ColumnMetadata
    readonly content: Content
    /** The largest number that it is to hold. */
    readonly max?: bigint
    /** Whether it is to hold nothing but UUIDs. */
    readonly isUuid?: boolean
}

/** @internal One that is there as a column of another type. */
export interface Retyped extends Holder {
    readonly metadata: EntityMetadata
    readonly dialect: Dialect
    readonly stored: TableColumn
    readonly declared: TableColumn
}

/** From which kinds of types a column is changed in place. */
const SOURCES: Readonly<Record<Content, Partial<Record<TypeKind, readonly TypeKind[]>>>> = {
    number: { integer: ["integer", "decimal", "text"] },
    key: { text: ["text", "uuid", "integer"], uuid: ["text"] },
    scope: { integer: ["integer"], text: ["text"] },
}

/**
 * The columns that TypeORM would drop, with all that is in them, and add again.
 * @internal
 */
export async function findRetyped(
    runner: QueryRunner,
    dialect: Dialect,
    { metadata, table, holders }: Pick<Retyped, "metadata"> & { table: Table; holders: Holder[] },
): Promise<Retyped[]> {
    const declaredTable = Table.create(metadata, dataSourceOf(metadata).driver)
    const collations = await collationsOf(runner, dialect, metadata)
    return holders.flatMap((holder) => {
        const name = holder.column.databaseName
        const found = table.findColumnByName(name)
        const declared = declaredTable.findColumnByName(name)
        if (!found || !declared) return []
        const stored = Object.assign(found.clone(), collations.get(name))
        return isRetyped(dialect, stored, declared, holder)
            ? [{ ...holder, metadata, dialect, stored, declared }]
            : []
    })
}

function isRetyped(
    { schema }: Dialect,
    stored: TableColumn,
    declared: TableColumn,
    { content }: Holder,
): boolean {
    const { collation = stored.collation } = declared
    return (
        stored.type !== declared.type ||
        stored.length !== declared.length ||
        stored.isArray !== declared.isArray ||
        schema.makesValues(stored) !== schema.makesValues(declared) ||
        // TypeORM leaves them as they are where the database has several.
        (schema.collations !== undefined && content === "key" && stored.collation !== collation)
    )
}

/** As the catalogue has them: TypeORM leaves out those of the whole database. */
async function collationsOf(
    runner: QueryRunner,
    { schema }: Dialect,
    { database, tableName }: EntityMetadata,
): Promise<Map<string, Pick<TableColumn, "charset" | "collation">>> {
    const rows = schema.collations
        ? await select<StoredCollation>(runner, schema.collations.select(database, tableName))
        : []
    return new Map(rows.map(({ column, charset, collation }) => [column, { charset, collation }]))
}

/** @internal Shows TypeORM a column as the one that is there. */
export function asStored({ column, dialect, stored }: Retyped): Alteration<ColumnMetadata>[] {
    if (!dialect.schema.retype) return []
    const { type, length, precision, scale, isArray, collation } = stored
    const values = { type, length, precision, scale, isArray, collation } as Partial<ColumnMetadata>
    const { isGenerated, generationStrategy } = stored
    return [
        [column, values],
        ...(dialect.schema.makesValues(stored)
            ? [[column, { isGenerated, generationStrategy }] as Alteration<ColumnMetadata>]
            : []),
    ]
}

/** @internal Refuses changes that would lose what is in a column. */
export async function refuseLosses(runner: QueryRunner, all: readonly Retyped[]): Promise<void> {
    const problems: string[] = []
    for (const retyped of all) {
        const { stored, content } = retyped
        const [from, to] = kindsOf(retyped)
        const isPossible =
            from && to && SOURCES[content][to]?.includes(from) && !stored.generatedType
        if (!isPossible) problems.push(impossible(retyped))
        else problems.push(...(await misfits(runner, retyped)))
    }
    if (problems.length > 0) throw new ColumnChangeError(problems.join("\n"))
}

function kindsOf({ stored, declared }: Retyped): (TypeKind | undefined)[] {
    return [stored, declared].map(({ type, isArray }) => (isArray ? undefined : kindOfType(type)))
}

function impossible(retyped: Retyped): string {
    const { content, stored, declared, metadata } = retyped
    const what = content === "scope" ? "the scope of numbers or keys" : `${content}s`
    return (
        `${placeOf(retyped)} is ${typeOf(retyped, stored)} in the database and ${typeOf(retyped, declared)} ` +
        `in the entity. TypeORM would drop the column, which holds ${what}, and add an empty one. First ` +
        "change its type in a migration of your own that keeps the values (ALTER TABLE " +
        `${tableName(metadata)} …).`
    )
}

async function misfits(runner: QueryRunner, retyped: Retyped): Promise<string[]> {
    const { metadata, column, dialect, declared, content, max, isUuid = false } = retyped
    const { expressions, schema } = dialect
    const name = columnName(column)
    const text = expressions.text(name)
    if (content === "scope" && !declared.length) return []
    const [, kind] = kindsOf(retyped)
    const isMisfit =
        kind === "integer"
            ? `CASE WHEN ${schema.isWhole(name)} ` +
              `THEN ABS(CAST(${text} AS DECIMAL(60, 10))) > ${max ?? 0} ELSE TRUE END`
            : isUuid
              ? `NOT (${schema.isUuid(text)})`
              : `${expressions.length(text)} > ${declared.length || 255}`
    const where = `${tableName(metadata)} WHERE ${name} IS NOT NULL AND ${isMisfit}`
    const count = await countRows(runner, where)
    if (count === 0) return []
    const are = count === 1 ? "1 row holds" : `${count} rows hold`
    const wrong =
        kind === "integer"
            ? `no integer up to ${String(max)}`
            : isUuid
              ? "no lower-case UUID"
              : "a longer value"
    return [
        `${placeOf(retyped)} becomes ${typeOf(retyped, declared)}, but ${are} ${wrong}. Change these values ` +
            `first: SELECT * FROM ${where}.`,
    ]
}

function placeOf({ metadata, column }: Retyped): string {
    return `${metadata.name}.${column.propertyPath}`
}

function typeOf({ metadata }: Retyped, column: TableColumn): string {
    const made = column.generatedType ?? (column.isGenerated ? "generated" : "")
    return `${dataSourceOf(metadata).driver.createFullType(column)} ${made}`.trim()
}

/** @internal Refuses what TypeORM would do to a column that it takes for another one, renamed. */
export function refuseDrops(
    metadata: EntityMetadata,
    holders: readonly Holder[],
    queries: readonly string[],
): void {
    const { driver } = dataSourceOf(metadata)
    for (const { column } of holders) {
        const drop = ` DROP COLUMN ${driver.escape(column.databaseName)}`
        const table = driver.escape(metadata.tableName)
        if (queries.some((sql) => sql.includes(`${table}${drop}`)))
            throw new ColumnChangeError(
                `${metadata.name}.${column.propertyPath}: the name and the type of its column change at once, so ` +
                    `TypeORM would drop ${column.databaseName} of ${metadata.tablePath} with all its values. Change the ` +
                    "name first, and the type in the next migration.",
            )
    }
}

/** @internal Comes before rows are numbered. The way back is to a column that can be NULL as it could. */
export async function retype(steps: Steps, all: readonly Retyped[]): Promise<void> {
    for (const { metadata, column, dialect, stored, declared } of all) {
        const { driver } = dataSourceOf(metadata)
        const place = { table: tableName(metadata), column: columnName(column) }
        // Rows may be without a number first.
        const isNullable = stored.isNullable || declared.isNullable
        const now = Object.assign(declared.clone(), { isNullable })
        // TypeORM sees to what else differs.
        const old = stored.clone()
        old.comment = declared.comment
        old.default = undefined
        const change = (from: TableColumn, to: TableColumn) =>
            dialect.schema.retype?.({ ...place, from, to, type: driver.createFullType(to) }) ?? []
        const back = change(now, old)
        for (const [at, sql] of change(old, now).entries())
            await steps.sql(
                { sql },
                at === 0
                    ? `The column ${column.databaseName} of ${metadata.tablePath} changes its type, and keeps ` +
                          "what is in it."
                    : undefined,
                ...(at === 0 ? back.map((undo) => ({ sql: undo })) : []),
            )
    }
}

/** @internal The columns whose content is that of numbers, keys and scopes. */
export function holdersOf(metadata: EntityMetadata): Holder[] {
    const series = seriesOf(metadata)
    const keys = pseudoKeysOf(metadata).stored
    const holders = [
        ...series.map(({ column, max }): Holder => ({ column, content: "number", max })),
        ...keys.map(({ column, isUuid }): Holder => ({ column, content: "key", isUuid })),
    ]
    for (const column of [...series, ...keys].flatMap(({ scopeColumns }) => scopeColumns))
        if (!holders.some((other) => other.column === column))
            holders.push({ column, content: "scope" })
    return holders
}
