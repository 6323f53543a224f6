import type { EntityMetadata } from "typeorm"
import { dialectOf } from "../dialects"
import { InvalidOptionError } from "../errors"
import { dataSourceOf } from "../typeorm/compat"

/** @internal Refuses a name or a schema that is none. */
export function refuseNoName(
    table: string,
    { name, schema = name }: Record<string, unknown>,
): void {
    for (const [option, value] of Object.entries({ name, schema }))
        if (typeof value !== "string" || value === "")
            throw new InvalidOptionError(
                `The ${option} of the ${table} is ${JSON.stringify(value)}, give a name.`,
            )
}

/**
 * Keys differ in case, which the usual collations of MySQL take for equal. Which database it is can
 * be told only when TypeORM builds its metadata.
 * @internal
 */
export function compareExactly(metadata: EntityMetadata): void {
    const { keyCollation } = dialectOf(dataSourceOf(metadata)) ?? {}
    for (const column of metadata.primaryColumns) Object.assign(column, keyCollation)
}
