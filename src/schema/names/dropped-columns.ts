import type { TableColumn } from "typeorm"
import { COUNTER_ENTITY } from "../../declared/own-tables"
import { kindOfType } from "../../dialects/column-type"
import { findOwnEntity } from "../../series/own-table"
import { tableNameBeside } from "../../series/series-name"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import type { ServedTable } from "../plan/inventory"

/** @internal A column of a table that no property has, and which may be one that is new by now. */
export interface DroppedColumn {
    /** `<table>.<column>` */
    readonly name: string
    /** What is wrong with going on, if it is the same column. */
    readonly problem: string
}

/**
 * The columns that TypeORM would drop with their numbers or keys, where several columns of a table have changed at once:
 * it renames a single one. They have a unique index, as those have, and nothing else may tell what they are.
 * @internal
 */
export function findDropped(
    served: ServedTable,
    renamedColumns: ReadonlyMap<ColumnMetadata, string>,
): DroppedColumn[] {
    const { dataSource, metadata, table, missingColumns } = served
    const place = tableNameBeside(metadata, findOwnEntity(dataSource, COUNTER_ENTITY))
    const added = missingColumns.filter((column) => !renamedColumns.has(column))
    const known = [
        ...metadata.columns.map(({ databaseName }) => databaseName),
        ...renamedColumns.values(),
    ]
    const isUnique = ({ name }: TableColumn) =>
        table.indices.some((index) => index.isUnique && index.columnNames.includes(name))
    return table.columns.flatMap((column) => {
        const alike = added.filter((one) => isLike(column.type, columnType(one)))
        if (known.includes(column.name) || alike.length === 0 || !isUnique(column)) return []
        const name = `${place}.${column.name}`
        const properties = alike.map(({ propertyPath }) => propertyPath).join(", ")
        return [
            {
                name,
                problem:
                    `${metadata.tablePath} has a column ${column.name} with a unique index, which is no column of ` +
                    `${metadata.name} any more, and none of ${properties} yet. TypeORM would drop it with its values. If ` +
                    "it was renamed, first rename the column in the database (ALTER TABLE), then generate the " +
                    `migration. If not, generate it with --rename ${name}= (rename: { "${name}": null }).`,
            },
        ]
    })
}

function isLike(stored: string, declared: string): boolean {
    const [from, to] = [stored, declared].map(kindOfType)
    const isNumber = (kind: typeof from) => kind === "integer" || kind === "decimal"
    return from !== undefined && to !== undefined && isNumber(from) === isNumber(to)
}
