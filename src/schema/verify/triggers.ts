import type { Trigger } from "../../dialects/trigger-statements"
import { INSTALL_REMEDY as REMEDY } from "../../errors"
import { changesOf, namesOf, type TableTriggers } from "../plan/triggers"

/** @internal What is wrong with the triggers of a table. */
export function triggerProblems(table: TableTriggers): string[] {
    const { tablePath } = table.metadata
    const needed = table.columns.flatMap(({ triggers }) => triggers)
    const leftOver = changesOf(table).removed.filter(
        ({ name }) => !needed.some((trigger) => trigger.name === name),
    )
    return [
        ...needed.flatMap((trigger) => {
            const problem = problemOf(trigger, table)
            return problem ? `The trigger ${trigger.name} of ${tablePath} ${problem} ${REMEDY}` : []
        }),
        ...leftOver.map(
            ({ name }) => `The trigger ${name} of ${tablePath} is left over from before. ${REMEDY}`,
        ),
    ]
}

function problemOf(trigger: Trigger, { stored }: TableTriggers): string | undefined {
    const found = stored.find(({ name }) => name === trigger.name)
    if (!found) return "is missing: rows get no number."
    if (namesOf(found) !== namesOf(trigger))
        return `calls ${namesOf(found)}, and has to call ${namesOf(trigger)}.`
    if (!found.isEnabled) return "is disabled."
    return found.definition === trigger.definition
        ? undefined
        : "is not as it is to be: an option has changed, or the library."
}
