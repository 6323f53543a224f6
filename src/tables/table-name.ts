import type { EntityMetadata } from "typeorm"
import { show } from "../declared/show"
import { dialectOf } from "../dialects"
import { InvalidOptionError } from "../errors"
import { dataSourceOf } from "../typeorm/compat"
import { OBJECT, refuseOther, refuserOf } from "../declared/options"

/** @internal Where one of the library's own tables is; refuses what is no name. */
export function placeOfTable(
    table: string,
    options: { readonly name?: string; readonly schema?: string },
    usual: string,
): { tableName: string; schema?: string } {
    refuseOther("its place is", options, OBJECT, refuserOf(`The ${table}`))
    const { name: tableName = usual, schema } = options
    const names = { name: tableName, ...(schema !== undefined && { schema }) }
    for (const [option, value] of Object.entries<unknown>(names))
        if (typeof value !== "string" || value === "")
            throw new InvalidOptionError(
                `The ${option} of the ${table} is ${show(value)}, give a name.`,
            )
    return { tableName, schema }
}

/**
 * Keys differ in case, which the usual collations of MySQL take for equal. Which database it is can
 * be told only when TypeORM builds its metadata.
 * @internal
 */
export function compareExactly(metadata: EntityMetadata): void {
    compareColumnsExactly(metadata, metadata.primaryColumns)
}

/** @internal Makes columns outside the primary key compare exactly, too. */
export function compareColumnsExactly(
    metadata: EntityMetadata,
    columns: EntityMetadata["columns"],
): void {
    const { keyCollation } = dialectOf(dataSourceOf(metadata)) ?? {}
    for (const column of columns) Object.assign(column, keyCollation)
}
