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
        // Stands above the first statement, whichever that is.
        const says = [whatTheyDo(table)]
        for (const { create, drop } of callsOf(added))
            for (const [at, sql] of create.entries())
                await steps.sql({ sql }, says.pop(), ...(at === 0 && drop ? [{ sql: drop }] : []))
        for (const { create, drop } of added)
            await steps.sql({ sql: create }, says.pop(), { sql: drop })
    }
}

function whatTheyDo({ metadata, columns, appendOnly }: TableTriggers): string {
    const { tablePath } = metadata
    if (appendOnly.length > 0) return `Triggers of ${tablePath}: its rows are only ever added.`
    const names = columns.map(({ series }) => series.column.databaseName).join(", ")
    const moment = columns.every(({ series }) => series.assignsAtCommit)
        ? "as the transaction commits"
        : "whoever inserts or finalises them"
    return (
        `Triggers of ${tablePath}: rows get their ${names} from the counters, ${moment}; a plain UPDATE of ` +
        "them is refused."
    )
}

/** Triggers may share a function. */
function callsOf(triggers: readonly Trigger[]): TriggerFunction[] {
    const all = triggers.flatMap(({ calls }) => calls)
    return [...new Map(all.map((call) => [call.name, call])).values()]
}
