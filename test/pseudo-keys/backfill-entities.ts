import {
    ChildEntity,
    Column,
    type DataSource,
    Entity,
    EntitySchema,
    type EntitySchemaColumnOptions,
    type EntitySchemaRelationOptions,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import { PseudoKey, type PseudoKeyOptions, withPseudoKeys } from "../../src"
import { columnName, tableName } from "../../src/typeorm/names"
import { isKey } from "../../src/declared/keys/key-form"

/** A row of whatever table. */
export interface Row {
    id: number
    name: string
    [property: string]: unknown
}

export type Keys = Record<string, PseudoKeyOptions<Row>>

/** A table whose rows have names, with and without keys. */
export function table(
    name: string,
    keys: Keys = {},
    columns: Record<string, EntitySchemaColumnOptions> = {},
    relations: Record<string, EntitySchemaRelationOptions> = {},
): EntitySchema<Row> {
    const schema = new EntitySchema<Row>({
        name,
        columns: {
            ...(Object.values(columns).some(({ primary }) => primary)
                ? {}
                : { id: { type: "int", primary: true, generated: true } }),
            name: { type: "varchar", length: 50, default: "" },
            ...columns,
        },
        relations,
    })
    return withPseudoKeys(schema, keys)
}

/** The same keys in columns that can be NULL. */
export function loose(keys: Keys): Keys {
    return Object.fromEntries(
        Object.entries(keys).map(([property, options]) => [
            property,
            { ...options, nullable: true },
        ]),
    )
}

export type Values = Record<string, string | number | null>

/** What code does that knows nothing of keys. */
export async function insertRows(
    dataSource: DataSource,
    entity: string,
    rows: readonly Values[],
): Promise<void> {
    const names = Object.keys(rows[0] ?? {})
    const values = rows.map((row) => `(${names.map((name) => literal(row[name])).join()})`)
    await dataSource.query(
        `INSERT INTO ${tableName(dataSource.getMetadata(entity))} ` +
            `(${names.map((name) => dataSource.driver.escape(name)).join()}) VALUES ${values.join()}`,
    )
}

function literal(value: string | number | null | undefined): string {
    return value === null || value === undefined ? "NULL" : `'${String(value).replace(/'/g, "''")}'`
}

/** Rows of these names, or so many. */
export function named(...names: readonly string[] | [number]): { name: string }[] {
    const [count] = names
    return typeof count === "number"
        ? Array.from({ length: count }, (_, i) => ({ name: `n${i}` }))
        : (names as readonly string[]).map((name) => ({ name }))
}

/** What the database has in some columns, in the order of the primary key. */
export async function stored(
    dataSource: DataSource,
    entity: string,
    ...properties: string[]
): Promise<unknown[][]> {
    const metadata = dataSource.getMetadata(entity)
    const columns = properties.map((path, at) => {
        const column = metadata.findColumnWithPropertyPath(path)
        if (!column) throw new Error(`There is no property ${path}.`)
        return `${columnName(column)} AS c${at}`
    })
    const rows = await dataSource.query<Record<string, unknown>[]>(
        `SELECT ${columns.join()} FROM ${tableName(metadata)} ` +
            `ORDER BY ${metadata.primaryColumns.map(columnName).join()}`,
    )
    return rows.map((row) => properties.map((_, at) => row[`c${at}`]))
}

/** The keys in a column, in the order of the primary key. */
export async function keysIn(
    dataSource: DataSource,
    entity: string,
    property = "slug",
): Promise<(string | null)[]> {
    return (await stored(dataSource, entity, property)).map(([key]) => key as string | null)
}

/** Expects each row to have a key, and no two the same one. */
export async function expectDistinct(
    dataSource: DataSource,
    entity: string,
    property = "slug",
): Promise<string[]> {
    const keys = await keysIn(dataSource, entity, property)
    const wrong = keys.filter((key) => !isKey(key))
    if (wrong.length > 0) throw new Error(`${wrong.length} rows have no ${property}: ${wrong[0]}`)
    const count = new Set(keys).size
    if (count < keys.length) throw new Error(`Only ${count} of ${keys.length} differ.`)
    return keys as string[]
}

/** A single-table inheritance of which one class has keys. */
export function animals(options?: Keys[string]) {
    @Entity("animal")
    @TableInheritance({ column: { type: "varchar", name: "kind", length: 20 } })
    class Animal {
        @PrimaryGeneratedColumn() id!: number
        @Column() name!: string
    }
    @ChildEntity()
    class Cat extends Animal {
        slug!: string | null
    }
    @ChildEntity()
    class Dog extends Animal {}
    if (options) PseudoKey(options as PseudoKeyOptions<object, never>)(Cat.prototype, "slug")
    return [Animal, Cat, Dog]
}

class Inner {
    @PseudoKey({ prefix: "inn", nullable: true, select: false }) code!: string | null
}

/** A key in an embedded entity. */
@Entity()
export class Outer {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @Column(() => Inner) inner!: Inner
    @PseudoKey({
        nullable: true,
        select: false,
        case: "keep",
        derive: (outer: Outer) => outer.name,
    })
    slug!: string | null
}

/** For the process that is killed. */
export const killed = () =>
    table("killed", loose({ slug: { case: "keep", derive: ({ name }) => name } }))
