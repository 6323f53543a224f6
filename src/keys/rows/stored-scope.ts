import type { ObjectLiteral, QueryRunner } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { preparedText, scopeText, scopeWith } from "../../series/scope"
import type { Scoped } from "../../series/series"
import { readRows, withPrimaryKey } from "./read-rows"

/** @internal The scopes of rows as the database has them, in the order of the rows. */
export async function loadScopes(
    runner: QueryRunner,
    { metadata, scopeColumns }: Scoped,
    rows: readonly ObjectLiteral[],
): Promise<Scope[]> {
    if (scopeColumns.length === 0) return rows.map(() => scopeWith([]))
    const conditions = rows.map((row) => withPrimaryKey(metadata, row))
    const found = await readRows(runner, metadata, scopeColumns, conditions)
    return found.map((values) =>
        scopeWith(scopeColumns.map((column, at) => scopeText(column, values?.[at]))),
    )
}

/** @internal The scope of one row. */
export async function loadScope(
    runner: QueryRunner,
    key: Scoped,
    row: ObjectLiteral,
): Promise<Scope> {
    const [scope] = await loadScopes(runner, key, [row])
    return scope ?? scopeWith([])
}

/** @internal That scope with what an update of the row sets. */
export function changedScope({ scopeColumns }: Scoped, scope: Scope, entity: ObjectLiteral): Scope {
    const values = scopeColumns.map((column, at) => {
        const value: unknown = column.getEntityValue(entity)
        return value === undefined ? (scope.values[at] ?? null) : preparedText(column, value)
    })
    return scopeWith(values)
}
