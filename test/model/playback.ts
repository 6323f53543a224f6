import { Connection, newState, type State } from "./database"
import { advance, type Setup } from "./explore"

/** What comes of an operation, as far as it goes. */
export type Went = "done" | "waits"

/** Goes through one order of operations, to be compared with what a real database does in it. */
export class Playback {
    private current: State

    constructor(private readonly setup: Setup) {
        this.current = newState(
            setup.writers.map(() => 1),
            { kills: 0, tables: setup.tables },
        )
    }

    get state(): State {
        return this.current
    }

    isOver(writer: number): boolean {
        return this.current.writers[writer]?.status === "ended"
    }

    /** Begins the next operation of a writer, or goes on with the one that has waited. */
    go(writer: number): Went {
        const operation = this.operationOf(writer)
        while (this.operationOf(writer) === operation && !this.isOver(writer)) {
            const next = advance(this.setup, this.current, writer, 0)
            if (!next) throw new Error(`Writer ${writer} has nothing to do.`)
            if ("waitsFor" in next) return "waits"
            this.current = next.after
        }
        return "done"
    }

    /** Rolls a writer back, as a database does that finds a deadlock. */
    lose(writer: number): void {
        new Connection(this.setup.server, this.current, writer, 0).rollBack()
    }

    private operationOf(writer: number): number | undefined {
        return this.current.writers[writer]?.threads[0]?.operation
    }
}

/** Every order in which the operations of two writers can be begun. */
export function ordersOf(first: number, second: number): number[][] {
    if (first === 0 || second === 0)
        return [[...Array<number>(first).fill(0), ...Array<number>(second).fill(1)]]
    return [
        ...ordersOf(first - 1, second).map((rest) => [0, ...rest]),
        ...ordersOf(first, second - 1).map((rest) => [1, ...rest]),
    ]
}
