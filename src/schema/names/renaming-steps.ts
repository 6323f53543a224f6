import type { Steps } from "../plan/steps"
import type { FoundRenamings } from "./renamings"

/** @internal Takes counters and keys along to the names that their columns have now. */
export async function carryNames(steps: Steps, { renamings }: FoundRenamings): Promise<void> {
    for (const { ledger, from, to } of renamings) {
        await steps.sql(
            ledger.copy(from, to),
            `The ${ledger.content} of ${from} go on as those of ${to}.`,
            ledger.copy(to, from),
            ledger.remove(to),
        )
        await steps.sql(ledger.remove(from))
    }
}
