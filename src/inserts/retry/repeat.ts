import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import { driverErrorOf } from "../../dialects/driver-error"
import { codeOf, tellRetry } from "../../signals/channels"

/** @internal Nodes of a cluster that write to one counter refuse each other more often than not. */
export const ATTEMPTS_IN_CLUSTERS = 20

/**
 * Repeats what a deadlock or the like has ended, for work that is all of its transaction. The first writers of a
 * counter that wait for one who is rolled back are such a case on MySQL.
 * @internal
 */
export async function repeat<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1)
        try {
            return await work()
        } catch (error) {
            const cause = driverErrorOf(error)
            const isTransient = cause && dialectOf(dataSource)?.isTransient(cause)
            if (attempt === ATTEMPTS_IN_CLUSTERS || isTransient !== true) throw error
            const code = codeOf(cause)
            tellRetry({ dataSource, attempt, attempts: ATTEMPTS_IN_CLUSTERS, delayMs: 0, code })
        }
}
