import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { dataSourceOf } from "../compat"
import { type ColumnMetadata, ofRow, tableName } from "../names"
import { select, type Sender } from "../statement"
import { Parameters } from "./parameters"

const BATCH = 200

/** @internal What tells one row: values of columns, as the driver sends them. */
export type RowCondition = readonly (readonly [ColumnMetadata, unknown])[]

/**
 * Reads columns of rows, each of which is told by a condition of its own, in their order, soft-deleted
 * ones included. Gives the values as the driver does; undefined where there is no such row.
 * @internal
 */
export async function readRows(
    runner: Sender,
    metadata: EntityMetadata,
    columns: readonly ColumnMetadata[],
    conditions: readonly RowCondition[],
): Promise<(unknown[] | undefined)[]> {
    const expressions = columns.map(ofRow)
    return readExpressions(runner, metadata, expressions, conditions)
}

/** @internal The same with expressions over the row `t`; locks one row for the transaction. */
export async function readExpressions(
    runner: Sender,
    metadata: EntityMetadata,
    expressions: readonly string[],
    conditions: readonly RowCondition[],
    options: { readonly lock?: boolean } = {},
): Promise<(unknown[] | undefined)[]> {
    const rows: (unknown[] | undefined)[] = []
    for (const batch of batches(conditions, BATCH)) {
        rows.push(...(await readBatch(runner, metadata, expressions, batch, options)))
    }
    return rows
}

async function readBatch(
    runner: Sender,
    metadata: EntityMetadata,
    expressions: readonly string[],
    conditions: readonly RowCondition[],
    { lock }: { readonly lock?: boolean },
): Promise<(unknown[] | undefined)[]> {
    const dataSource = dataSourceOf(metadata)
    const { driver } = dataSource
    const parameters = new Parameters(dataSource)
    const read = expressions.map((expression, i) => `${expression} AS ${driver.escape(`c${i}`)}`)
    // One SELECT each, so that none has to be recognised by its values.
    const selects = conditions.map((condition, at) => {
        const where = condition.map(([column, value]) =>
            value === null
                ? `${ofRow(column)} IS NULL`
                : `${ofRow(column)} = ${parameters.add(value)}`,
        )
        return (
            `SELECT ${[`${at} AS ${driver.escape("at")}`, ...read].join(", ")} ` +
            `FROM ${tableName(metadata)} t WHERE ${where.join(" AND ")}`
        )
    })
    const found = await select<Record<string, unknown>>(runner, {
        sql: `${selects.join(" UNION ALL ")}${lock ? " FOR UPDATE" : ""}`,
        parameters: parameters.values,
    })
    const byRow = new Map(found.map((row) => [Number(row.at), row]))
    return conditions.map((_, at) => {
        const row = byRow.get(at)
        return row && expressions.map((__, i) => row[`c${i}`])
    })
}

/** @internal Values that were read, as an entity has them. */
export function entityOf(
    columns: readonly ColumnMetadata[],
    values: readonly unknown[],
): ObjectLiteral {
    const entity: ObjectLiteral = {}
    for (const [at, column] of columns.entries()) {
        const { driver } = dataSourceOf(column.entityMetadata)
        column.setEntityValue(entity, driver.prepareHydratedValue(values[at], column))
    }
    return entity
}
