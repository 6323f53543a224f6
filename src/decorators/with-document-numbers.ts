import type { EntitySchema } from "typeorm"
import {
    type DocumentNumberOptions,
    splitDocumentOptions,
} from "../declared/documents/document-options"
import { documents } from "../declared/registry"
import { uniqueDocumentIndex } from "./indexes/document-index"
import { extendSchema } from "./extend-schema"

/**
 * {@link DocumentNumber} for entities declared with `EntitySchema`: adds the columns and their
 * unique indexes to the schema, and returns it.
 *
 * Errors: {@link InvalidOptionError} if an option is wrong or the schema already has the column.
 *
 * ```ts
 * import { EntitySchema } from "typeorm"
 * import { withAutoSequenceColumns, withDocumentNumbers } from "typeorm-autosequence"
 *
 * interface Ticket {
 *     id: number
 *     sequence: number
 *     number: string
 * }
 *
 * const schema = new EntitySchema<Ticket>({
 *     name: "ticket",
 *     columns: { id: { type: "int", primary: true, generated: true } },
 * })
 *
 * export const TicketEntity = withDocumentNumbers(withAutoSequenceColumns(schema, { sequence: {} }), {
 *     number: { of: "sequence", format: "T-{00000}" },
 * })
 * ```
 */
export function withDocumentNumbers<T>(
    schema: EntitySchema<T>,
    columns: { readonly [P in keyof T & string]?: DocumentNumberOptions },
): EntitySchema<T> {
    return extendSchema(
        "withDocumentNumbers",
        schema,
        columns as Record<string, DocumentNumberOptions>,
        (declared, place, options) => {
            const { document, column } = splitDocumentOptions(place, options)
            const shown = { ...declared, options: document }
            documents.register(shown)
            return { column, index: { columns: uniqueDocumentIndex(shown), unique: true } }
        },
    )
}
