import type { DataSource, EntityMetadata } from "typeorm"
import { OWN_ENTITIES } from "../../declared/own-tables"
import { dialectOf } from "../../dialects"
import type { DriverError } from "../../dialects/driver-error"
import type { MissingColumn } from "../../dialects/missing"
import { INSTALL_REMEDY, NotInstalledError } from "../../errors"
import { type ColumnMetadata, tableName } from "../../typeorm/names"

/**
 * What an error is called that comes from a table or a column of this library that is not in the database: no
 * migration has been run.
 * @internal
 */
export function missingError(
    dataSource: DataSource,
    sql: string,
    cause: DriverError,
    columnsOf: (metadata: EntityMetadata) => readonly ColumnMetadata[],
): NotInstalledError | undefined {
    const dialect = dialectOf(dataSource)
    const found = dialect?.isMissingTable(cause)
        ? missingTable(dataSource, cause)
        : missingColumn(dataSource, sql, dialect?.missingColumn(cause), columnsOf)
    return found === undefined
        ? undefined
        : new NotInstalledError(`${found} ${INSTALL_REMEDY}`, { cause })
}

function missingTable(
    { entityMetadatas }: DataSource,
    { message }: DriverError,
): string | undefined {
    const [...words] = String(message).split(/[^\p{L}\p{N}_$-]+/u)
    const missing = entityMetadatas.find(
        (metadata) => OWN_ENTITIES.includes(metadata.name) && words.includes(metadata.tableName),
    )
    return missing && `There is no table ${tableName(missing)}.`
}

function missingColumn(
    { entityMetadatas }: DataSource,
    sql: string,
    missing: MissingColumn | undefined,
    columnsOf: (metadata: EntityMetadata) => readonly ColumnMetadata[],
): string | undefined {
    if (!missing || !/^\s*(INSERT|SELECT|UPDATE|DELETE|WITH)\b/i.test(sql)) return undefined
    for (const metadata of entityMetadatas) {
        if (!isMeant(metadata, sql, missing)) continue
        const column = columnsOf(metadata).find((one) => one.databaseName === missing.name)
        if (column)
            return (
                `The table ${tableName(metadata)} has no column ${column.databaseName}, which ` +
                `${metadata.name}.${column.propertyPath} is kept in.`
            )
    }
    return undefined
}

/** Whether it is the table of this entity that lacks the column, and not another one of the statement. */
function isMeant(metadata: EntityMetadata, sql: string, { of }: MissingColumn): boolean {
    const table = tableName(metadata)
    if (!sql.includes(table)) return false
    if (of === undefined) return !/\bJOIN\b/i.test(sql)
    const alias = of.replace(/["`]/g, "")
    if (alias === metadata.tableName) return true
    const [, ...behind] = sql.split(table)
    return behind.some((text) => /^(?:\s+AS)?\s+["`]?([^\s"`,()]+)/i.exec(text)?.[1] === alias)
}
