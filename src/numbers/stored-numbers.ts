import type { EntityMetadata } from "typeorm"
import type { Scope } from "../dialects/columns"
import { groupBy } from "../group-by"
import type { Series } from "../series/series"
import { dataSourceOf } from "../typeorm/compat"
import { type ColumnMetadata, columnName, tableName } from "../typeorm/names"
import { select, type Sender } from "../typeorm/statement"
import { parseNumber } from "./number-values"

const BATCH = 200

/** @internal What a stored row is recognised by: columns, and values as the driver sends them. */
export type Condition = readonly (readonly [ColumnMetadata, unknown])[]

/** @internal The numbers of stored rows, in the order of the conditions. */
export async function numbersWhere(
    runner: Sender,
    { column, metadata, dialect }: Series,
    conditions: readonly Condition[],
): Promise<(bigint | undefined)[]> {
    const number = dialect.expressions.text(`t.${columnName(column)}`)
    return (await valuesWhere(runner, metadata, number, conditions)).map(parseNumber)
}

/** @internal What an expression over the row `t` is for stored rows, as the driver reads it. */
export async function valuesWhere(
    runner: Sender,
    metadata: EntityMetadata,
    sql: string,
    conditions: readonly Condition[],
): Promise<unknown[]> {
    const values: unknown[] = conditions.map(() => undefined)
    for (let start = 0; start < conditions.length; start += BATCH) {
        const parameters: unknown[] = []
        // One query each, so that none has to be recognised by what it returns.
        const selects = conditions
            .slice(start, start + BATCH)
            .map(
                (condition, at) =>
                    `SELECT ${start + at} AS at, ${sql} AS value FROM ${tableName(metadata)} t ` +
                    `WHERE ${whereOf(dataSourceOf(metadata), condition, parameters)}`,
            )
        const rows = await select<{ at: string | number; value: unknown }>(runner, {
            sql: selects.join(" UNION ALL "),
            parameters,
        })
        for (const row of rows) values[Number(row.at)] = row.value
    }
    return values
}

function whereOf(
    { driver }: Series["dataSource"],
    condition: Condition,
    parameters: unknown[],
): string {
    return condition
        .map(([column, value]) => {
            const parameter = driver.createParameter("", parameters.length)
            parameters.push(value)
            return `t.${columnName(column)} = ${parameter}`
        })
        .join(" AND ")
}

/**
 * Those of some requests whose rows are in the table: no other row can have their numbers.
 * @internal
 */
export async function findStored<
    Request extends { readonly series: Series; readonly scope: Scope; readonly number?: bigint },
>(runner: Sender, requests: readonly Request[]): Promise<Set<Request>> {
    const stored = new Set<Request>()
    for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
        const numbers = ofSeries.map(({ scope, number }) => ({ scope, number: String(number) }))
        const rows = await select<{ at: string | number }>(
            runner,
            series.dialect.storedNumbers(series, numbers),
        )
        for (const { at } of rows) stored.add(ofSeries[Number(at)] as Request)
    }
    return stored
}
