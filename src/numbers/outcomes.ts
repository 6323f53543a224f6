import type { QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { groupBy } from "../group-by"
import { dataSourceOf } from "../typeorm/compat"
import type { NumberRequest } from "./flush"
import { select } from "../typeorm/statement"

/**
 * Finds out which rows are in the table, by their numbers, where TypeORM doesn't tell.
 * @internal
 */
export async function findOutcomes(
    runner: QueryRunner,
    requests: readonly NumberRequest[],
): Promise<void> {
    const { storedNumbers } = dialectOf(dataSourceOf(runner)) as Dialect
    for (const [series, ofSeries] of groupBy(requests, (request) => request.series)) {
        const numbers = ofSeries.map(({ scope, number }) => ({
            scope,
            number: String(number),
        }))
        const found = await select<{ at: string | number }>(runner, storedNumbers(series, numbers))
        const stored = new Set(found.map(({ at }) => Number(at)))
        ofSeries.forEach((request, at) => {
            request.outcome = stored.has(at) ? "inserted" : "left out"
        })
    }
}
