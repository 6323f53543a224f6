import type { DataSource, EntityManager } from "typeorm"

/** What the numbers of a {@link Sequence} are in JavaScript, by its option `type`. */
export interface SequenceNumbers {
    number: number
    bigint: bigint
}

/** The option `type` of a {@link Sequence}. */
export type SequenceType = keyof SequenceNumbers

/** What a {@link Sequence} works on. */
export type SequenceTarget = DataSource | EntityManager

/** A value in the scope of a {@link Sequence}. */
export type SequenceScopeValue = string | number | bigint | boolean | Date | null

/** The scope of a {@link Sequence}: values, or values with names. */
export type SequenceScope =
    readonly SequenceScopeValue[] | { readonly [name: string]: SequenceScopeValue }

/** What a {@link Sequence} is created with. */
export interface SequenceOptions<Type extends SequenceType = "number"> {
    /**
     * The first number, an integer from 1. A sequence that is below it goes on here.
     *
     * Default is `1`.
     */
    startAt?: number | bigint

    /**
     * The step between numbers, an integer from 1.
     *
     * Default is `1`.
     */
    incrementBy?: number | bigint

    /**
     * The number that is never given: on reaching or passing it the sequence goes back to
     * `startAt`, so `{ resetAt: 4 }` gives 1, 2, 3, 1, 2, 3 …
     *
     * Default is none: the sequence only rises.
     */
    resetAt?: number | bigint

    /**
     * Each scope counts on its own. In an object the order of the keys doesn't matter. Values are
     * told apart by their text, so that `1`, `"1"` and `1n` are one scope; `null` is not `"null"`.
     *
     * A sequence whose name is the series of an `@AutoSequenceColumn` takes an object, with the names
     * of its `uniqueWith`, and for one column a list as well; {@link seriesOf} needs no such name.
     *
     * Default is none: one scope.
     */
    scope?: SequenceScope

    /**
     * `"bigint"` makes the numbers bigints, up to 2^63 - 1; a `"number"` ends at 2^53 - 1.
     *
     * Default is `"number"`.
     */
    type?: Type

    /**
     * What to work on where a call names nothing.
     *
     * Default is none: each call names it.
     */
    dataSource?: DataSource
}

/** What {@link Sequence.next} and {@link Sequence.nextMany} take. */
export interface NextOptions {
    /**
     * Throw {@link CounterLockedError} where another transaction holds the counter, rather than
     * wait for its end. The caller's own transaction goes on. MySQL waits for a second, MariaDB and
     * the others don't.
     *
     * Default is `false`.
     */
    nowait?: boolean
}
