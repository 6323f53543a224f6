import type { Trigger, TriggerFunction } from "../../../dialects/statements/trigger-statements"
import type { Steps } from "../steps"
import { changesOf, type TableTriggers } from "./triggers"

/** @internal Why functions go whose triggers went with their tables. */
export const UNUSED = "No trigger calls this function any more."

/** @internal Comes before the columns change that the triggers may be about. */
export async function dropTriggers(steps: Steps, tables: readonly TableTriggers[]): Promise<void> {
    for (const table of tables) {
        const { removed } = changesOf(table)
        for (const { name, drop, create } of removed)
            await steps.sql(
                { sql: drop },
                `The trigger ${name} is not needed any more, or not as it is.`,
                { sql: create },
            )
        await dropFunctions(steps, callsOf(removed))
    }
}

/** @internal */
export async function dropFunctions(
    steps: Steps,
    functions: readonly TriggerFunction[],
    comment?: string,
): Promise<void> {
    for (const { drop, create } of functions)
        if (drop) await steps.sql({ sql: drop }, comment, ...create.map((sql) => ({ sql })))
}

/** @internal Comes last. */
export async function createTriggers(
    steps: Steps,
    tables: readonly TableTriggers[],
): Promise<void> {
    for (const table of tables) {
        const { added } = changesOf(table)
        for (const { create, drop } of callsOf(added))
            for (const [at, sql] of create.entries())
                await steps.sql({ sql }, undefined, ...(at === 0 && drop ? [{ sql: drop }] : []))
        for (const [at, { create, drop }] of added.entries())
            await steps.sql(
                { sql: create },
                at === 0
                    ? table.appendOnly.length > 0
                        ? `Rows of ${table.metadata.tablePath} are only ever added.`
                        : `Rows that are inserted into ${table.metadata.tablePath} get their numbers.`
                    : undefined,
                { sql: drop },
            )
    }
}

/** Triggers may share a function. */
function callsOf(triggers: readonly Trigger[]): TriggerFunction[] {
    const all = triggers.flatMap(({ calls }) => calls)
    return [...new Map(all.map((call) => [call.name, call])).values()]
}
