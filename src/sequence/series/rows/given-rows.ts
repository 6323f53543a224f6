import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { Refuse } from "../../../declared/options"
import { show } from "../../../declared/show"
import { withValueAt } from "../../../typeorm/given"
import { entityOf } from "../../../typeorm/rows/read-rows"
import { hasPrimaryKey, primaryKeyText } from "../../../inserts/primary-key"
import { shownNumber } from "../../../numbers/number-values"
import type { KeyedRow } from "../../../numbers/updates/asked/asked-numbers"
import type { Series } from "../../../series/series"

/**
 * Rows that a caller has given, in their order, by their primary keys as texts: what was given, and the primary key as
 * TypeORM takes it.
 * @internal
 */
export type GivenRows = ReadonlyMap<string, { readonly given: unknown; readonly id: ObjectLiteral }>

/** @internal Reads the rows that a caller has given by their entities or primary keys. Refuses what is none. */
export function givenRows(
    metadata: EntityMetadata,
    rows: readonly unknown[],
    refuse: Refuse,
): GivenRows {
    const byKey = new Map<string, { given: unknown; id: ObjectLiteral }>()
    for (const given of rows) {
        const id = idOf(metadata, given, refuse)
        const key = primaryKeyText(metadata, id)
        if (byKey.has(key)) refuse("it was given one row twice. Give each row once.")
        byKey.set(key, { given, id })
    }
    return byKey
}

function idOf(metadata: EntityMetadata, given: unknown, refuse: Refuse): ObjectLiteral {
    const { primaryColumns, name } = metadata
    const [column, ...others] = primaryColumns
    const properties = primaryColumns.map(({ propertyPath }) => propertyPath).join(", ")
    const isObject = typeof given === "object" && given !== null
    const isValue = ["string", "number", "bigint"].includes(typeof given)
    if (!isObject && !(isValue && others.length === 0))
        refuse(`it was given ${show(given)} as a row. Give the entity, or { ${properties} }.`)
    // Some drivers of TypeORM convert values, and not bigints.
    const value = typeof given === "bigint" ? String(given) : given
    const row = isObject ? given : (column?.createValueMap(value) ?? {})
    if (!hasPrimaryKey(metadata, row))
        refuse(
            `it was given a ${name} without its primary key (${properties}). Save the row first, or give a ` +
                "stored one.",
        )
    return metadata.getEntityIdMap(row) ?? {}
}

/** @internal The primary key of a row that was read, as text. */
export function keyOfRead(metadata: EntityMetadata, row: KeyedRow): string {
    const values = metadata.primaryColumns.map((_, at) => row[`k${at}`])
    return primaryKeyText(metadata, entityOf(metadata.primaryColumns, values))
}

/** @internal The primary key of a row that was given a number, as an UPDATE leaves it. */
export function idAfter(
    series: Series,
    id: ObjectLiteral,
    set: ObjectLiteral,
    number: bigint | undefined,
): ObjectLiteral {
    let after: ObjectLiteral = {}
    for (const column of series.metadata.primaryColumns) {
        const isNumber = column === series.column && number !== undefined
        const value: unknown = isNumber
            ? shownNumber(series, number)
            : (column.getEntityValue(set) ?? column.getEntityValue(id))
        const referenced = column.referencedColumn && `.${column.referencedColumn.propertyPath}`
        const path = `${column.propertyPath}${referenced ?? ""}`
        after = withValueAt(after, path, value)
    }
    return after
}
