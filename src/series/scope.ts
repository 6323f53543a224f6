import type { ObjectLiteral } from "typeorm"
import { dialectOf } from "../dialects"
import { UnknownScopeError } from "../errors"
import type { ColumnMetadata, Scoped } from "./series"
import { dataSourceOf } from "../typeorm/compat"
import type { Flush, FlushRow } from "../numbers/flush"

/** @internal A row inserted by the same flush: its key isn't known, but its scope is empty. */
export interface NewRow {
    readonly newRow: number
}

/** @internal */
export type ScopeValue = string | null | NewRow

/** @internal The values of the scope columns of one row, in their order. */
export interface Scope {
    readonly values: readonly ScopeValue[]
    /** Equal only for equal values; the database may hold values equal whose keys differ. */
    readonly key: string
}

/** @internal */
export function isNewRow(value: ScopeValue | undefined): value is NewRow {
    return typeof value === "object" && value !== null
}

/**
 * Works out the scope of a row. Where it can't be known it is never guessed: it throws
 * {@link UnknownScopeError}, or gives undefined for a row that brings its number along.
 * @internal
 */
export function scopeOf(
    series: Scoped,
    entity: ObjectLiteral,
    flush: Flush,
    { isOptional = false } = {},
): Scope | undefined {
    const value = flush.rows.length > 1 ? plainValue(series, entity) : undefined
    const known = value === undefined ? undefined : flush.scopesOf(series).get(value)
    if (known) return known
    try {
        const values: ScopeValue[] = []
        for (const { path, columns } of series.scope)
            for (const column of columns)
                values.push(scopeValue(series, path, column, entity, flush))
        const scope = { values, key: JSON.stringify(values) }
        if (flush.rows.length === 1) return scope
        const same = flush.sameScope(series, scope)
        if (value !== undefined) flush.scopesOf(series).set(value, same)
        return same
    } catch (error) {
        if (isOptional && error instanceof UnknownScopeError) return undefined
        throw error
    }
}

/**
 * A value that rows of the same scope have in common, so that the scope of thousands of rows is
 * worked out once.
 */
function plainValue({ scopeColumns }: Scoped, entity: ObjectLiteral): unknown {
    const [column, ...others] = scopeColumns
    if (!column) return null
    const value: unknown = others.length === 0 ? column.getEntityValue(entity) : undefined
    return typeof value === "string" || typeof value === "number" ? value : undefined
}

/**
 * A listener that is still at work when the number is taken may set the scope too late. Compares
 * it with what was inserted, and throws rather than leave a number from another scope.
 * @internal
 */
export function refuseChangedScope({ flush, entity, requests }: FlushRow): void {
    for (const { series, scope } of requests) {
        const plain = flush.rows.length > 1 ? plainValue(series, entity) : undefined
        if (plain !== undefined && flush.scopesOf(series).get(plain) === scope) continue
        for (const [at, column] of series.scopeColumns.entries()) {
            const before = scope.values[at]
            const value: unknown = column.getEntityValue(entity)
            // A column with a default is read back, and may come back in another form.
            if (value === undefined || isNewRow(before) || column.default !== undefined) continue
            if (preparedText(column, value) !== before)
                throw new UnknownScopeError(
                    `The scope of ${series.name} changed after the number was taken: ` +
                        `${column.propertyPath} was set by a listener that runs longer. Set it ` +
                        "before save(), or in a listener that is not asynchronous.",
                )
        }
    }
}

function scopeValue(
    series: Scoped,
    path: string,
    column: ColumnMetadata,
    entity: ObjectLiteral,
    flush: Flush,
): ScopeValue {
    const refuse = (problem: string): never => {
        throw new UnknownScopeError(
            `The scope of ${series.name} can't be known before the insert: ${path} ${problem}`,
        )
    }
    const value: unknown = column.getEntityValue(entity)
    if (typeof value === "function") refuse("is a function (an SQL expression). Set a value.")
    if (value !== undefined) return preparedText(column, value)

    const relation = column.relationMetadata
    const related: unknown = relation?.getEntityValue(entity)
    const parent = related ?? (relation && flush.parentOf(entity, relation))
    if (typeof parent === "object" && parent !== null) {
        const key: unknown = column.referencedColumn?.getEntityValue(parent)
        if (key !== undefined) return preparedText(column, key)
        if (flush.inserts(parent)) return { newRow: idOf(parent) }
        refuse(
            `is an object without ${column.referencedColumn?.propertyPath ?? "its key"}, and it isn't inserted ` +
                "by this call. Save it first, or let the relation cascade inserts.",
        )
    }

    // Read without the getter that TypeORM puts on a lazy relation: that one sends a query.
    const own = relation && Object.getOwnPropertyDescriptor(entity, relation.propertyName)
    if (own?.value instanceof Promise)
        refuse(
            "is a promise on an object that TypeORM hasn't made, and TypeORM does not look into it. " +
                "Make the row by repository.create().",
        )

    if (column.isDiscriminator) {
        const { discriminatorValue } = flush.metadataOf(entity) ?? series.metadata
        if (discriminatorValue) return discriminatorValue
    }
    if (column.default !== undefined && column.default !== null)
        refuse("is not set, and its default is the database's to give. Set it.")
    if (isMadeByDatabase(column)) refuse("is made by the database. Use another property.")
    if (relation?.inverseRelation)
        refuse(
            `is not set. It may be about to come from ${relation.inverseRelation.entityMetadata.name}.` +
                `${relation.inverseRelation.propertyPath} of a row that is stored already. ` +
                `Set ${path}${column.isNullable ? ", to null if it is to be NULL" : ""}.`,
        )
    if (!column.isNullable) refuse("is not set. Set it.")
    return null
}

/** @internal */
export function isMadeByDatabase(column: ColumnMetadata): boolean {
    return (
        column.isGenerated ||
        column.isCreateDate ||
        column.isUpdateDate ||
        column.isVersion ||
        column.generatedType !== undefined
    )
}

/** @internal A value as text that the column reads, NULL for NULL. */
export function preparedText(column: ColumnMetadata, value: unknown): string | null {
    const dataSource = dataSourceOf(column.entityMetadata)
    const prepared: unknown = dataSource.driver.preparePersistentValue(value, column)
    if (prepared === null || prepared === undefined) return null
    return dialectOf(dataSource)?.scopeText(dataSource, prepared) ?? JSON.stringify(prepared)
}

const ids = new WeakMap<object, number>()
let lastId = 0

function idOf(row: object): number {
    let id = ids.get(row)
    if (id === undefined) ids.set(row, (id = ++lastId))
    return id
}
