import type { EntityMetadata } from "typeorm"
import { UnsupportedError } from "../../errors"
import { seriesOf } from "../../series/resolve-series"
import { hasCounters } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"

/** More than any function reads; it ends those that follow a row to its parents without end. */
const MOST_READS = 1000

/**
 * The scope of a key that is made of numbers of its row: theirs, as rows of two scopes have the same
 * numbers. None where `derive` reads that scope as well, so that keys of two scopes differ.
 * @internal
 */
export function scopeOfNumbers(
    metadata: EntityMetadata,
    key: ColumnMetadata,
    derive: ((row: object) => unknown) | undefined,
): readonly string[] {
    const scoped = seriesOf(metadata).filter(({ scope }) => scope.length > 0)
    if (!derive || scoped.length === 0) return []
    const isRead = readsBy(metadata, key, derive)
    const scope = scoped
        .filter(({ column }) => isRead(column.propertyPath))
        .flatMap((series) => series.scope)
    const isTold = scope.every(
        ({ path, columns }) =>
            isRead(path) ||
            columns.every(
                ({ propertyPath, relationMetadata: relation }) =>
                    isRead(propertyPath) || (relation && isRead(relation.propertyPath)),
            ),
    )
    return isTold ? [] : [...new Set(scope.map(({ path }) => path))]
}

/**
 * Refuses a key that is made of a number which the database gives within COMMIT: nothing is left behind it that could
 * make the key.
 * @internal
 */
export function refuseUnseenNumbers(
    metadata: EntityMetadata,
    key: ColumnMetadata,
    derive: ((row: object) => unknown) | undefined,
): void {
    const unseen = seriesOf(metadata)
        .filter(({ strategy, assignsAtCommit }) => strategy === "trigger" && assignsAtCommit)
        .map(({ column }) => column)
    const found = findRead(metadata, key, derive, unseen)
    if (found)
        throw new UnsupportedError(
            `derive of ${metadata.name}.${key.propertyPath} reads ${found.propertyPath}, which a trigger makes at COMMIT, ` +
                'when no key can be made any more. Use strategy "counter", or assign: "insert".',
        )
}

/**
 * Refuses a key that stays reserved when its row is deleted, and is made of a number that is given again then: the
 * scope could get no more rows.
 * @internal
 */
export function refuseReusedNumbers(
    metadata: EntityMetadata,
    key: ColumnMetadata,
    derive: ((row: object) => unknown) | undefined,
): void {
    const reused = seriesOf(metadata)
        .filter((series) => !hasCounters(series) && series.deletable !== false)
        .flatMap(({ column, documents }) => [column, ...documents.map((one) => one.column)])
    const found = findRead(metadata, key, derive, reused)
    if (found)
        throw new UnsupportedError(
            `${metadata.name}.${key.propertyPath} has history: "forever", and derive reads ${found.propertyPath}: strategy ` +
                '"table-lock" gives the number of a deleted last row again, and the key of that row stays reserved. Use ' +
                'strategy "counter", history: true, or deletable: false.',
        )
}

/** The first of these columns that `derive` reads. */
function findRead(
    metadata: EntityMetadata,
    key: ColumnMetadata,
    derive: ((row: object) => unknown) | undefined,
    columns: readonly ColumnMetadata[],
): ColumnMetadata | undefined {
    if (!derive || columns.length === 0) return undefined
    const isRead = readsBy(metadata, key, derive)
    return columns.find(({ propertyPath }) => isRead(propertyPath))
}

/** @internal Whether `derive` reads a property of the row. */
export function readsBy(
    metadata: EntityMetadata,
    { embeddedMetadata: embedded }: ColumnMetadata,
    derive: (row: object) => unknown,
): (path: string) => boolean {
    const within = embedded ? `${embedded.propertyPath}.` : ""
    const read = readsOf(derive, embedded?.type ?? metadata.target)
    return (path) => path.startsWith(within) && read.has(path.slice(within.length))
}

/**
 * The paths that a function reads of a row, told by calling it with one that has everything: each
 * property leads to another such thing, which can be called, and is a number and a text.
 */
function readsOf(derive: (row: object) => unknown, target: unknown): ReadonlySet<string> {
    const read = new Set<string>()
    const own = typeof target === "function" ? (target.prototype as object | undefined) : undefined
    let reads = 0
    const thing = (before: string): object =>
        new Proxy(() => undefined, {
            get(_, name, row): unknown {
                if (name === Symbol.toPrimitive) return () => 1
                if (name === Symbol.iterator) return () => [thing(before)].values()
                if (typeof name === "symbol") return undefined
                if (++reads > MOST_READS) throw new RangeError("derive reads without end")
                // Methods of the entity read the row as well.
                if (before === "" && own && name in own) return Reflect.get(own, name, row)
                read.add(before + name)
                return thing(`${before}${name}.`)
            },
            apply: () => thing(before),
        })
    try {
        derive(thing(""))
    } catch {
        // Until then it has read what it has read.
    }
    return read
}
