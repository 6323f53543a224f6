import type { DataSource } from "typeorm"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { advance } from "./advance"
import { takeTogether } from "./batch"
import { onFreeConnection, onHeldConnection, type Target } from "./connection"
import { withoutWaiting } from "./nowait"
import { columnsOf, type Counting } from "./place"
import type { Rule } from "./rule"
import { tellTaken } from "../signals/channels"
import type { Sender } from "../typeorm/statement"

/** @internal Takes numbers on the caller's connection, or together with other callers. */
export async function takeNumbers(
    target: Target,
    counting: Counting,
    how: { readonly count: number; readonly nowait: boolean },
): Promise<bigint[]> {
    const since = performance.now()
    const numbers = await take(target, counting, how)
    const { dataSource, runner } = target
    const series = { name: counting.rule.name, dataSource, strategy: "sequence" as const }
    tellTaken(
        since,
        numbers.map((number) => ({ series, number })),
        runner,
    )
    return numbers
}

async function take(
    { dataSource, runner }: Target,
    counting: Counting,
    { count, nowait }: { readonly count: number; readonly nowait: boolean },
): Promise<bigint[]> {
    const { rule } = counting
    const options = {
        name: rule.name,
        needsTransaction: needsTransaction(dataSource, rule, nowait),
    }
    const takeOn = (held: Sender, wanted: number): Promise<bigint[]> => {
        const work = () => advance(held, counting, wanted)
        return nowait ? withoutWaiting(held, rule, work) : work()
    }
    if (runner) return onHeldConnection(runner, (held) => takeOn(held, count), options)
    const takeForAll = (counts: () => readonly number[]) =>
        onFreeConnection(
            dataSource,
            async (held) => {
                const wanted = counts()
                const all = await takeOn(
                    held,
                    wanted.reduce((sum, each) => sum + each, 0),
                )
                let from = 0
                return wanted.map((each) => all.slice(from, (from += each)))
            },
            options,
        )
    return takeTogether(dataSource, idOf(counting, nowait), takeForAll, count)
}

/** Whether it takes more than one statement to move the counter. */
function needsTransaction(dataSource: DataSource, rule: Rule, nowait: boolean): boolean {
    const hasColumns = columnsOf(dataSource, rule).length > 0
    const { counter } = dialectOf(dataSource) as Dialect
    return (
        hasColumns ||
        rule.resetAt !== undefined ||
        !counter.movesAtOnce(dataSource) ||
        (nowait && counter.lockWait.isOfTransaction)
    )
}

/** Equal for calls that can share a statement. */
function idOf({ rule, key }: Counting, nowait: boolean): string {
    const types = key.values.map((value) => typeof value)
    const parts = [Object.entries(rule), key.names, key.texts, types, key.isByColumn, nowait]
    return JSON.stringify(parts, (_, part: unknown) =>
        typeof part === "bigint" ? String(part) : part,
    )
}
