import type { QueryRunner } from "typeorm"
import type { DriverError } from "../../dialects/driver-error"
import type { Trigger, TriggerFunction } from "../../dialects/statements/trigger-statements"
import { unreadTriggers } from "../../numbers/trigger/trigger-errors"
import { tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import { changesOf, namesOf, neededIn, type TableTriggers } from "../plan/triggers/triggers"
import { byMigration, type Finding } from "./finding"

/** @internal What is wrong with the triggers of a table. */
export function triggerProblems(table: TableTriggers): Finding[] {
    const { tablePath } = table.metadata
    const needed = neededIn(table)
    const leftOver = changesOf(table).removed.filter(
        ({ name }) => !needed.some((trigger) => trigger.name === name),
    )
    return [
        ...needed.flatMap((trigger) => {
            const problem = problemOf(trigger, table)
            return problem
                ? byMigration(`The trigger ${trigger.name} of ${tablePath} ${problem}`)
                : []
        }),
        ...leftOver.map(({ name }) =>
            byMigration(`The trigger ${name} of ${tablePath} is no longer needed.`),
        ),
    ]
}

/** @internal Triggers that are there, and that the server has not read. */
export async function unreadProblems(
    runner: QueryRunner,
    { columns, stored }: TableTriggers,
): Promise<Finding[]> {
    for (const { series, triggers } of columns)
        for (const { name } of triggers) {
            const { reading } = series.dialect.trigger ?? {}
            const found = stored.find((trigger) => trigger.name === name)
            if (!reading || !found || found.isHidden) continue
            try {
                await select(runner, reading.look(found))
            } catch (error) {
                if (!reading.hasFailed((error as { driverError: DriverError }).driverError))
                    throw error
                return [
                    {
                        text: unreadTriggers(series),
                        sql: reading.again(tableName(series.metadata)),
                    },
                ]
            }
        }
    return []
}

/** @internal What is wrong with functions that no trigger calls; a trigger that should is missing itself. */
export function leftOverProblems(
    functions: readonly TriggerFunction[],
    tables: readonly TableTriggers[],
): Finding[] {
    const needed = tables.flatMap(neededIn).flatMap(({ calls }) => calls.map(({ name }) => name))
    return functions
        .filter(({ name }) => !needed.includes(name))
        .map(({ name }) =>
            byMigration(
                `The function ${name} is no longer needed: its table was dropped, and no trigger calls it.`,
            ),
        )
}

function problemOf(trigger: Trigger, { stored, appendOnly }: TableTriggers): string | undefined {
    const found = stored.find(({ name }) => name === trigger.name)
    if (!found)
        return appendOnly.includes(trigger)
            ? "is missing: rows of the journal could be changed."
            : "is missing: rows get no number."
    if (namesOf(found) !== namesOf(trigger))
        return `calls ${namesOf(found)}, but must call ${namesOf(trigger)}.`
    if (!found.isEnabled) return "is disabled."
    return found.isHidden || found.definition === trigger.definition
        ? undefined
        : "is outdated: an option has changed, or the library."
}
