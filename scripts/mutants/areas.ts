/** Tests of one run of mocha; `grep` as mocha takes it. */
export interface Tests {
    readonly path: string
    readonly grep?: string
}

const behaviourOf = (way: string): Tests => ({
    path: "test/behaviour",
    grep: `: ${way} on PostgreSQL`,
})

/** The tests that are about a file more than others are: of the first of these that its path begins with. */
const AREAS: readonly (readonly [path: string, ...Tests[]])[] = [
    ["src/inserts/retry/", { path: "test/transaction-with-retry.test.ts" }],
    ["src/inserts/sql/find-update", { path: "test/drafts" }, { path: "test/periods" }],
    ["src/inserts/sql/update", { path: "test/drafts" }, { path: "test/periods" }],
    ["src/numbers/commit/", { path: "test/commit" }, { path: "test/strategies/later" }],
    [
        "src/numbers/counters/",
        { path: "test/behaviour" },
        { path: "test/strategies/counter" },
        { path: "test/column-options/first-numbers.test.ts" },
    ],
    ["src/numbers/deletions/", { path: "test/column-options" }, { path: "test/journal" }],
    ["src/numbers/documents/", { path: "test/documents" }],
    ["src/numbers/journal/", { path: "test/journal" }],
    ["src/numbers/first-number", { path: "test/column-options" }],
    ["src/numbers/leases/", { path: "test/strategies/leases" }, { path: "test/signals" }],
    ["src/numbers/periods/", { path: "test/periods" }, { path: "test/column-options" }],
    ["src/numbers/stored-numbers", { path: "test/strategies/counter/upsert.test.ts" }],
    ["src/numbers/table-lock/", { path: "test/strategies/table-lock" }],
    ["src/numbers/trigger/", behaviourOf("trigger"), { path: "test/strategies/trigger" }],
    ["src/numbers/updates/asked/", { path: "test/series-of" }, { path: "test/drafts" }],
    ["src/numbers/updates/", { path: "test/drafts" }, { path: "test/periods" }],
    ["src/numbers/when/", { path: "test/drafts" }, { path: "test/strategies/later" }],
    [
        "src/numbers/upserts/",
        { path: "test/strategies/counter/upsert.test.ts" },
        { path: "test/column-options/primary-keys.test.ts" },
        { path: "test/periods/rows.test.ts" },
    ],
    ["", { path: "test/behaviour" }, { path: "test/journal" }, { path: "test/pseudo-keys" }],
]
/** What only one strategy has, and that one not on SQLite. */
const NOT_ON_SQLITE = "src/numbers/trigger/"
/** The other ways are tried on SQLite. */
const MAIN_WAYS = "^(?!.*: (table-lock|counter, gapless: false) on ).*"
const ON_SQLITE = "on better-sqlite3"
const PROGRAMS = "test/random/programs.test.ts"
const BEHAVIOUR = "test/behaviour"

/**
 * What a mutant of this file is run against, in this order, until one fails: first what is quick and likely to notice
 * it. `isQuick` leaves it at that.
 */
export function testsFor(path: string, isQuick: boolean): readonly Tests[] {
    const [, ...own] = AREAS.find(([start]) => path.startsWith(start)) ?? [""]
    const isOnSqlite = !path.startsWith(NOT_ON_SQLITE)
    const [first] = own
    const quick = [
        { path: PROGRAMS, grep: isOnSqlite ? "on (better-sqlite3|PostgreSQL)" : "trigger on " },
        ...(first ? [isOnSqlite ? { ...first, grep: ON_SQLITE } : first] : []),
    ]
    if (isQuick) return quick
    return [
        ...quick,
        ...own.filter((one) => one.path !== BEHAVIOUR),
        ...(isOnSqlite && first?.path !== BEHAVIOUR ? [{ path: BEHAVIOUR, grep: ON_SQLITE }] : []),
        { path: PROGRAMS, grep: "on MariaDB" },
        { path: BEHAVIOUR, grep: `${MAIN_WAYS} on PostgreSQL` },
        { path: BEHAVIOUR, grep: `${MAIN_WAYS} on MariaDB` },
    ]
}

export function nameOf({ path, grep }: Tests): string {
    return grep === undefined ? path : `${path} --grep "${grep}"`
}
