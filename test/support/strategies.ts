import type { AutoSequenceColumnOptions, Strategy } from "../../src"
import type { Kind } from "./test-database"

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
}

/** A way in which numbers are made. */
export interface Way {
    readonly options: Pick<AutoSequenceColumnOptions, "strategy" | "gapless">
    /** Whether a transaction that is rolled back gives its numbers back. */
    readonly isGapless: boolean
    /** Whether the number of a deleted last row is given again. */
    readonly isReusing: boolean
}

export const WAYS: Record<string, Way> = {
    "table-lock": { options: { strategy: "table-lock" }, isGapless: true, isReusing: true },
    counter: { options: { strategy: "counter" }, isGapless: true, isReusing: false },
    "counter, gapless: false": {
        options: { strategy: "counter", gapless: false },
        isGapless: false,
        isReusing: false,
    },
}
