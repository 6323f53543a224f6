import type { ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { preparedText, scopeSqls, scopeText, scopeWith } from "../../series/scopes/scope"
import type { Scoped } from "../../series/series"
import { readExpressions } from "../../typeorm/rows/read-rows"
import { withPrimaryKey } from "../../inserts/primary-key"
import type { Sender } from "../../typeorm/statement"

/** @internal The scopes of rows as the database has them, in the order of the rows. */
export async function loadScopes(
    runner: Sender,
    scoped: Scoped,
    rows: readonly ObjectLiteral[],
): Promise<Scope[]> {
    const { metadata, scopeColumns } = scoped
    if (scopeColumns.length === 0) return rows.map(() => scopeWith([]))
    const conditions = rows.map((row) => withPrimaryKey(metadata, row))
    const found = await readExpressions(runner, metadata, scopeSqls(scoped, "t."), conditions)
    return found.map((values) => storedScope(scoped, values ?? []))
}

/** @internal The scope that values of its columns are, as the driver gives them. */
export function storedScope({ scopeColumns }: Scoped, values: readonly unknown[]): Scope {
    return scopeWith(scopeColumns.map((column, at) => scopeText(column, values[at])))
}

/** @internal That scope with what an update of the row sets. */
export function changedScope({ scopeColumns }: Scoped, scope: Scope, entity: ObjectLiteral): Scope {
    const values = scopeColumns.map((column, at) => {
        const value: unknown = column.getEntityValue(entity)
        return value === undefined ? (scope.values[at] ?? null) : preparedText(column, value)
    })
    return scopeWith(values)
}
