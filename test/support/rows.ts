import { expect } from "chai"
import type { DataSource, EntityManager, EntitySubscriberInterface } from "typeorm"
import { rejection } from "./errors"

/** The numbers on rows, as they stand there. */
export const numbersOf = (rows: readonly object[]): unknown[] =>
    rows.map((row) => (row as { number?: unknown }).number)

/** Expects rows that are not stored to show no number. */
export function expectUnnumbered(rows: readonly object[]): void {
    for (const number of numbersOf(rows)) expect(number ?? null).to.equal(null)
}

/** Runs `work` in a transaction, or in a savepoint of one, and rolls it back. */
export async function rolledBack(
    outer: DataSource | EntityManager,
    work: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
    const rollback = new Error("roll back")
    const attempt = outer.transaction(async (manager) => {
        await work(manager)
        throw rollback
    })
    expect(await rejection(attempt)).to.equal(rollback)
}

/** Runs `work`, and `what` right before the first DELETE that is sent meanwhile. */
export async function beforeDelete<Result>(
    { subscribers }: DataSource,
    what: () => Promise<unknown>,
    work: () => Promise<Result>,
): Promise<Result> {
    let hasCome = false
    const watching: EntitySubscriberInterface = {
        async beforeQuery({ query }: { query: string }) {
            if (hasCome || !query.startsWith("DELETE")) return
            hasCome = true
            await what()
        },
    }
    subscribers.push(watching)
    try {
        return await work()
    } finally {
        subscribers.splice(subscribers.indexOf(watching), 1)
    }
}

/** What the process says of promises that nobody handles while `work` runs. */
export async function unhandledDuring(work: () => Promise<unknown>): Promise<unknown[]> {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on("unhandledRejection", note)
    try {
        await work()
        // They are told after the microtasks of a turn.
        await new Promise((resolve) => setImmediate(resolve))
    } finally {
        process.off("unhandledRejection", note)
    }
    return unhandled
}
