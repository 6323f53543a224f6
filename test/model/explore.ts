import {
    Connection,
    copyFor,
    newState,
    type Outcome,
    type Server,
    type State,
    type Tables,
} from "./database"
import type { Operation } from "./operations"
import { always, type Protocol, type Sent, type Statement, step } from "./protocols"

/** What is explored: the programs of each writer's threads, which share its connection. */
export interface Setup {
    readonly server: Server
    readonly protocol: Protocol
    readonly writers: readonly (readonly (readonly Operation[])[])[]
    /** How many of them may lose their connections, at any moment. */
    readonly kills?: number
    /** What is there before. */
    readonly tables?: Tables
}

/** What must hold in every state. */
export type Claim = (state: State, isOver: boolean) => string | undefined

export interface Explored {
    readonly states: number
    readonly deadlocks: number
    readonly violation: { readonly claim: string; readonly trace: readonly string[] } | undefined
}

/** Tries every order in which the writers' steps can come. */
export function explore(setup: Setup, claims: readonly Claim[]): Explored {
    const start = newState(
        setup.writers.map((threads) => threads.length),
        { kills: setup.kills ?? 0, tables: setup.tables },
    )
    const traces = new Map<string, { readonly from?: string; readonly text: string }>()
    const queue: [string, State][] = []
    const meet = (state: State, text: string, from?: string) => {
        const key = JSON.stringify(state)
        if (traces.has(key)) return
        traces.set(key, { from, text })
        queue.push([key, state])
    }
    let deadlocks = 0
    let violation: Explored["violation"]
    meet(start, "")
    for (let next = queue.pop(); next; next = queue.pop()) {
        const [key, state] = next
        const found = successors(setup, state)
        deadlocks += found.deadlocks
        for (const { text, after } of found.states) meet(after, text, key)
        const isOver = found.states.length === 0
        const isStuck = isOver && state.writers.some(({ status }) => status !== "ended")
        const broken = isStuck
            ? "nobody can go on"
            : claims.map((claim) => claim(state, isOver)).find((text) => text !== undefined)
        if (broken === undefined) continue
        violation = { claim: broken, trace: traceOf(traces, key) }
        break
    }
    return { states: traces.size, deadlocks, violation }
}

function traceOf(
    traces: ReadonlyMap<string, { readonly from?: string; readonly text: string }>,
    last: string,
): string[] {
    const trace: string[] = []
    for (let key: string | undefined = last; key !== undefined;) {
        const one = traces.get(key)
        if (one?.text) trace.unshift(one.text)
        key = one?.from
    }
    return trace
}

interface Successor {
    readonly text: string
    readonly after: State
}

function successors(
    setup: Setup,
    state: State,
): { readonly states: Successor[]; readonly deadlocks: number } {
    const states: Successor[] = []
    const waits = new Map<number, number>()
    state.writers.forEach((writer, at) => {
        if (writer.status === "ended") return
        writer.threads.forEach((_, thread) => {
            const result = advance(setup, state, at, thread)
            if (result === undefined) return
            if ("waitsFor" in result) waits.set(at, result.waitsFor)
            else states.push(result)
        })
        if (state.kills > 0) {
            const after = copyFor(state, at)
            after.kills -= 1
            new Connection(setup.server, after, at, 0).rollBack()
            states.push({ text: `writer ${at} loses its connection`, after })
        }
    })
    const deadlocked = cycleOf(waits)
    for (const at of deadlocked) {
        const after = copyFor(state, at)
        new Connection(setup.server, after, at, 0).rollBack()
        states.push({ text: `writer ${at} is ended as a deadlock`, after })
    }
    return { states, deadlocks: deadlocked.length > 0 ? 1 : 0 }
}

/** Those who wait for one another. */
function cycleOf(waits: ReadonlyMap<number, number>): number[] {
    for (const start of waits.keys()) {
        const path = [start]
        for (let at = waits.get(start); at !== undefined; at = waits.get(at)) {
            if (at === start) return path
            if (path.includes(at)) break
            path.push(at)
        }
    }
    return []
}

/** The next step of a thread; undefined where it has none, or it is another one's turn. */
export function advance(
    setup: Setup,
    state: State,
    at: number,
    thread: number,
): Successor | { readonly waitsFor: number } | undefined {
    const { turn } = state.writers[at] as State["writers"][number]
    if (turn !== null && turn !== thread) return undefined
    const operation = operationOf(setup, state, at, thread)
    if (!operation) return undefined
    const isEnd = operation.does === "commit" || operation.does === "rollback"
    if (isEnd && hasOthers(setup, state, at, thread)) return undefined
    const after = copyFor(state, at)
    const connection = new Connection(setup.server, after, at, thread)
    const { writer } = connection
    writer.turn = thread
    const run = new Run(setup.protocol, connection, thread, operation)
    const { text } = run
    const outcome = run.step()
    if (outcome && "waitsFor" in outcome) return outcome
    const name = writer.threads.length > 1 ? `writer ${at}.${thread}` : `writer ${at}`
    return { text: `${name} ${text}`, after }
}

function operationOf({ writers }: Setup, state: State, at: number, thread: number) {
    const done = state.writers[at]?.threads[thread]?.operation ?? 0
    return writers[at]?.[thread]?.[done]
}

/** The caller ends the transaction when all that it has begun is done. */
function hasOthers(setup: Setup, state: State, at: number, thread: number): boolean {
    return (setup.writers[at] ?? []).some(
        (_, other) => other !== thread && operationOf(setup, state, at, other) !== undefined,
    )
}

/** What a transaction in which a statement has failed still takes. */
const UNDOES: readonly Operation["does"][] = ["rollback to", "rollback"]

/** One step of an operation of a thread. */
class Run {
    private readonly operation: Operation
    private readonly sent: Sent

    constructor(
        private readonly protocol: Protocol,
        private readonly connection: Connection,
        private readonly thread: number,
        operation: Operation,
    ) {
        // PostgreSQL takes the COMMIT of what has failed for a ROLLBACK.
        const isUndone = connection.writer.status === "failed" && operation.does === "commit"
        this.operation = isUndone ? { does: "rollback" } : operation
        this.sent = sentFor(protocol, this.operation)
    }

    get text(): string {
        const { statement, step } = this.at
        return this.statements[statement]?.[step]?.text ?? ""
    }

    step(): Outcome {
        const { writer } = this.connection
        if (writer.status === "failed" && !UNDOES.includes(this.operation.does)) {
            this.nextOperation()
            return undefined
        }
        const at = this.at
        const statement = this.statements[at.statement] ?? []
        if (at.step === 0) this.connection.beginStatement()
        const outcome = statement[at.step]?.run(this.connection)
        if (outcome && "waitsFor" in outcome) return outcome
        if (outcome) this.fail()
        else if (writer.status !== "ended") this.go(statement)
        return outcome
    }

    private get at() {
        return this.connection.writer.threads[this.thread] as State["writers"][0]["threads"][0]
    }

    private get statements(): readonly Statement[] {
        return this.at.isSettling ? (this.sent.settling ?? []) : this.sent.statements
    }

    private go(statement: Statement): void {
        const { statement: number, step, isSettling, memory } = this.at
        if (step + 1 < statement.length) {
            this.set({ statement: number, step: step + 1, isSettling, memory })
            return
        }
        this.connection.endStatement()
        if (number + 1 >= this.statements.length) {
            this.nextOperation()
            return
        }
        this.set({ statement: number + 1, step: 0, isSettling, memory })
        if (!this.protocol.isInTurns) this.connection.writer.turn = null
    }

    private fail(): void {
        const { connection } = this
        // COMMIT is rolled back whole.
        if (this.operation.does === "commit") {
            connection.rollBack()
            return
        }
        connection.failStatement()
        const isSettled = connection.writer.status === "open" && this.sent.settling !== undefined
        if (!isSettled) {
            this.nextOperation()
            return
        }
        this.set({ statement: 0, step: 0, isSettling: true, memory: this.at.memory })
        if (!this.protocol.isInTurns) connection.writer.turn = null
    }

    private nextOperation(): void {
        const { writer } = this.connection
        this.set({ statement: 0, step: 0, isSettling: false, memory: {} }, 1)
        writer.turn = null
    }

    private set(to: Omit<State["writers"][0]["threads"][0], "operation">, operations = 0): void {
        const { threads } = this.connection.writer
        threads[this.thread] = { ...to, operation: this.at.operation + operations }
    }
}

function sentFor(protocol: Protocol, operation: Operation): Sent {
    const one = (...args: Parameters<typeof always>): Sent => ({
        statements: [[always(...args)]],
    })
    switch (operation.does) {
        case "insert":
            return protocol.insert(operation)
        case "delete":
            return {
                statements: [
                    [
                        always(`looks for the last row of ${operation.scope}`, (connection) => {
                            connection.memory.last = connection.lastNumber(operation.scope)
                        }),
                    ],
                    [
                        step("deletes it", (connection) =>
                            connection.delete(operation.scope, connection.memory.last ?? 0),
                        ),
                    ],
                ],
            }
        case "savepoint":
            return one("begins a savepoint", (connection) => connection.savepoint())
        case "release":
            return one("releases the savepoint", (connection) => connection.release())
        case "rollback to":
            return one("rolls back to the savepoint", (connection) => connection.rollBackTo())
        case "rollback":
            return one("rolls back", (connection) => connection.rollBack())
        case "commit":
            return {
                statements: [
                    ...(protocol.beforeCommit ?? []),
                    [step("commits", (connection) => connection.commit())],
                ],
            }
    }
}
