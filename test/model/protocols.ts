import type { Connection, Outcome, Server } from "./database"
import { type Operation, scopesOf } from "./operations"

/** What the database does without anybody else's doing between. */
export interface Step {
    readonly text: string
    run(connection: Connection): Outcome
}

/** What is sent at once. A connection works at one at a time; it is undone whole where it fails. */
export type Statement = readonly Step[]

/** What is sent for an operation. */
export interface Sent {
    readonly statements: readonly Statement[]
    /** What is sent where one of them has failed and the transaction goes on. */
    readonly settling?: readonly Statement[]
}

/** How numbers are made. */
export interface Protocol {
    insert(operation: Extract<Operation, { does: "insert" }>): Sent
    /** What is sent before COMMIT. */
    readonly beforeCommit?: readonly Statement[]
    /** Whether a connection is one operation's until it has settled, or only for each statement. */
    readonly isInTurns: boolean
}

export function step(text: string, run: (connection: Connection) => Outcome): Step {
    return { text, run }
}

/** Neither waits nor fails. */
export function always(text: string, run: (connection: Connection) => void): Step {
    const done = (connection: Connection) => {
        run(connection)
        return undefined
    }
    return step(text, done)
}

export const failing = (fails: boolean): Step[] =>
    fails ? [step("breaks a constraint", () => ({ fails: "constraint" }))] : []

const lock = (scope: string): Step =>
    step(`locks the counter of ${scope}`, (connection) => connection.lockCounter(scope))

export function move(
    scope: string,
    by: number,
    set: "setCounter" | "setAlone" = "setCounter",
): Step {
    return always(`moves it by ${by}`, (connection) => {
        const before = connection.counterOf(scope)
        connection.memory[`${scope} next`] = before + 1
        connection.memory[`${scope} after`] = before + by
        connection[set](scope, before + by)
    })
}

export const insertNext = (scope: string): Step =>
    step(`inserts the next row of ${scope}`, (connection) => {
        const number = connection.memory[`${scope} next`] ?? 0
        const outcome = connection.insert(scope, number)
        if (!outcome) connection.memory[`${scope} next`] = number + 1
        return outcome
    })

/** Locks them in sorted order, whatever order they come in. */
export function moveAll(scopes: string): Statement {
    return scopesOf(scopes).flatMap((scope) => {
        const rows = [...scopes].filter((one) => one === scope)
        return [lock(scope), move(scope, rows.length)]
    })
}

/** To the last number that a row has. */
const setBack = (scope: string): Statement => [
    always(`sets the counter of ${scope} back`, (connection) => {
        const { memory } = connection
        const next = memory[`${scope} next`]
        if (next !== undefined && connection.counterOf(scope) === memory[`${scope} after`])
            connection.setCounter(scope, next - 1)
    }),
]

/** Counters are moved by the INSERT of a row on PostgreSQL, and else by a statement before it. */
export function counter(server: Server): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const rows = [...[...scopes].map(insertNext), ...failing(fails)]
            if (server.name === "postgres" && scopes.length === 1)
                return { statements: [[...moveAll(scopes), ...rows]] }
            return {
                statements: [moveAll(scopes), rows],
                settling: scopesOf(scopes).map(setBack),
            }
        },
    }
}

/** As where TypeORM sends an INSERT for each row of a call: their numbers are taken ahead. */
export function counterAhead(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const rows = [...scopes].map((scope, at) => [
                insertNext(scope),
                ...failing(fails && at === scopes.length - 1),
            ])
            return {
                statements: [moveAll(scopes), ...rows],
                settling: scopesOf(scopes).map(setBack),
            }
        },
    }
}

/** The database moves the counter of each row as it comes, so in the order of the rows. */
export function trigger(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const rows = [...scopes].flatMap((scope) => [
                lock(scope),
                move(scope, 1),
                insertNext(scope),
            ])
            return { statements: [[...rows, ...failing(fails)]] }
        },
    }
}

/** As the last thing before COMMIT, in sorted order. */
export function atCommit(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const rows = [...scopes].map((scope) =>
                step(`inserts a row of ${scope} that waits`, (connection) =>
                    connection.insert(scope, null),
                ),
            )
            return { statements: [[...rows, ...failing(fails)]] }
        },
        beforeCommit: [numberWaiting((scopes) => [...scopes].sort())],
    }
}

/** Of at most two scopes. */
export function numberWaiting(
    inOrder: (scopes: readonly string[]) => readonly string[],
): Statement {
    const firstOf = (connection: Connection) => {
        const waiting = Object.values(connection.writer.rows).filter(
            ({ number, isDeleted }) => number === null && !isDeleted,
        )
        return inOrder([...new Set(waiting.map(({ scope }) => scope))])[0]
    }
    const lockFirst = step("locks the counter of rows that wait", (connection) => {
        const scope = firstOf(connection)
        return scope === undefined ? undefined : connection.lockCounter(scope)
    })
    const numberFirst = step("numbers them", (connection) => {
        const scope = firstOf(connection)
        if (scope === undefined) return undefined
        for (const [id, row] of Object.entries(connection.writer.rows)) {
            if (row.scope !== scope || row.number !== null || row.isDeleted) continue
            const number = connection.counterOf(scope) + 1
            connection.setCounter(scope, number)
            const outcome = connection.write(id, { ...row, number })
            if (outcome) return outcome
        }
        return undefined
    })
    // Those of the first scope have their numbers when the second one's turn comes.
    return [lockFirst, numberFirst, lockFirst, numberFirst]
}
