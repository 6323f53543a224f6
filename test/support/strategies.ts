import {
    type AutoSequenceColumnOptions,
    ReadOnlyNumberError,
    type Strategy,
    UnknownScopeError,
} from "../../src"
import type { Capabilities, Kind } from "./test-database"

/** Where a strategy works, or what the error says that refuses it. */
export const SUPPORTED: Record<Strategy, Record<Kind, true | string>> = {
    "table-lock": {
        postgres: true,
        pglite: true,
        mariadb: 'Strategy "counter" works there',
        "better-sqlite3": true,
        sqljs: true,
    },
    counter: {
        postgres: true,
        pglite: true,
        mariadb: true,
        "better-sqlite3": true,
        sqljs: true,
    },
    trigger: {
        postgres: true,
        pglite: true,
        mariadb: true,
        "better-sqlite3": 'Strategy "counter" works there',
        sqljs: 'Strategy "counter" works there',
    },
}

/** The same, asked of what a database can do: its kind is not known before the tests run. */
export function worksOn(strategy: Strategy = "table-lock"): (can: Capabilities) => boolean {
    return ({ tableLock, bigints }) => {
        if (strategy === "counter") return true
        // SQLite alone has no bigints, and no triggers that change a new row.
        return strategy === "table-lock" ? tableLock : bigints
    }
}

/** The strategies that keep the last numbers in the counter table. */
export const COUNTING = ["counter", "trigger"] as const
export type Counting = (typeof COUNTING)[number]

/**
 * A way in which numbers are made. Its properties are all that differs from one way to another, as
 * far as a single program can see; where one is false, the tests say what holds instead.
 */
export interface Way {
    readonly options: Pick<AutoSequenceColumnOptions, "strategy" | "gapless">

    /** Whether a transaction that is rolled back gives its numbers back. */
    readonly isGapless: boolean

    /** Whether the number of a deleted last row is given again. */
    readonly isReusing: boolean

    /**
     * Whether an insert is refused where there is no transaction; otherwise it is numbered, by
     * `insert()` and the query builder as well.
     */
    readonly needsTransaction: boolean

    /**
     * Whether rows get their numbers before the INSERT, so that those have them, too, which are not
     * read back (`{ reload: false }`). Otherwise the INSERT brings them, in the one statement.
     */
    readonly isBeforeInsert: boolean

    /** Whether an explicit number moves a counter, and needs a transaction for that. */
    readonly movesCounter: boolean

    /** Whether an upsert of several rows is refused that would leave a gap in its order. */
    readonly refusesMixedUpserts: boolean

    /** How a parent and its children are refused that one save would insert in the wrong order. */
    readonly treeRefusal: typeof UnknownScopeError | typeof ReadOnlyNumberError

    /** Whether there can be rows without a number, `{ nullable: true }`. */
    readonly hasDrafts: boolean

    /**
     * Whether a number that is too large is refused before the database hears of it. Otherwise the
     * INSERT fails, and PostgreSQL ends the transaction.
     */
    readonly refusesOverflowFirst: boolean

    /**
     * Whether rows are numbered that raw SQL inserts, and those that it updates keep their numbers
     * and scopes: the database refuses other UPDATEs. Otherwise a row without a number violates NOT
     * NULL, and only UPDATEs by TypeORM are refused.
     */
    readonly isInDatabase: boolean

    /**
     * Whether the scopes of one save are locked in the same order by everybody. Otherwise in the
     * order of the rows: two saves in opposite orders may be a deadlock, to be repeated.
     */
    readonly locksInOrder: boolean
}

const BY_LIBRARY = {
    needsTransaction: true,
    isBeforeInsert: true,
    movesCounter: false,
    refusesMixedUpserts: true,
    treeRefusal: UnknownScopeError,
    hasDrafts: true,
    refusesOverflowFirst: true,
    isInDatabase: false,
    locksInOrder: true,
} as const

const BY_DATABASE = {
    needsTransaction: false,
    isBeforeInsert: false,
    movesCounter: false,
    refusesMixedUpserts: false,
    treeRefusal: ReadOnlyNumberError,
    hasDrafts: false,
    refusesOverflowFirst: false,
    isInDatabase: true,
    locksInOrder: false,
} as const

export const WAYS: Record<Strategy | "counter, gapless: false", Way> = {
    "table-lock": {
        ...BY_LIBRARY,
        options: { strategy: "table-lock" },
        isGapless: true,
        isReusing: true,
    },
    counter: {
        ...BY_LIBRARY,
        options: { strategy: "counter" },
        movesCounter: true,
        isGapless: true,
        isReusing: false,
    },
    "counter, gapless: false": {
        ...BY_LIBRARY,
        options: { strategy: "counter", gapless: false },
        isGapless: false,
        isReusing: false,
        needsTransaction: false,
        refusesMixedUpserts: false,
    },
    trigger: {
        ...BY_DATABASE,
        options: { strategy: "trigger" },
        isGapless: true,
        isReusing: false,
    },
}
