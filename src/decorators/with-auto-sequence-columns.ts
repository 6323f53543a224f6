import type { EntitySchema, EntitySchemaColumnOptions } from "typeorm"
import { InvalidOptionError } from "../errors"
import { type AutoSequenceColumnOptions, splitOptions } from "../declared/number-options"
import { numbers } from "../declared/registry"
import { uniqueNumberIndex } from "./number-index"

/**
 * {@link AutoSequenceColumn} for those who declare entities by `EntitySchema`: adds the numbered
 * columns and their unique indexes to the schema, and returns it.
 *
 * Errors: {@link InvalidOptionError} if an option is wrong or the schema has the column already.
 *
 * ```ts
 * import { EntitySchema } from "typeorm"
 * import { withAutoSequenceColumns } from "typeorm-autosequence"
 *
 * interface Ticket {
 *     id: number
 *     project: string
 *     number: number
 * }
 *
 * export const TicketEntity = withAutoSequenceColumns(
 *     new EntitySchema<Ticket>({
 *         name: "ticket",
 *         columns: {
 *             id: { type: "int", primary: true, generated: true },
 *             project: { type: "text" },
 *         },
 *     }),
 *     { number: { uniqueWith: "project" } },
 * )
 * ```
 */
export function withAutoSequenceColumns<T>(
    schema: EntitySchema<T>,
    columns: { readonly [P in keyof T & string]?: AutoSequenceColumnOptions },
): EntitySchema<T> {
    const declared: Partial<Record<string, EntitySchemaColumnOptions>> = schema.options.columns
    const target = schema.options.target ?? schema.options.name
    for (const propertyName of Object.keys(columns)) {
        const place = `withAutoSequenceColumns for ${schema.options.name}.${propertyName}`
        if (declared[propertyName])
            throw new InvalidOptionError(
                `${place}: the schema declares this column already. Remove it there.`,
            )
        const options = columns[propertyName as keyof T & string] ?? {}
        const { numbering, column } = splitOptions(place, options)
        declared[propertyName] = column as EntitySchemaColumnOptions
        const numbered = {
            target,
            propertyName,
            numbering,
            schema: schema as unknown as EntitySchema<never>,
        }
        numbers.register(numbered)
        const index = { columns: uniqueNumberIndex(numbered), unique: true }
        schema.options.indices = [...(schema.options.indices ?? []), index]
    }
    return schema
}
