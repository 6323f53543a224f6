import type { DataSource, EntityManager } from "typeorm"

/** How a database names the session of a connection, and tells which sessions wait for a lock. */
interface Sessions {
    readonly current: string
    waiting(observer: DataSource): Promise<string[]>
}

const POSTGRES: Sessions = {
    current: "pg_backend_pid()",
    async waiting(observer) {
        const rows = await observer.query<{ session: number }[]>(
            "SELECT pid AS session FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        )
        return rows.map(({ session }) => String(session))
    },
}

const MARIADB: Sessions = {
    current: "CONNECTION_ID()",
    // INNODB_TRX shows a state of some time ago when it is read often.
    async waiting(observer) {
        const [row] = await observer.query<{ Status: string }[]>("SHOW ENGINE INNODB STATUS")
        const transactions = row?.Status.split(/^---TRANSACTION /m).slice(1) ?? []
        return transactions
            .filter((text) => /^LOCK WAIT /m.test(text))
            .flatMap((text) => /^MariaDB thread id (\d+)/m.exec(text)?.[1] ?? [])
    },
}

function sessionsOf({ options }: DataSource): Sessions {
    return options.type === "mariadb" ? MARIADB : POSTGRES
}

/** The sessions that wait for a lock. */
export async function waitingSessions(observer: DataSource): Promise<string[]> {
    return sessionsOf(observer).waiting(observer)
}

/** What the database calls the connection of this transaction. */
export async function sessionOf(manager: EntityManager): Promise<string> {
    const { dataSource, connection } = manager as unknown as Record<string, DataSource | undefined>
    const { current } = sessionsOf((dataSource ?? connection) as DataSource)
    const [row] = await manager.query<{ session: number | string }[]>(
        `SELECT ${current} AS session`,
    )
    return String(row?.session)
}

/** Resolves when all of these sessions wait for locks. */
export async function waitForLocks(observer: DataSource, ...sessions: string[]): Promise<void> {
    for (;;) {
        const waiting = await waitingSessions(observer)
        if (sessions.every((session) => waiting.includes(session))) return
    }
}

/** Resolves when PostgreSQL has ended all that this application has begun. */
export async function waitForEnd(observer: DataSource, applicationName: string): Promise<void> {
    const sql = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1"
    while ((await observer.query<unknown[]>(sql, [applicationName])).length > 0);
}

/** Whether the session has to wait for a lock before the work is done. */
export async function mustWait(
    observer: DataSource,
    session: string,
    work: Promise<unknown>,
): Promise<boolean> {
    let isDone = false
    const done = () => {
        isDone = true
    }
    void work.then(done, done)
    for (;;) {
        const waiting = await waitingSessions(observer)
        if (isDone) return false
        if (waiting.includes(session)) return true
    }
}

/** A promise and its `resolve`. */
export class Signal {
    readonly promise: Promise<void>
    send!: () => void

    constructor() {
        this.promise = new Promise((resolve) => (this.send = resolve))
    }
}
