import type { EntityManager } from "typeorm"
import type { Random } from "../random"

/** Settings under which statements of a transaction end in the middle, and those that take them back. */
const SHORT: Readonly<Record<string, readonly (readonly [set: string, reset?: string])[]>> = {
    postgres: [
        ["SET LOCAL statement_timeout = '15ms'"],
        ["SET LOCAL lock_timeout = '5ms'"],
        ["SET LOCAL statement_timeout = '3ms'"],
    ],
    mariadb: [
        ["SET SESSION max_statement_time = 0.015", "SET SESSION max_statement_time = DEFAULT"],
        [
            "SET SESSION innodb_lock_wait_timeout = 0",
            "SET SESSION innodb_lock_wait_timeout = DEFAULT",
        ],
        ["SET SESSION max_statement_time = 0.003", "SET SESSION max_statement_time = DEFAULT"],
    ],
}

/** Does the work, under timeouts that it will run into if they are short. */
export async function withTimeouts(
    database: string,
    manager: EntityManager,
    areShort: boolean,
    random: Random,
    work: () => Promise<void>,
): Promise<void> {
    if (!areShort) return work()
    const [set, reset] = random.pick(SHORT[database] ?? [])
    await manager.query(set)
    // The connection goes back to the pool with what is set for its session.
    const takeBack = () => (reset ? manager.query(reset) : Promise.resolve())
    try {
        await work()
    } catch (error) {
        await takeBack().catch(() => {})
        throw error
    }
    // A node of a cluster may tell here that another one has ended the transaction.
    await takeBack()
}

const LOCK_WAIT_TIMEOUT = 1205
const STATEMENT_TIMEOUT = 1969
const INTERRUPTED = 1317

/** Errors of MariaDB after which the transaction is open and goes on. */
export function tolerates(error: unknown): boolean {
    const { errno } = (error as { driverError?: { errno?: number } }).driverError ?? {}
    return (
        errno !== undefined && [LOCK_WAIT_TIMEOUT, STATEMENT_TIMEOUT, INTERRUPTED].includes(errno)
    )
}
