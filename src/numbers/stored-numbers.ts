import type { Scope } from "../dialects/columns"
import { groupBy } from "../group-by"
import type { Series } from "../series/series"
import { select, type Sender } from "../typeorm/statement"

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
