import { groupBy } from "../group-by"
import type { Series } from "../series/series"
import { type ColumnMetadata, columnName, tableName } from "../typeorm/names"
import { select, type Sender } from "../typeorm/statement"
import type { NumberRequest } from "./number-request"
import { parseNumber } from "./number-values"

const BATCH = 200

/** @internal What a stored row is recognised by: columns, and values as the driver sends them. */
export type Condition = readonly (readonly [ColumnMetadata, unknown])[]

/** @internal The numbers of stored rows, in the order of the conditions. */
export async function numbersWhere(
    runner: Sender,
    { column, metadata, dataSource, dialect }: Series,
    conditions: readonly Condition[],
): Promise<(bigint | undefined)[]> {
    const numbers: (bigint | undefined)[] = []
    for (let start = 0; start < conditions.length; start += BATCH) {
        const parameters: unknown[] = []
        // One query each, so that none has to be recognised by what it returns.
        const selects = conditions.slice(start, start + BATCH).map((condition, at) => {
            const number = dialect.expressions.text(`t.${columnName(column)}`)
            return (
                `SELECT ${start + at} AS at, ${number} AS number FROM ${tableName(metadata)} t ` +
                `WHERE ${whereOf(dataSource, condition, parameters)}`
            )
        })
        const rows = await select<{ at: string | number; number: string | null }>(runner, {
            sql: selects.join(" UNION ALL "),
            parameters,
        })
        for (const row of rows) numbers[Number(row.at)] = parseNumber(row.number)
    }
    return numbers
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
export async function findStored(
    runner: Sender,
    requests: readonly NumberRequest[],
): Promise<Set<NumberRequest>> {
    const stored = new Set<NumberRequest>()
    for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
        const numbers = ofSeries.map(({ scope, number }) => ({ scope, number: String(number) }))
        const rows = await select<{ at: string | number }>(
            runner,
            series.dialect.storedNumbers(series, numbers),
        )
        for (const { at } of rows) stored.add(ofSeries[Number(at)] as NumberRequest)
    }
    return stored
}
