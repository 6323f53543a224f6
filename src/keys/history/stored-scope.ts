import type { ObjectLiteral, QueryRunner } from "typeorm"
import { preparedText, scopeWith } from "../../series/scope"
import { type Scope } from "../../dialects/columns"
import { select } from "../../typeorm/statement"
import { dialectOf } from "../../dialects"
import { type Scoped } from "../../series/series"
import { columnName, tableName } from "../../typeorm/names"
import { dataSourceOf } from "../../typeorm/compat"
import { Parameters } from "./parameters"

const BATCH = 200

/**
 * The scopes of rows as the database has them, in the order of the rows. Entities may not tell: TypeORM
 * sets foreign keys of cascades in the database alone.
 * @internal
 */
export async function loadScopes(
    runner: QueryRunner,
    key: Scoped,
    rows: readonly ObjectLiteral[],
): Promise<Scope[]> {
    if (key.scopeColumns.length === 0) return rows.map(() => scopeWith([]))
    const scopes: Scope[] = []
    for (let start = 0; start < rows.length; start += BATCH)
        scopes.push(...(await loadBatch(runner, key, rows.slice(start, start + BATCH))))
    return scopes
}

async function loadBatch(
    runner: QueryRunner,
    { metadata, scopeColumns }: Scoped,
    rows: readonly ObjectLiteral[],
): Promise<Scope[]> {
    const dataSource = dataSourceOf(metadata)
    const { driver } = dataSource
    const parameters = new Parameters(dataSource)
    const columns = scopeColumns.map(
        (column, at) => `t.${columnName(column)} AS ${driver.escape(`s${at}`)}`,
    )
    // One row each, so that none has to be recognised by its primary key.
    const selects = rows.map((row, at) => {
        const where = metadata.primaryColumns.map(
            (column) =>
                `t.${columnName(column)} = ${parameters.add(column.getEntityValue(row, true))}`,
        )
        return (
            `SELECT ${at} AS ${driver.escape("at")}, ${columns.join(", ")} ` +
            `FROM ${tableName(metadata)} t WHERE ${where.join(" AND ")}`
        )
    })
    const found = await select<Record<string, unknown>>(runner, {
        sql: selects.join(" UNION ALL "),
        parameters: parameters.values,
    })
    const byRow = new Map(found.map((values) => [Number(values.at), values]))
    return rows.map((_, at) => {
        const values = byRow.get(at)
        return scopeWith(
            scopeColumns.map((__, column) => {
                const value = values?.[`s${column}`]
                if (value === undefined || value === null) return null
                return dialectOf(dataSource)?.scopeText(dataSource, value) ?? JSON.stringify(value)
            }),
        )
    })
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
