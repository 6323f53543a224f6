import type { Scope, ScopeValue } from "../dialects/columns"
import { UnknownScopeError } from "../errors"
import { scopeText, scopeWith } from "../series/scopes/scope"
import { placeOf, type Scoped } from "../series/series"
import type { ColumnMetadata } from "../typeorm/names"
import type { InsertRow } from "./insert"
import { promiseIn } from "./promised"
import { rowValue } from "./row-value"

/**
 * Reads the scopes of the rows of one INSERT from what is about to be stored. Rows of the same scope
 * get the same object.
 * @internal
 */
export class RowScopes {
    private readonly byKey = new Map<Scoped, Map<unknown, Scope>>()

    /** Where the scope can't be known it is never guessed: {@link UnknownScopeError}. */
    of(scoped: Scoped, row: InsertRow): Scope {
        let known = this.byKey.get(scoped)
        if (!known) this.byKey.set(scoped, (known = new Map<unknown, Scope>()))
        const plain = plainValue(scoped, row)
        const before = plain === undefined ? undefined : known.get(plain)
        if (before) return before
        const scope = scopeWith(
            scoped.scope.flatMap(({ path, columns }) =>
                columns.map((column) => scopeValue(scoped, path, column, row)),
            ),
        )
        const same = known.get(scope.key) ?? scope
        known.set(scope.key, same)
        if (plain !== undefined) known.set(plain, same)
        return same
    }

    /** The same, undefined where it can't be known. */
    find(scoped: Scoped, row: InsertRow): Scope | undefined {
        try {
            return this.of(scoped, row)
        } catch (error) {
            if (error instanceof UnknownScopeError) return undefined
            throw error
        }
    }
}

/** A number that rows of the same scope have in common, so that the scope of thousands is read once. */
function plainValue({ scopeColumns }: Scoped, row: InsertRow): unknown {
    const [column, ...others] = scopeColumns
    if (!column || others.length > 0) return undefined
    const cell = row.cell(column)
    return cell.kind === "value" && typeof cell.value === "number" ? cell.value : undefined
}

function scopeValue(
    scoped: Scoped,
    path: string,
    column: ColumnMetadata,
    row: InsertRow,
): ScopeValue {
    const refuse = (problem: string): never => {
        throw new UnknownScopeError(
            `The scope of ${placeOf(scoped)} can't be known before the insert: ${path} ${problem}`,
        )
    }
    const found = rowValue(row, column)
    const value = "value" in found ? (found.value ?? undefined) : undefined
    if (value !== undefined) return scopeText(column, value)
    // TypeORM leaves it out.
    if (row.entity && !column.isVirtual && column.getEntityValue(row.entity) instanceof Promise)
        return scopeText(column, column.getEntityValue(row.entity))
    if ("problem" in found) return refuse(found.problem)
    if (column.isNullable) return null
    const unset = found.value === null ? "is not set, and can't be NULL" : "is not set"
    return refuse(promiseIn(row.entity, column.relationMetadata) ?? `${unset}. Set ${path}.`)
}
