import { type EntityMetadata, FindOperator, type ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { InvalidOptionError } from "../../errors"
import { preparedText, scopeWith } from "../../series/scopes/scope"
import { pathsOf } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import type { StoredKey } from "../pseudo-key"
import { refuseUnset } from "./unset-conditions"

/** @internal What a look-up says of a property of the scope: its values, or the condition that a related row meets. */
export type ScopePart = { readonly columns: readonly ColumnMetadata[] } & (
    | { readonly texts: readonly (string | null)[] }
    | { readonly related: EntityMetadata; readonly condition: ObjectLiteral }
)

/** @internal In which scope a key is looked for; without it several rows have the key. */
export function scopePartsIn(key: StoredKey, where: ObjectLiteral): ScopePart[] {
    return key.scope.map(({ path, columns }) => {
        const values = columns.map((column) => plainValue(column, where))
        if (!values.includes(undefined))
            return { columns, texts: columns.map((column, at) => preparedText(column, values[at])) }
        const relation = key.metadata.findRelationWithPropertyPath(path)
        const condition = valueAt(where, path)
        if (!relation || !isPlain(condition) || Object.keys(condition).length === 0)
            throw noScope(key)
        // What TypeORM would leave out stands for the rows of all.
        refuseUnset(relation.inverseEntityMetadata, condition, path.split("."))
        return { columns, related: relation.inverseEntityMetadata, condition }
    })
}

/** @internal The same where the values have to be there. */
export function scopeIn(key: StoredKey, where: ObjectLiteral): Scope {
    const scope = scopeOf(scopePartsIn(key, where))
    if (!scope) throw noScope(key)
    return scope
}

/** @internal The scope, where all of its values are known. */
export function scopeOf(parts: readonly ScopePart[]): Scope | undefined {
    const texts = parts.flatMap((part) => ("texts" in part ? part.texts : undefined))
    return texts.includes(undefined) ? undefined : scopeWith(texts as (string | null)[])
}

/** Undefined for what only the database can tell. */
function plainValue(column: ColumnMetadata, where: ObjectLiteral): unknown {
    const given: unknown = column.getEntityValue(where)
    if (given instanceof FindOperator) return given.type === "isNull" ? null : undefined
    return given
}

function valueAt(where: ObjectLiteral, path: string): unknown {
    return path.split(".").reduce<unknown>((at, name) => (Object(at) as ObjectLiteral)[name], where)
}

function noScope({ label, scope }: StoredKey): InvalidOptionError {
    return new InvalidOptionError(
        `${label} is unique within ${pathsOf({ scope })} alone. Give the ` +
            "values of these in { where }.",
    )
}

/** @internal */
export function isPlain(value: unknown): value is ObjectLiteral {
    return typeof value === "object" && value !== null && !(value instanceof FindOperator)
}
