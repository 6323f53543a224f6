import type { Server } from "./database"
import { scopesOf } from "./operations"
import {
    always,
    atCommit,
    counter,
    counterAhead,
    failing,
    insertNext,
    move,
    moveAll,
    numberWaiting,
    type Protocol,
} from "./protocols"

/** What people write first. */
export function maxPlusOne(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const read = scopesOf(scopes).map((scope) =>
                always(`looks for the highest number of ${scope}`, (connection) => {
                    connection.memory[`${scope} next`] = connection.lastNumber(scope) + 1
                }),
            )
            return { statements: [read, [...[...scopes].map(insertNext), ...failing(fails)]] }
        },
    }
}

/** As a sequence of the database is, or a counter with a connection of its own. */
export function counterThatStays(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const moves = scopesOf(scopes).map((scope) => move(scope, scopes.length, "setAlone"))
            return { statements: [moves, [...[...scopes].map(insertNext), ...failing(fails)]] }
        },
    }
}

/** Read by one statement and written by the next, without FOR UPDATE. */
export function counterThatIsNotLocked(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const read = scopesOf(scopes).map((scope) =>
                always(`reads the counter of ${scope}`, (connection) => {
                    connection.memory[`${scope} next`] = connection.counterOf(scope) + 1
                }),
            )
            const write = scopesOf(scopes).map((scope) =>
                always(`writes the counter of ${scope}`, (connection) => {
                    const rows = [...scopes].filter((one) => one === scope)
                    const next = connection.memory[`${scope} next`] ?? 0
                    connection.setCounter(scope, next - 1 + rows.length)
                }),
            )
            return {
                statements: [read, write, [...[...scopes].map(insertNext), ...failing(fails)]],
            }
        },
    }
}

/** As where the number is made when the row is announced, and the INSERT fails. */
export function counterThatIsNotSetBack(server: Server): Protocol {
    const right = counter(server)
    return { ...right, insert: (operation) => ({ statements: right.insert(operation).statements }) }
}

/** To where it was before the call, though rows of it are stored. */
export function counterThatIsSetBackTooFar(): Protocol {
    const right = counterAhead()
    return {
        ...right,
        insert: (operation) => ({
            ...right.insert(operation),
            settling: scopesOf(operation.scopes).map((scope) => [
                always(`sets the counter of ${scope} back`, (connection) => {
                    const after = connection.memory[`${scope} after`]
                    if (after === undefined) return
                    const rows = [...operation.scopes].filter((one) => one === scope)
                    connection.setCounter(scope, after - rows.length)
                }),
            ]),
        }),
    }
}

/** Other calls on the connection may come between a statement that fails and what settles it. */
export function counterWithoutTurns(server: Server): Protocol {
    return { ...counter(server), isInTurns: false }
}

/** In the order of the rows. */
export function unsortedAtCommit(): Protocol {
    return { ...atCommit(), beforeCommit: [numberWaiting((scopes) => scopes)] }
}

/** The counters of a call are moved in the order of its rows. */
export function unsortedCounter(): Protocol {
    return {
        isInTurns: true,
        insert({ scopes, fails }) {
            const moves = [...new Set(scopes)].flatMap((scope) =>
                moveAll([...scopes].filter((one) => one === scope).join("")),
            )
            return { statements: [moves, [...[...scopes].map(insertNext), ...failing(fails)]] }
        },
    }
}
