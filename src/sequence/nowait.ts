import { select, type Sender } from "../typeorm/statement"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { type DriverError, driverErrorOf } from "../dialects/driver-error"
import { CounterLockedError } from "../errors"
import { dataSourceOf } from "../typeorm/compat"
import { show } from "../declared/show"
import type { Rule } from "./rule"

// Named as TypeORM names its own: what is rolled back to it is known.
const SAVEPOINT = "typeorm_autosequence"

/**
 * Runs statements that fail where they would have to wait for a lock, in a way that leaves the
 * transaction of the caller usable. What others sent behind the savepoint would be rolled back with it,
 * so they are kept from it: the runner is one that nobody else uses meanwhile.
 * @internal
 */
export async function withoutWaiting<T>(
    runner: Sender,
    rule: Rule,
    work: () => Promise<T>,
): Promise<T> {
    const dataSource = dataSourceOf(runner)
    const { counter, isLocked } = dialectOf(dataSource) as Dialect
    const { read, set, none, isOfTransaction } = counter.lockWait
    const send = async (value: string) => {
        const { sql, parameters } = set(value)
        await runner.query(sql, parameters)
    }
    if (isOfTransaction) await runner.query(`SAVEPOINT ${SAVEPOINT}`)
    const [before] = await select<{ value: string | number }>(runner, read)
    await send(none(dataSource))
    let result: T
    try {
        result = await work()
    } catch (error) {
        // The first error is the one to know. Rolling back sets it back as well.
        if (isOfTransaction)
            await runner.query(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`).catch(() => {})
        else await send(String(before?.value)).catch(() => {})
        if (!isLocked(driverErrorOf(error) ?? (error as DriverError))) throw error
        throw new CounterLockedError(
            `The counter of sequence ${show(rule.name)} is held by another transaction. Try again ` +
                "later, or wait for it: leave out nowait.",
            { cause: error },
        )
    }
    await send(String(before?.value))
    if (isOfTransaction) await runner.query(`RELEASE SAVEPOINT ${SAVEPOINT}`)
    return result
}
