import type { DataSource } from "typeorm"
import type { LateRequest } from "./late-requests"

const MOST = 10_000
const all = new WeakMap<DataSource, Set<string>>()

/**
 * Whether this process has moved a counter before, so that it exists: a statement which took that for granted would
 * fail in each scope that is new, and leave an error in the logs.
 * @internal
 */
export function isKnown({ series }: LateRequest, key: string): boolean {
    return all.get(series.dataSource)?.has(idOf(series.name, key)) ?? false
}

/** @internal Called when numbers were committed. */
export function noteKnown(requests: readonly LateRequest[]): void {
    for (const { series, group } of requests) {
        let known = all.get(series.dataSource)
        if (group === undefined) continue
        if (!known || known.size >= MOST) all.set(series.dataSource, (known = new Set()))
        known.add(idOf(series.name, group))
    }
}

/** @internal Called where a counter may be gone. */
export function forgetKnown(dataSource: DataSource): void {
    all.delete(dataSource)
}

function idOf(series: string, key: string): string {
    return `${series.length} ${series} ${key}`
}
