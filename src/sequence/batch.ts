import type { DataSource } from "typeorm"
import { NumberOverflowError } from "../errors"
import { oncePer } from "../once-per"

interface Call {
    readonly count: number
    resolve(numbers: bigint[]): void
    reject(error: unknown): void
}

/** @internal Takes numbers for several calls, and hands out as many to each as it asks for. */
export type Take = (counts: () => readonly number[]) => Promise<bigint[][]>

const batchesOf = oncePer<DataSource, Map<string, Batch>>(() => new Map())

/**
 * Calls that arrive together, or while a statement is under way, share the next statement.
 * @internal
 */
export function takeTogether(
    dataSource: DataSource,
    id: string,
    take: Take,
    count: number,
): Promise<bigint[]> {
    const batches = batchesOf(dataSource)
    let batch = batches.get(id)
    if (!batch) batches.set(id, (batch = new Batch(take, () => batches.delete(id))))
    return batch.add(count)
}

class Batch {
    private waiting: Call[] = []
    private isWorking = false

    constructor(
        private readonly take: Take,
        private readonly finished: () => void,
    ) {}

    add(count: number): Promise<bigint[]> {
        return new Promise((resolve, reject) => {
            this.waiting.push({ count, resolve, reject })
            if (!this.isWorking) void this.work()
        })
    }

    private async work(): Promise<void> {
        this.isWorking = true
        while (this.waiting.length > 0) await this.serve(() => this.waiting.splice(0))
        this.finished()
    }

    /** Calls that come while the connection is waited for are served with those before. */
    private async serve(arrived: () => Call[]): Promise<void> {
        const calls: Call[] = []
        const take = () => {
            calls.push(...arrived())
            return calls.map(({ count }) => count)
        }
        try {
            const numbers = await this.take(take)
            for (const [at, { resolve }] of calls.entries()) resolve(numbers[at] ?? [])
        } catch (error) {
            if (calls.length === 0) take()
            // One that asks for too many does not fail the others.
            if (error instanceof NumberOverflowError && calls.length > 1)
                for (const call of calls) await this.serve(() => [call])
            else for (const { reject } of calls) reject(error)
        }
    }
}
