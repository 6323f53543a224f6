import type { DataSource, EntityMetadata } from "typeorm"
import { placeOfEntity, storedColumns } from "../../audit/tables"
import type { Snapshot } from "../../audit/snapshot"
import type { Refuse } from "../../declared/options"
import { show } from "../../declared/show"
import type { StoredColumn, TablePlace } from "../../dialects/statements/upkeep/audit-statements"

/** @internal A column of a table, whether an entity knows it or not. */
export interface ColumnPlace {
    readonly table: TablePlace
    /** As the database names it. */
    readonly column: string
    /** Its name in messages: `Article.id`. */
    readonly label: string
    /** Undefined for a table without an entity. */
    readonly metadata?: EntityMetadata
}

/** @internal A place whose column is there. */
export interface StoredPlace extends ColumnPlace {
    readonly type: string
    readonly columns: ReadonlyMap<string, StoredColumn>
}

/** @internal The parts of a name, which may be quoted: `"My Table".id` */
export function partsOfName(text: string): string[] | undefined {
    const parts: string[] = []
    const part = /\s*(?:"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([^\s."`]+))\s*(\.|$)/gy
    for (;;) {
        const found = part.exec(text)
        if (!found) return undefined
        const [, double, back, plain, end] = found
        parts.push(double?.replaceAll('""', '"') ?? back?.replaceAll("``", "`") ?? plain ?? "")
        if (end === "") return parts
    }
}

/**
 * Finds what a name means: an entity's property, a column of an entity's table, an entity alone (its primary key), or
 * a column of any table, with its schema where it is in another one.
 * @internal
 */
export function placeOfName(dataSource: DataSource, text: string, refuse: Refuse): ColumnPlace {
    const parts = partsOfName(text)
    if (!parts) return refuse(`${show(text)} is not the name of a column. Give <table>.<column>.`)
    const [first = "", ...rest] = parts
    const entity = dataSource.entityMetadatas.find(({ name }) => name === first)
    if (entity) return ofEntity(entity, rest.join("."), refuse)
    const column = parts.at(-1) ?? ""
    const tables = parts.slice(0, -1)
    if (tables.length === 0) return refuse(`${show(text)} is not an entity. Give <table>.<column>.`)
    const named = dataSource.entityMetadatas.find(
        ({ tablePath, tableName }) =>
            tables.join(".") === tablePath || (tables.length === 1 && tables[0] === tableName),
    )
    if (named)
        return { ...ofTable(named), column, label: `${named.tablePath}.${column}`, metadata: named }
    const table = tables.at(-1) ?? ""
    const place = tables.length > 1 ? tables.slice(0, -1).join(".") : undefined
    const name = [...(place === undefined ? schemaOf(dataSource) : [place]), table]
        .map((part) => dataSource.driver.escape(part))
        .join(".")
    return { table: { name, place, table }, column, label: text }
}

function ofTable(metadata: EntityMetadata) {
    return { table: placeOfEntity(metadata) }
}

function ofEntity(metadata: EntityMetadata, path: string, refuse: Refuse): ColumnPlace {
    const { primaryColumns, columns, name } = metadata
    if (path === "" && primaryColumns.length > 1)
        return refuse(
            `${name} has a primary key with several columns. Name one: ${name}.${primaryColumns[0]?.propertyPath ?? ""}.`,
        )
    const column =
        path === ""
            ? primaryColumns[0]
            : columns.find((one) => one.propertyPath === path || one.databaseName === path)
    if (!column)
        return refuse(
            `${name} has no property ${path}. It has ${columns.map(({ propertyPath }) => propertyPath).join(", ")}.`,
        )
    return {
        ...ofTable(metadata),
        column: column.databaseName,
        label: `${name}.${column.propertyPath}`,
        metadata,
    }
}

/** The schema that the data source looks in for what names none. */
function schemaOf({ options }: DataSource): string[] {
    const { schema } = options as { schema?: string }
    return schema === undefined ? [] : [schema]
}

/** @internal The same, where the database has the column. */
export async function storedPlace(
    snapshot: Pick<Snapshot, "runner" | "dialect">,
    place: ColumnPlace,
    refuse: Refuse,
): Promise<StoredPlace> {
    const columns = await storedColumns(snapshot, place.table)
    if (columns.size === 0) return refuse(`there is no table ${place.table.table}.`)
    const stored = columns.get(place.column)
    if (!stored)
        return refuse(
            `${place.table.table} has no column ${show(place.column)}. It has ${[...columns.keys()].join(", ")}.`,
        )
    return { ...place, type: stored.type, columns }
}
