import * as fc from "fast-check"
import { type Program, programs, textOf } from "./programs"
import type { Runs } from "./runs"

const PROGRAMS_A_SEED = 25

/** How many calls each way makes on each database. */
export const OPERATIONS = Number(process.env.TEST_OPERATIONS ?? 300)

/** Another one each time; it is printed. */
export const SEED = Number(process.env.TEST_SEED ?? Date.now() % 0x7fffffff)

/** Runs programs until there were so many calls; throws the smallest program that goes wrong. */
export async function checkPrograms(runs: Runs, operations = OPERATIONS): Promise<void> {
    for (let seed = SEED; runs.operations < operations; seed += 1) await checkSeed(runs, seed)
}

async function checkSeed(runs: Runs, seed: number): Promise<void> {
    const property = fc.asyncProperty(programs, (program) => runs.run(program))
    const details = await fc.check(property, { seed, numRuns: PROGRAMS_A_SEED })
    if (!details.failed) return
    const [program] = details.counterexample as [Program]
    const cause = details.errorInstance as Error
    throw new Error(
        `This program goes wrong (${details.numShrinks} times made smaller, run again by TEST_SEED=${seed}):\n\n` +
            `${textOf(program)}\n\n${cause instanceof Error ? cause.stack : String(cause)}`,
    )
}
