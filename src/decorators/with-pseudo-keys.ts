import type { EntitySchema, EntitySchemaColumnOptions } from "typeorm"
import { InvalidOptionError } from "../errors"
import { type PseudoKeyOptions, splitKeyOptions } from "../declared/key-options"
import type { PropertyPath } from "../keys/property-path"
import { sealedKeys, storedKeys } from "../declared/registry"
import { sealedKeyIndex, uniqueKeyIndex } from "./key-index"

/**
 * {@link PseudoKey} for those who declare entities by `EntitySchema`: adds the keys to the schema, and
 * returns it.
 *
 * Errors: {@link InvalidOptionError} if an option is wrong or the schema has the column already.
 *
 * ```ts
 * import { EntitySchema } from "typeorm"
 * import { withPseudoKeys } from "typeorm-autosequence"
 *
 * interface Ticket {
 *     id: number
 *     publicId: string
 * }
 *
 * export const TicketEntity = withPseudoKeys(
 *     new EntitySchema<Ticket>({
 *         name: "ticket",
 *         columns: { id: { type: "int", primary: true, generated: true } },
 *     }),
 *     { publicId: { prefix: "tck", generate: "uuid" } },
 * )
 * ```
 */
export function withPseudoKeys<Entity extends object>(
    schema: EntitySchema<Entity>,
    keys: {
        readonly [P in keyof Entity & string]?: PseudoKeyOptions<Entity, PropertyPath<Entity>>
    },
): EntitySchema<Entity> {
    const declared: Partial<Record<string, EntitySchemaColumnOptions>> = schema.options.columns
    const indices = [...(schema.options.indices ?? [])]
    for (const [propertyName, options] of Object.entries(keys)) {
        const place = `withPseudoKeys for ${schema.options.name}.${propertyName}`
        if (declared[propertyName])
            throw new InvalidOptionError(
                `${place}: the schema declares this column already. Remove it there.`,
            )
        const key = splitKeyOptions(place, options as PseudoKeyOptions<never>)
        const of = {
            target: schema.options.target ?? schema.options.name,
            propertyName,
            schema: schema as unknown as EntitySchema<never>,
        }
        if ("sealed" in key) {
            sealedKeys.register({ ...of, options: key.sealed })
            indices.push({ columns: sealedKeyIndex() })
        } else {
            const stored = { ...of, options: key.stored }
            storedKeys.register(stored)
            declared[propertyName] = key.column as EntitySchemaColumnOptions
            indices.push({ columns: uniqueKeyIndex(stored), unique: true })
        }
    }
    schema.options.indices = indices
    return schema
}
