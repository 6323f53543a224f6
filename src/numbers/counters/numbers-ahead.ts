import { groupBy } from "../../group-by"
import type { Series } from "../../series/series"
import type { NumberRequest } from "../number-request"
import { setBack } from "./set-back"
import type { MovedCounter } from "./set-back"
import type { Sender } from "../../typeorm/statement"

interface Block {
    readonly series: Series
    readonly key: string
    next: bigint
    readonly last: bigint
}

/**
 * Numbers that were taken from counters for rows whose INSERTs come next. Those that are left when
 * something else is sent go back.
 * @internal
 */
export class NumbersAhead {
    private readonly blocks = new Map<string, Block>()

    get isEmpty(): boolean {
        return this.blocks.size === 0
    }

    /** Keeps the numbers of rows that come next. */
    add(series: Series, requests: readonly NumberRequest[]): void {
        for (const [key, ofKey] of groupBy(requests, ({ group }) => group ?? "")) {
            const next = ofKey[0]?.number
            const last = ofKey.at(-1)?.number
            if (next !== undefined && last !== undefined)
                this.blocks.set(idOf(series, key), { series, key, next, last })
        }
    }

    /** Gives a request the next number of its scope, if there is one. */
    draw(request: NumberRequest, key: string): MovedCounter | undefined {
        const { series } = request
        const block = this.blocks.get(idOf(series, key))
        if (!block) return undefined
        const number = block.next
        // Its entity has told a higher one than those before it.
        if (request.first !== undefined && number < request.first) return undefined
        request.number = number
        request.group = key
        block.next += series.incrementBy
        if (block.next > block.last) this.blocks.delete(idOf(series, key))
        return { series, key, before: number - series.incrementBy, after: block.last }
    }

    /** Called where their counter is set back with the number of a row that has failed. */
    drop(series: Series, key: string): void {
        this.blocks.delete(idOf(series, key))
    }

    /** Gives back the numbers of a series, or of all. */
    async giveBack(runner: Sender, series?: Series): Promise<void> {
        const blocks = [...this.blocks].filter(([, block]) => !series || block.series === series)
        for (const [id] of blocks) this.blocks.delete(id)
        for (const [
            ,
            {
                series: { name, incrementBy },
                key,
                next,
                last,
            },
        ] of blocks)
            await setBack(runner, name, { key, from: last, to: next - incrementBy })
    }
}

function idOf({ name }: Series, key: string): string {
    return `${name.length} ${name} ${key}`
}
