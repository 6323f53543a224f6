import type { Capabilities, TestDatabase } from "../support/test-database"
import { postgresServers } from "../support/servers"
import { WAYS } from "../support/strategies"
import type { WayName } from "./entities"

const [postgres] = postgresServers.slice(-1)
const NAMES: readonly (string | undefined)[] = [postgres?.name, "MariaDB", "better-sqlite3"]

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
