import * as fc from "fast-check"
import { ONCE_WRONG } from "./once-wrong"
import { type Program, programs, settledPrograms, type Step, textOf } from "./programs"
import type { Runs } from "./runs"

const PROGRAMS_A_SEED = 25

/** How many calls are made on each database, by all ways together. */
export const OPERATIONS = Number(process.env.TEST_OPERATIONS ?? 400)

/** Another one each time; it is printed. */
export const SEED = Number(process.env.TEST_SEED ?? Date.now() % 0x7fffffff)

/** Runs programs until there were so many calls; throws the smallest program that goes wrong. */
export async function checkPrograms(
    runs: Runs,
    operations: number,
    { sharesConnection }: { sharesConnection: boolean },
): Promise<void> {
    const some = sharesConnection ? settledPrograms : programs
    for (let seed = SEED; runs.operations < operations; seed += 1) await checkSeed(runs, some, seed)
}

async function checkSeed(runs: Runs, some: fc.Arbitrary<Step[]>, seed: number): Promise<void> {
    const property = fc.asyncProperty(some, (program) => runs.run(program))
    const examples = seed === SEED ? ONCE_WRONG.map((program): [Step[]] => [[...program]]) : []
    const details = await fc.check(property, { seed, numRuns: PROGRAMS_A_SEED, examples })
    if (!details.failed) return
    const [program] = details.counterexample as [Program]
    const cause = details.errorInstance as Error
    throw new Error(
        `This program goes wrong (${details.numShrinks} times made smaller, run again by TEST_SEED=${seed}):\n\n` +
            `${textOf(program)}\n\n${cause instanceof Error ? cause.stack : String(cause)}`,
    )
}
