import type { Capabilities, TestDatabase } from "../support/test-database"
import { WAYS } from "../support/strategies"
import type { WayName } from "./entities"

const NAMES: readonly string[] = ["PostgreSQL (server of the machine)", "MariaDB", "better-sqlite3"]

/** One of each database is enough: others speak as these do. */
export function isTested({ name }: TestDatabase): boolean {
    return NAMES.includes(name)
}

/** Where numbers are made in this way. */
export function worksIn(way: WayName): (can: Capabilities) => boolean {
    const { strategy } = WAYS[way].options
    return ({ tableLock, bigints }) =>
        strategy === "table-lock" ? tableLock : strategy !== "trigger" || bigints
}
