/**
 * Tests the tests: makes one small mistake in the code at a time, and tells which of them no test notices.
 *
 *     npx ts-node scripts/mutate.ts --folders src/numbers,src/inserts --count 150 --seed 1
 *     npx ts-node scripts/mutate.ts --only src/numbers/when/holds.ts:30 --tests test/drafts
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { nameOf, type Tests, testsFor } from "./mutants/areas"
import { Copy } from "./mutants/copy"
import { type Mutant, mutantsOf, mutated } from "./mutants/mutations"
import { TypeCheck } from "./mutants/type-check"
import { Random } from "../torture/random"
import { ROOT } from "./packed"

const { values: given } = parseArgs({
    options: {
        folders: { type: "string", default: "src/numbers,src/inserts" },
        count: { type: "string", default: "150" },
        seed: { type: "string" },
        /** All mutants of these lines, path:line, instead of some of the folders. */
        only: { type: "string" },
        /** Instead of those that scripts/mutants/areas.ts has for the file. */
        tests: { type: "string" },
        /** How many are tested at the same time. */
        jobs: { type: "string", default: "1" },
        /** How many mutants were tested by an earlier run, and are skipped. */
        after: { type: "string", default: "0" },
        /** Leaves out the tests that take long and seldom notice what the others do not. */
        quick: { type: "boolean", default: false },
    },
})
const seed = Number(given.seed ?? Math.floor(Math.random() * 2 ** 31))
/** A mutant may be slower than this before it is taken for one that hangs. */
const PATIENCE = { times: 3, seconds: 30 }

async function main(): Promise<void> {
    process.chdir(ROOT)
    console.log(`--seed ${seed}`)
    const { mutants, invalid } = given.only ? mutantsAt(given.only.split(",")) : someMutants()
    console.log(`${mutants.length} mutants; ${invalid} more do not compile, and do not count.`)
    const copies = Array.from({ length: Number(given.jobs) }, (_, at) => Copy.make(String(at + 1)))
    const survivors: Mutant[] = []
    const killers = new Map<string, number>()
    await shared(copies, mutants, async (copy, mutant) => {
        const original = readFileSync(mutant.path, "utf8")
        const text = mutated(mutant, original)
        const killed = await firstFailure(copy, mutant, text)
        if (killed) killers.set(killed.by, (killers.get(killed.by) ?? 0) + 1)
        else survivors.push(mutant)
        const end = killed ? `killed by ${killed.failure}` : "SURVIVED"
        console.log(`\n${mutant.path}:${mutant.line} ${end}\n${difference(original, text)}`)
    })
    report(mutants, survivors, killers)
}

function someMutants(): { mutants: Mutant[]; invalid: number } {
    const types = new TypeCheck(join(ROOT, "tsconfig.json"))
    const random = new Random(seed)
    const lists = given.folders.split(",").map((folder) => shuffled(allMutants(folder), random))
    const mutants: Mutant[] = []
    let invalid = 0
    // One of each folder after the other, so that a large one does not take all of the time.
    for (let at = 0; mutants.length < Number(given.count); at += 1) {
        if (lists.every((list) => list.length === 0)) break
        const mutant = lists[at % lists.length]?.pop()
        if (!mutant) continue
        if (compiles(types, mutant)) mutants.push(mutant)
        else invalid += 1
    }
    return { mutants: mutants.slice(Number(given.after)), invalid }
}

function mutantsAt(places: readonly string[]): { mutants: Mutant[]; invalid: number } {
    const types = new TypeCheck(join(ROOT, "tsconfig.json"))
    const all = places.flatMap((place) => {
        const [path = "", line] = place.split(":")
        return mutantsOf(path).filter((mutant) => mutant.line === Number(line))
    })
    const mutants = all.filter((mutant) => compiles(types, mutant))
    return { mutants, invalid: all.length - mutants.length }
}

function allMutants(folder: string): Mutant[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .sort()
        .flatMap((name) => mutantsOf(join(folder, name)))
}

function compiles(types: TypeCheck, mutant: Mutant): boolean {
    return types.accepts(mutant.path, mutated(mutant, readFileSync(mutant.path, "utf8")))
}

function testsOf({ path }: Mutant): readonly Tests[] {
    return given.tests?.split(" ").map((tests) => ({ path: tests })) ?? testsFor(path, given.quick)
}

const usual = new Map<string, Promise<number | undefined>>()

/** How long the tests take without a mutant; undefined where they fail, so that they tell nothing. */
function usualSeconds(copy: Copy, tests: Tests): Promise<number | undefined> {
    const name = nameOf(tests)
    let seconds = usual.get(name)
    if (!seconds) usual.set(name, (seconds = passing(copy, tests)))
    return seconds
}

async function passing(copy: Copy, tests: Tests): Promise<number | undefined> {
    const { failure, seconds } = await copy.run(tests, seed, 1800)
    const end = failure ? `left out: without a mutant fails ${failure}` : `${seconds.toFixed()} s`
    console.log(`\n${nameOf(tests)}: ${end}`)
    if (failure) process.exitCode = 1
    return failure ? undefined : seconds
}

async function firstFailure(
    copy: Copy,
    mutant: Mutant,
    text: string,
): Promise<{ failure: string; by: string } | undefined> {
    for (const tests of testsOf(mutant)) {
        const seconds = await usualSeconds(copy, tests)
        if (seconds === undefined) continue
        const limit = seconds * PATIENCE.times + PATIENCE.seconds
        const run = () => copy.run(tests, seed, limit)
        const { failure } = await copy.with(mutant.path, text, run)
        if (failure) return { failure, by: nameOf(tests) }
    }
    return undefined
}

function report(
    mutants: readonly Mutant[],
    survivors: readonly Mutant[],
    killers: ReadonlyMap<string, number>,
): void {
    console.log(`\nKilled by`)
    for (const [name, count] of killers) console.log(`${String(count).padStart(5)} ${name}`)
    console.log(`Survivors`)
    for (const { path, line } of survivors) console.log(`      ${path}:${line}`)
    const killed = mutants.length - survivors.length
    console.log(`Score: ${killed} of ${mutants.length}, --seed ${seed}`)
}

/** Each copy takes the next one when it is done with one. */
async function shared<Item>(
    copies: readonly Copy[],
    items: readonly Item[],
    work: (copy: Copy, item: Item) => Promise<void>,
): Promise<void> {
    const left = [...items]
    await Promise.all(
        copies.map(async (copy) => {
            for (let item = left.shift(); item !== undefined; item = left.shift())
                await work(copy, item)
        }),
    )
}

/** The lines that differ, as `diff` shows them. */
function difference(before: string, after: string): string {
    const [old, changed] = [before.split("\n"), after.split("\n")]
    let start = 0
    while (start < old.length && old[start] === changed[start]) start += 1
    while (old.length > start && changed.length > start && old.at(-1) === changed.at(-1)) {
        old.pop()
        changed.pop()
    }
    return [
        ...old.slice(start).map((line) => `- ${line.trim()}`),
        ...changed.slice(start).map((line) => `+ ${line.trim()}`),
    ].join("\n")
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
    return items
        .map((item) => ({ item, at: random.next() }))
        .sort((one, other) => one.at - other.at)
        .map(({ item }) => item)
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))
void main()
