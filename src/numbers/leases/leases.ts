import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import { groupBy } from "../../group-by"
import { keepsJournal } from "../../series/journal"
import type { Series } from "../../series/series"
import { tellLost } from "../../signals/channels"
import { dataSourceOf } from "../../typeorm/compat"
import { Block } from "./block"
import { counterSeriesOf } from "../counters/counter-series"
import { moveCounters } from "../counters/move-counters"
import { raiseCounters } from "../counters/raise-counters"
import { max } from "../number-values"
import { OwnConnection } from "./own-connection"
import type { Scope } from "../../dialects/columns"

/** What is wanted of one scope at once. */
interface Want {
    readonly series: Series
    readonly key: string
    readonly scope: Scope
    /** How many numbers. */
    readonly count: number
    /** None of them is below it. */
    readonly first: bigint
}

/** A counter that is to be at least there. */
interface Raise {
    readonly key: string
    readonly scope: Scope
    readonly to: bigint
}

// A few hundred bytes each. What the others have left is lost, as at the end of the process.
const MOST_SCOPES = 10_000

interface Waiting extends Want {
    readonly resolve: (numbers: bigint[]) => void
    readonly reject: (error: unknown) => void
}

/**
 * The numbers that a process has taken ahead from the counters of series with `gapless: false`.
 *
 * They are taken in short transactions on a connection of their own: one that comes from the pool
 * would be waited for by the very callers who hold all of the pool's while they wait for numbers.
 * @internal
 */
export class Leases {
    private static readonly all = new WeakMap<DataSource, Leases | null>()
    private readonly blocks = new Map<string, Block>()
    private waiting: Waiting[] = []
    /** The scopes that are waited for: what they have left was counted for those who wait. */
    private wanted = new Set<string>()
    private isWorking = false
    private readonly connection: OwnConnection

    private constructor(private readonly dataSource: DataSource) {
        this.connection = new OwnConnection(dataSource, () => {
            for (const id of this.blocks.keys()) this.lose(id, "closed")
        })
    }

    /** Undefined where the database has one connection, which the caller holds. */
    static of(owner: object): Leases | undefined {
        const dataSource = dataSourceOf(owner)
        let leases = Leases.all.get(dataSource)
        if (leases === undefined) {
            const isPossible = dialectOf(dataSource)?.separateConnection(dataSource)
            Leases.all.set(dataSource, (leases = isPossible ? new Leases(dataSource) : null))
        }
        return leases ?? undefined
    }

    /** Numbers in ascending order; those of parallel calls that have to wait are taken together. */
    take(want: Want): bigint[] | Promise<bigint[]> {
        const id = idOf(want.series, want.key)
        const numbers = this.wanted.has(id) ? undefined : this.draw(want)
        if (numbers) return numbers
        this.wanted.add(id)
        return new Promise((resolve, reject) => {
            this.waiting.push({ ...want, resolve, reject })
            if (!this.isWorking) void this.work()
        })
    }

    /**
     * Sets a counter that is lower; numbers at or below it are not given any more. Resolves to where it was, where the
     * journal is to know that.
     */
    async raise(series: Series, { key, scope, to }: Raise): Promise<bigint | undefined> {
        const counted = counterSeriesOf(series)
        this.skip(series, key, to)
        const before = await this.connection.run(async (runner) => {
            const found = keepsJournal(series)
                ? await moveCounters(runner, counted, [{ key, scope, by: 0n }])
                : undefined
            await raiseCounters(runner, counted, [{ key, to }])
            return found?.get(key)
        })
        // Others may have been on their way.
        this.skip(series, key, to)
        return before
    }

    /** Takes the next number from the counter. */
    forget(series: Series, key: string): void {
        this.lose(idOf(series, key), "skipped")
    }

    private draw({ series, key, count, first }: Want): bigint[] | undefined {
        if (count === 0) return []
        const id = idOf(series, key)
        const block = this.blocks.get(id)
        if (!block) return undefined
        this.skip(series, key, first - 1n)
        const numbers = block.draw(count)
        this.blocks.delete(id)
        // Those that were used last come last.
        if (!block.isEmpty) this.blocks.set(id, block)
        return numbers
    }

    private async work(): Promise<void> {
        this.isWorking = true
        while (this.waiting.length > 0) {
            const waiting = this.waiting
            this.waiting = []
            for (const ofSeries of groupBy(waiting, ({ series }) => series.name).values())
                await this.refill(ofSeries).catch((error: unknown) => {
                    for (const { reject } of ofSeries) reject(error)
                })
            this.wanted = new Set(this.waiting.map(({ series, key }) => idOf(series, key)))
        }
        this.isWorking = false
    }

    private async refill(waiting: readonly Waiting[]): Promise<void> {
        const [{ series } = {}] = waiting
        if (!series) return
        const { incrementBy: step, cache } = series
        const moves = [...groupBy(waiting, ({ key }) => key)].flatMap(([key, wants]) => {
            const wanted = BigInt(wants.reduce((sum, { count }) => sum + count, 0))
            const first = wants.map((want) => want.first).reduce(max)
            const block = this.blocks.get(idOf(series, key))
            this.skip(series, key, first - 1n)
            const missing = wanted - (block?.size ?? 0n)
            if (missing <= 0n) return []
            const by = step * max(missing, cache)
            return [{ key, by, base: first - step, scope: wants[0]?.scope }]
        })
        // A statement has one base.
        for (const [base, ofBase] of groupBy(moves, (move) => move.base)) {
            const last = await this.connection.run((runner) =>
                moveCounters(runner, { ...counterSeriesOf(series), base }, ofBase),
            )
            for (const { key, by } of ofBase) this.add(series, key, last.get(key), by)
        }
        for (const want of waiting) {
            const numbers = this.draw(want)
            if (numbers) want.resolve(numbers)
            // A counter was raised meanwhile, past what was left.
            else this.waiting.push(want)
        }
        for (const id of this.blocks.keys())
            if (this.blocks.size > MOST_SCOPES) this.lose(id, "evicted")
    }

    private skip(series: Series, key: string, to: bigint): void {
        const skipped = this.blocks.get(idOf(series, key))?.skipTo(to) ?? 0n
        tellLost(series, Number(skipped), "skipped")
    }

    private lose(id: string, reason: "closed" | "evicted" | "skipped"): void {
        const block = this.blocks.get(id)
        this.blocks.delete(id)
        if (block)
            tellLost({ name: nameIn(id), dataSource: this.dataSource }, Number(block.size), reason)
    }

    private add(series: Series, key: string, last: bigint | undefined, by: bigint): void {
        if (last === undefined) return
        const id = idOf(series, key)
        const block = this.blocks.get(id) ?? new Block(series.incrementBy)
        block.add(last, by)
        this.blocks.set(id, block)
    }
}

function idOf({ name }: Series, key: string): string {
    return `${name.length} ${name} ${key}`
}

function nameIn(id: string): string {
    const at = id.indexOf(" ") + 1
    return id.slice(at, at + Number(id.slice(0, at - 1)))
}
