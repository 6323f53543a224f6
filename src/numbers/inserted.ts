import type { QueryRunner } from "typeorm"
import { type Flush, isOfNewCounter, type NumberRequest } from "./flush"
import { countNewScopes } from "./counters/gapless-counter"
import { checkUpsert } from "./upsert"

/**
 * What is left to be done when rows are inserted: to look at what an upsert has made of them, and to
 * make the counters of scopes whose keys only the INSERT gave.
 * @internal
 */
export async function finishInserted(
    runner: QueryRunner,
    flush: Flush,
    requests: readonly NumberRequest[],
): Promise<void> {
    if (flush.isUpsert) await checkUpsert(runner, flush, requests)
    const ofNewCounters = requests.filter(
        (request) => isOfNewCounter(request) && request.outcome === "inserted",
    )
    if (ofNewCounters.length > 0) await countNewScopes(runner, flush, ofNewCounters)
}
