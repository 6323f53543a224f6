import type { EntitySchema } from "typeorm"
import type { PseudoKeyOptions } from "../declared/keys/key-options"
import { splitKeyOptions } from "../declared/keys/split-key-options"
import type { PropertyPath } from "../keys/property-path"
import { sealedKeys, storedKeys } from "../declared/registry"
import { extendSchema } from "./extend-schema"
import { sealedKeyIndex, uniqueKeyIndex } from "./indexes/key-index"

/**
 * {@link PseudoKey} for entities declared with `EntitySchema`: adds the keys to the schema, and
 * returns it.
 *
 * The object that the schema was created with isn't changed.
 *
 * Errors: {@link InvalidOptionError} if an option is wrong or the schema already has the column.
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
    return extendSchema(
        "withPseudoKeys",
        schema,
        keys as Record<string, PseudoKeyOptions<never> | undefined>,
        (declared, place, options = {}) => {
            const key = splitKeyOptions(place, options)
            if ("sealed" in key) {
                sealedKeys.register({ ...declared, options: key.sealed })
                return { index: { columns: sealedKeyIndex() } }
            }
            const stored = { ...declared, options: key.stored }
            storedKeys.register(stored)
            return { column: key.column, index: { columns: uniqueKeyIndex(stored), unique: true } }
        },
    )
}
