import * as fc from "fast-check"
import { seed as rotating } from "../../support/seed"
import { isThorough } from "../../support/thoroughness"
import { type Program, programs } from "./programs"
import type { Runs } from "./runs"

/** CI tells whether a change is wrong; what nobody has found yet is looked for where somebody can look into it. */
export const seed = process.env.CI && !isThorough ? 5 : rotating

const LENGTH = 14
const PROGRAMS = Number(process.env.TEST_KEY_PROGRAMS ?? (isThorough ? 12 : 1))

/** Runs random programs; throws the smallest one that goes wrong. */
export async function checkPrograms(
    runs: Runs,
    {
        at,
        run,
    }: {
        /** Another one for each table. */
        at: number
        /** Instead of one that begins with an empty table. */
        run?: (program: Program) => Promise<void>
    },
): Promise<void> {
    const property = fc.asyncProperty(programs(LENGTH), run ?? ((program) => runs.run(program)))
    const details = await fc.check(property, {
        seed: (seed + at * 7919) % 2 ** 31,
        numRuns: PROGRAMS,
        // What goes on from the rows that are there can't begin again.
        endOnFailure: run !== undefined,
    })
    if (!details.failed) return
    const [program] = details.counterexample as [Program]
    const cause = details.errorInstance as Error
    throw new Error(
        `This program goes wrong (${details.numShrinks} times made smaller, run again by TEST_SEED=${seed}):\n\n` +
            `${textOf(program, "")}\n\n${cause instanceof Error ? cause.stack : String(cause)}`,
    )
}

function textOf(program: Program, indent: string): string {
    return program
        .map((step) =>
            step.kind === "transaction"
                ? `${indent}transaction, ${step.end}\n${textOf(step.steps, `${indent}    `)}`
                : indent + JSON.stringify(step),
        )
        .join("\n")
}
