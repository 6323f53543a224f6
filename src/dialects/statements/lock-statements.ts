import type { DataSource } from "typeorm"
import type { Statement } from "../../typeorm/statement"
import type { CounterTable } from "./counter-statements"

/** @internal A session that waits for a counter, and the one that holds it. */
export interface CounterLockRow {
    /** NULL where the database does not say it in columns; then it does in `place`. */
    readonly series: string | null
    readonly scope: string | null
    /** The values of the primary key, as the database writes them. */
    readonly place: string | null
    readonly holder: string
    /** ISO text in UTC. */
    readonly since: string | null
    readonly user: string | null
    readonly program: string | null
    readonly state: string | null
    /** NULL where nobody waits. */
    readonly waiter: string | null
    readonly waiterSince: string | null
    readonly waiterUser: string | null
    readonly waiterProgram: string | null
}

/** @internal Who holds counters, and who waits for them. */
export interface LockStatements {
    /** Selects {@link CounterLockRow} rows. */
    waiting(table: CounterTable, dataSource: DataSource): Statement
}
