// DATABASE_URL=postgres://… npx ts-node bench/sequence.ts [--json]
//
// How fast numbers without an entity are: 20 parallel callers take 500 each, the shape of
// django-sequences' own benchmark, in each of the ways that there are. Ends by checking that each
// way has given exactly 1 to N.
import "reflect-metadata"
import type { DataSource } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { Sequence } from "../src"
import { compare, inParallel, print, type Way, withDatabase } from "./support"

const CALLERS = 20
const CALLS = CALLERS * 500

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase([], CALLERS, async (dataSource) => {
        await dataSource.query(
            "CREATE TABLE autosequence_bench.by_hand (name text PRIMARY KEY, last bigint NOT NULL)",
        )
        await dataSource.query("INSERT INTO autosequence_bench.by_hand VALUES ('one', 0)")
        const taken = new Map<string, number[]>()
        const way = (name: string, take: () => Promise<number[]>, calls = CALLS): Way => {
            const numbers: number[] = []
            taken.set(name, numbers)
            return {
                name,
                run: () => inParallel(CALLERS, calls, async () => numbers.push(...(await take()))),
            }
        }
        const shared = new Sequence("shared", { dataSource })
        const inTransactions = new Sequence("in_transactions")
        const batches = new Sequence("batches", { dataSource })

        const comparison = await compare(`${CALLS} numbers, ${CALLERS} callers`, 3, [
            way("SELECT … FOR UPDATE and UPDATE by hand", () => byHand(dataSource)),
            way("next(manager), a transaction each", () =>
                dataSource.transaction(async (manager) => [await inTransactions.next(manager)]),
            ),
            way("next()", async () => [await shared.next()]),
            way("nextMany(100)", () => batches.nextMany(100), CALLS / 100),
        ])
        for (const [name, numbers] of taken) assertNumbers(name, numbers)
        await print(dataSource, [comparison], "Each way gave 1 to N.")
    })
}

function byHand(dataSource: DataSource): Promise<number[]> {
    return dataSource.transaction(async (manager) => {
        const [{ last }] = await manager.query<[{ last: string }]>(
            "SELECT last FROM autosequence_bench.by_hand WHERE name = 'one' FOR UPDATE",
        )
        const next = Number(last) + 1
        await manager.query("UPDATE autosequence_bench.by_hand SET last = $1 WHERE name = 'one'", [
            next,
        ])
        return [next]
    })
}

function assertNumbers(name: string, numbers: number[]): void {
    numbers.sort((a, b) => a - b)
    const wrong = numbers.findIndex((number, at) => number !== at + 1)
    if (wrong >= 0)
        throw new Error(`${name}: ${numbers[wrong] ?? "nothing"} where ${wrong + 1} should be.`)
}
