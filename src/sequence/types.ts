import type { DataSource, EntityManager } from "typeorm"

/** The JavaScript type of the numbers of a {@link Sequence}, by its option `type`. */
export interface SequenceNumbers {
    number: number
    bigint: bigint
}

/** The option `type` of a {@link Sequence}. */
export type SequenceType = keyof SequenceNumbers

/** The data source or manager that a {@link Sequence} uses. */
export type SequenceTarget = DataSource | EntityManager

/** A value in the scope of a {@link Sequence}. */
export type SequenceScopeValue = string | number | bigint | boolean | Date | null

/** The scope of a {@link Sequence}: values, or values with names. */
export type SequenceScope =
    readonly SequenceScopeValue[] | { readonly [name: string]: SequenceScopeValue }

/** Options of a {@link Sequence}. */
export interface SequenceOptions<Type extends SequenceType = "number"> {
    /**
     * The first number, an integer from 1. A sequence that is below it continues here.
     *
     * Default: `1`.
     */
    startAt?: number | bigint

    /**
     * The step between numbers, an integer from 1.
     *
     * Default: `1`.
     */
    incrementBy?: number | bigint

    /**
     * The upper limit, which is never returned: on reaching or passing it, the sequence restarts at
     * `startAt`, so `{ resetAt: 4 }` gives 1, 2, 3, 1, 2, 3 …
     *
     * Default: none. The sequence only rises.
     */
    resetAt?: number | bigint

    /**
     * Each scope is counted separately. In an object the order of the keys doesn't matter. Values
     * are compared as strings, so `1`, `"1"` and `1n` are one scope; `null` is not `"null"`.
     *
     * If the name of the sequence is the series of an `@AutoSequenceColumn`, the scope is an object
     * with the names of its `uniqueWith`, or for a single column a list. {@link seriesOf} doesn't
     * need that name.
     *
     * Default: none. There is one scope.
     */
    scope?: SequenceScope

    /**
     * `"bigint"` makes the numbers bigints, up to 2^63 - 1; `"number"` ends at 2^53 - 1.
     *
     * Default: `"number"`.
     */
    type?: Type

    /**
     * The data source to use if a call names none.
     *
     * Default: none. Each call names it.
     */
    dataSource?: DataSource
}

/** Options of {@link Sequence.next} and {@link Sequence.nextMany}. */
export interface NextOptions {
    /**
     * Throw {@link CounterLockedError} if another transaction holds the counter, instead of waiting
     * until it ends. Your own transaction continues. MySQL waits for a second, MariaDB and the
     * others don't.
     *
     * Default: `false`.
     */
    nowait?: boolean
}
