import { channel as channelOf } from "node:diagnostics_channel"
import type { DataSource, QueryRunner } from "typeorm"
import type { AutoSequenceError } from "../errors"
import { logWarning } from "./log"
import type { AutoSequenceMessages, LostMessage, RetryMessage, TakeMessage } from "./messages"

const take = channelOf("autosequence:take")
const retry = channelOf("autosequence:retry")
const lost = channelOf("autosequence:lost")
const gapRefused = channelOf("autosequence:gap-refused")

/** A wait of this length is logged as a warning. */
const LONG_MS = 1000

/** @internal A number that was requested, as the channel reports it. */
export interface Taken {
    readonly series: {
        readonly name: string
        readonly dataSource: DataSource
        readonly strategy: TakeMessage["strategy"]
        readonly scopeColumns?: readonly { readonly propertyPath: string }[]
    }
    readonly scope?: { readonly key: string; readonly values: readonly (string | null)[] }
    /** A number set by the caller is not reported. */
    readonly explicit?: bigint
    /** Undefined where there was none. */
    readonly number?: bigint
}

/** @internal Publishes the numbers that were taken since a time. Costs next to nothing without subscribers. */
export function tellTaken(
    since: number,
    all: readonly Taken[],
    runner: QueryRunner | undefined,
): void {
    const durationMs = performance.now() - since
    if (durationMs >= LONG_MS) logWait(all, durationMs, runner)
    if (!take.hasSubscribers) return
    const groups = new Map<string, { readonly first: Taken; count: number }>()
    for (const one of all) {
        if (one.explicit !== undefined || one.number === undefined) continue
        const id = `${one.series.name.length} ${one.series.name} ${one.scope?.key ?? ""}`
        const group = groups.get(id)
        if (group) group.count += 1
        else groups.set(id, { first: one, count: 1 })
    }
    for (const { first, count } of groups.values()) {
        const { series, scope } = first
        publish(take, {
            ...{ dataSource: series.dataSource, series: series.name, strategy: series.strategy },
            ...{ scope: scope && scopeOf(series, scope), count, durationMs },
            startedAt: Date.now() - durationMs,
        })
    }
}

function scopeOf(
    { scopeColumns = [] }: Taken["series"],
    { values }: NonNullable<Taken["scope"]>,
): Record<string, string | null> {
    return Object.fromEntries(
        scopeColumns.map(({ propertyPath }, at) => [propertyPath, values[at] ?? null]),
    )
}

function logWait(all: readonly Taken[], durationMs: number, runner: QueryRunner | undefined): void {
    const [first] = all
    const names = [...new Set(all.map(({ series }) => series.name))].join(", ")
    if (!first) return
    logWarning(
        first.series.dataSource,
        `${names} took ${(durationMs / 1000).toFixed(1)} s, mostly to wait for transactions that have taken a number ` +
            "and not ended yet. typeorm-autosequence counters --waiting shows them.",
        runner,
    )
}

/** @internal */
export function tellRetry(message: RetryMessage): void {
    const { dataSource, attempt, attempts, delayMs, code } = message
    logWarning(
        dataSource,
        `attempt ${attempt} of ${attempts} was ended by the database (${code}), and is retried ` +
            (delayMs > 0 ? `in ${Math.round(delayMs)} ms.` : "at once."),
    )
    if (retry.hasSubscribers) publish(retry, message)
}

/** @internal */
export function tellLost(
    { name, dataSource }: Pick<Taken["series"], "name" | "dataSource">,
    count: number,
    reason: LostMessage["reason"],
): void {
    if (count > 0 && lost.hasSubscribers) publish(lost, { dataSource, series: name, count, reason })
}

/** @internal Returns the error. */
export function tellRefusedGap<Refusal extends AutoSequenceError>(
    { name, dataSource }: Pick<Taken["series"], "name" | "dataSource">,
    error: Refusal,
): Refusal {
    if (gapRefused.hasSubscribers)
        publish(gapRefused, { dataSource, series: name, code: error.code })
    return error
}

function publish(
    to: ReturnType<typeof channelOf>,
    message: AutoSequenceMessages[keyof AutoSequenceMessages],
): void {
    to.publish(message)
}

/** @internal The code of a driver's error. */
export function codeOf(error: object): string {
    const { code, errno } = error as { code?: string | number; errno?: number }
    return String(code ?? errno ?? "unknown")
}
