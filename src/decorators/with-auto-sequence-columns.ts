import type { EntitySchema } from "typeorm"
import type { AutoSequenceColumnOptions } from "../declared/numbers/number-options"
import { splitOptions } from "../declared/numbers/split-number-options"
import { numbers } from "../declared/registry"
import { extendSchema } from "./extend-schema"
import { uniqueNumberIndex } from "./indexes/number-index"
import { periodColumn } from "./period-column"

/**
 * {@link AutoSequenceColumn} for entities declared with `EntitySchema`: adds the numbered columns
 * and their unique indexes to the schema, and returns it.
 *
 * The object that the schema was created with isn't changed.
 *
 * Errors: {@link InvalidOptionError} if an option is wrong or the schema already has the column.
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
    return extendSchema(
        "withAutoSequenceColumns",
        schema,
        columns as Record<string, AutoSequenceColumnOptions | undefined>,
        (declared, place, options = {}) => {
            const { numbering, column } = splitOptions(place, options)
            const numbered = { ...declared, numbering }
            numbers.register(numbered)
            return {
                column,
                beside: periodColumn(numbered, column),
                index: { columns: uniqueNumberIndex(numbered), unique: true },
            }
        },
    )
}
