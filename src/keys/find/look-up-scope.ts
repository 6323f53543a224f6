import { type EntityManager, type EntityMetadata, FindOperator, type ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { InvalidOptionError } from "../../errors"
import { preparedText, scopeWith } from "../../series/scopes/scope"
import { pathsOf } from "../../series/series"
import { valueAt } from "../../typeorm/given"
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

/** @internal The one scope that a look-up is about; undefined where no row meets its condition. */
export async function findScope(
    manager: EntityManager,
    key: StoredKey,
    where: ObjectLiteral,
): Promise<Scope | undefined> {
    const texts: (string | null)[] = []
    for (const part of scopePartsIn(key, where)) {
        if ("texts" in part) {
            texts.push(...part.texts)
            continue
        }
        const { columns, related, condition } = part
        const [row, another] = await manager.find(related.target, {
            where: condition,
            withDeleted: true,
            loadEagerRelations: false,
            take: 2,
        })
        if (!row) return undefined
        if (another)
            throw new InvalidOptionError(
                `${key.label} is unique within ${pathsOf(key)} alone, and several rows of ${related.name} meet the ` +
                    "condition in { where }. Give one that a single row meets.",
            )
        texts.push(
            ...columns.map((column) =>
                preparedText(column, column.referencedColumn?.getEntityValue(row)),
            ),
        )
    }
    return scopeWith(texts)
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
