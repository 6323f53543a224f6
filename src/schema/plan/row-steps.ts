import type { DataSource, QueryRunner } from "typeorm"
import { dialectOf } from "../../dialects"
import { addSeeds } from "./counter-steps"
import type { Inventory } from "./inventory"
import type { Steps } from "./steps"
import { createTriggers, type TableTriggers } from "./triggers"

/**
 * Makes triggers and the counters that they move, in the order in which no row of a writer beside it
 * is numbered wrongly. Where that is one transaction, a table that has its triggers is locked for the
 * rest of it. Where it isn't, nothing can be inserted until the triggers are there.
 * @internal
 */
export async function addCounting(
    runner: QueryRunner,
    steps: Steps,
    {
        dataSource,
        inventory,
        triggers,
    }: {
        readonly dataSource: DataSource
        readonly inventory: Inventory
        readonly triggers: readonly TableTriggers[]
    },
): Promise<void> {
    const { installLock } = dialectOf(dataSource)?.schema ?? {}
    if (installLock?.isTransactional) await createTriggers(steps, triggers)
    await addSeeds(runner, steps, dataSource, inventory)
    if (!installLock?.isTransactional) await createTriggers(steps, triggers)
}
