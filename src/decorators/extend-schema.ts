import {
    type ColumnOptions,
    type EntitySchema,
    type EntitySchemaColumnOptions,
    type EntitySchemaIndexOptions,
    InstanceChecker,
} from "typeorm"
import type { Declared } from "../declared/registry"
import { show } from "../declared/show"
import { InvalidOptionError } from "../errors"
import { OBJECT, refuseOther, refuserOf } from "../declared/options"

/** What one property adds to a schema. */
interface Addition {
    readonly column?: ColumnOptions
    /** One more column. */
    readonly beside?: { readonly propertyName: string; readonly column: ColumnOptions }
    readonly index: EntitySchemaIndexOptions
}

/**
 * Adds columns and indexes to a schema. The options that it was created with are the caller's, and
 * may be those of other schemas as well.
 * @internal
 */
export function extendSchema<T, Options>(
    caller: string,
    schema: EntitySchema<T>,
    properties: Readonly<Record<string, Options>>,
    add: (declared: Declared, place: string, options: Options) => Addition,
): EntitySchema<T> {
    if (!InstanceChecker.isEntitySchema(schema))
        throw new InvalidOptionError(`${caller} was given ${show(schema)}, give an EntitySchema.`)
    refuseOther("what to add is", properties, OBJECT, refuserOf(caller))
    const { options } = schema
    const { name, target = name } = options
    const columns: Partial<Record<string, EntitySchemaColumnOptions>> = { ...options.columns }
    const indices = [...(options.indices ?? [])]
    for (const [propertyName, own] of Object.entries(properties)) {
        const place = `${caller} for ${name}.${propertyName}`
        const refuseDeclared = (added: string) => {
            if (columns[added])
                throw new InvalidOptionError(
                    `${place}: the schema declares ${added === propertyName ? "this column" : added} already. ` +
                        "Remove it there.",
                )
        }
        refuseDeclared(propertyName)
        const declared = { target, propertyName, schema: schema as unknown as EntitySchema<never> }
        const { column, beside, index } = add(declared, place, own)
        if (column) columns[propertyName] = column as EntitySchemaColumnOptions
        if (beside) {
            refuseDeclared(beside.propertyName)
            columns[beside.propertyName] = beside.column as EntitySchemaColumnOptions
        }
        indices.push(index)
    }
    schema.options = Object.assign({}, options, { columns, indices })
    return schema
}
