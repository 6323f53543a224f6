import type { DataSource, QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { takeTogether } from "./batch"
import { onFreeConnection, onHeldConnection, type Target } from "./connection"
import { advance, columnsOf } from "./counter"
import { withoutWaiting } from "./nowait"
import { numbersAfter, type Rule } from "./rule"
import type { SequenceKey } from "./scope"

interface Sequence {
    readonly rule: Rule
    readonly key: SequenceKey
}

/** @internal Takes numbers on the caller's connection, or together with other callers. */
export async function takeNumbers(
    { dataSource, runner }: Target,
    { rule, key }: Sequence,
    { count, nowait }: { readonly count: number; readonly nowait: boolean },
): Promise<bigint[]> {
    const options = { needsTransaction: needsTransaction(dataSource, rule, nowait) }
    const move = (held: QueryRunner, by: number): Promise<bigint> => {
        const work = () => advance(held, rule, key, BigInt(by))
        return nowait ? withoutWaiting(held, rule, work) : work()
    }
    if (runner) {
        const before = await onHeldConnection(runner, (held) => move(held, count), options)
        return numbersAfter(rule, before, count)
    }
    const take = (counts: () => readonly number[]) =>
        onFreeConnection(
            dataSource,
            async (held) => {
                const wanted = counts()
                let last = await move(
                    held,
                    wanted.reduce((sum, each) => sum + each, 0),
                )
                return wanted.map((each) => {
                    const numbers = numbersAfter(rule, last, each)
                    last = numbers.at(-1) ?? last
                    return numbers
                })
            },
            options,
        )
    return takeTogether(dataSource, idOf({ rule, key }, nowait), take, count)
}

/** Whether it takes more than one statement to move the counter. */
function needsTransaction(dataSource: DataSource, rule: Rule, nowait: boolean): boolean {
    const hasColumns = columnsOf(dataSource, rule).length > 0
    const { counter } = dialectOf(dataSource) as Dialect
    return (
        hasColumns ||
        !counter.advancesAtOnce(dataSource) ||
        (nowait && counter.lockWait.isOfTransaction)
    )
}

/** Equal for calls that can share a statement. */
function idOf({ rule, key }: Sequence, nowait: boolean): string {
    const types = key.values.map((value) => typeof value)
    const parts = [Object.entries(rule), key.names, key.texts, types, nowait]
    return JSON.stringify(parts, (_, part: unknown) =>
        typeof part === "bigint" ? String(part) : part,
    )
}
