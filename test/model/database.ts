export type ServerName = "postgres" | "mariadb" | "galera"
export type Isolation = "read committed" | "repeatable read"

/** Rows are never taken away, so that a number which is given twice shows. */
export interface Row {
    readonly scope: string
    /** Null as long as the row waits for its number. */
    readonly number: number | null
    readonly isDeleted: boolean
}

export interface Tables {
    readonly counters: Record<string, number>
    readonly rows: Record<string, Row>
}

const NOTHING: Tables = { counters: {}, rows: {} }

interface Savepoint extends Tables {
    readonly locks: readonly string[]
}

/** One of those that use a connection at once, as calls that nobody waits for before the next one. */
export interface Thread {
    readonly operation: number
    readonly statement: number
    readonly step: number
    readonly isSettling: boolean
    /** What the library remembers during an operation. */
    memory: Record<string, number>
}

/** A connection, and its transaction. */
export interface Writer {
    threads: Thread[]
    /** Whose statements are sent. */
    turn: number | null
    /** What the transaction has changed, and others don't see. */
    counters: Record<string, number>
    rows: Record<string, Row>
    locks: string[]
    savepoints: Savepoint[]
    /** As it was when the statement began. */
    before: (Tables & Pick<Thread, "memory">) | null
    snapshot: Tables | null
    /** How often a counter had been changed when it was locked. */
    seen: Record<string, number>
    status: "open" | "failed" | "ended"
}

export interface State extends Tables {
    counters: Record<string, number>
    rows: Record<string, Row>
    /** How often each counter was changed by a COMMIT. */
    versions: Record<string, number>
    writers: Writer[]
    kills: number
}

/** Undefined where a step is done. */
export type Outcome = { readonly waitsFor: number } | { readonly fails: string } | undefined

export interface Server {
    readonly name: ServerName
    readonly isolation: Isolation
    /** Whether two rows of a scope can't have the same number. */
    readonly hasUniqueIndex: boolean
}

export function newState(
    threadsOfWriters: readonly number[],
    { kills, tables }: { readonly kills: number; readonly tables?: Tables },
): State {
    return {
        counters: { ...tables?.counters },
        rows: { ...tables?.rows },
        versions: {},
        kills,
        writers: threadsOfWriters.map((threads) => ({
            threads: Array.from({ length: threads }, () => ({
                operation: 0,
                statement: 0,
                step: 0,
                isSettling: false,
                memory: {},
            })),
            ...nothingDone(),
            status: "open",
        })),
    }
}

/** What a connection has of a transaction that has sent no statement. */
function nothingDone(): Omit<Writer, "threads" | "status"> {
    return {
        turn: null,
        counters: {},
        rows: {},
        locks: [],
        savepoints: [],
        before: null,
        snapshot: null,
        seen: {},
    }
}

/** A copy in which one writer may be changed. */
export function copyFor(state: State, at: number): State {
    return {
        counters: { ...state.counters },
        rows: { ...state.rows },
        versions: { ...state.versions },
        kills: state.kills,
        writers: state.writers.map((writer, i) =>
            i === at
                ? {
                      ...writer,
                      threads: writer.threads.map((thread) => ({
                          ...thread,
                          memory: { ...thread.memory },
                      })),
                      counters: { ...writer.counters },
                      rows: { ...writer.rows },
                      locks: [...writer.locks],
                      savepoints: [...writer.savepoints],
                      seen: { ...writer.seen },
                  }
                : writer,
        ),
    }
}

/** What a statement of one writer can do in a state, which it changes. */
export class Connection {
    constructor(
        readonly server: Server,
        readonly state: State,
        readonly at: number,
        private readonly thread: number,
    ) {}

    get writer(): Writer {
        return this.state.writers[this.at] as Writer
    }

    get memory(): Record<string, number> {
        return (this.writer.threads[this.thread] as Thread).memory
    }

    /** Kept until the transaction ends. Every second writer of a cluster is on the other node, whose locks are its own. */
    lock(name: string): Outcome {
        const { writer } = this
        if (writer.locks.includes(name)) return undefined
        const holder = this.others().find(
            ([other, at]) => this.isOnThisNode(at) && other.locks.includes(name),
        )
        if (holder) return { waitsFor: holder[1] }
        writer.locks.push(name)
        return undefined
    }

    lockCounter(scope: string): Outcome {
        const { writer, state } = this
        const outcome = this.lock(`counter ${scope}`)
        if (outcome) return outcome
        const isStale =
            writer.snapshot !== null && writer.snapshot.counters[scope] !== state.counters[scope]
        if (isStale && this.server.name === "postgres") return { fails: "serialization" }
        writer.seen[scope] ??= state.versions[scope] ?? 0
        return undefined
    }

    counterOf(scope: string): number {
        return this.writer.counters[scope] ?? this.state.counters[scope] ?? 0
    }

    setCounter(scope: string, to: number): void {
        this.writer.counters[scope] = to
    }

    /** As if by another connection, which commits at once. */
    setAlone(scope: string, to: number): void {
        this.state.counters[scope] = to
    }

    /** The rows that the transaction sees. */
    get rows(): Record<string, Row> {
        return { ...(this.writer.snapshot ?? this.state).rows, ...this.writer.rows }
    }

    lastNumber(scope: string): number {
        return Math.max(
            0,
            ...Object.values(this.rows).flatMap((row) =>
                row.scope === scope && !row.isDeleted ? (row.number ?? 0) : [],
            ),
        )
    }

    insert(scope: string, number: number | null): Outcome {
        return this.write(`${this.at}.${Object.keys(this.writer.rows).length}`, {
            scope,
            number,
            isDeleted: false,
        })
    }

    write(id: string, row: Row): Outcome {
        const outcome = row.number === null ? undefined : this.refuseDuplicate(row)
        if (!outcome) this.writer.rows[id] = row
        return outcome
    }

    delete(scope: string, number: number): Outcome {
        const rows = Object.entries({ ...this.state.rows, ...this.writer.rows })
        const [found] = rows.filter(([, row]) => row.scope === scope && row.number === number)
        if (!found) return undefined
        const [id, row] = found
        const outcome = this.lock(`row ${id}`)
        // Another one may have deleted it while this one waited.
        if (!outcome && !row.isDeleted) this.writer.rows[id] = { ...row, isDeleted: true }
        return outcome
    }

    savepoint(): void {
        const { writer } = this
        writer.savepoints.push({
            counters: { ...writer.counters },
            rows: { ...writer.rows },
            locks: [...writer.locks],
        })
    }

    release(): void {
        this.writer.savepoints.pop()
    }

    rollBackTo(): void {
        const { writer } = this
        const savepoint = writer.savepoints.pop()
        if (!savepoint) return
        this.takeBack(savepoint)
        // MariaDB keeps them until the end, but where nothing had been written before the savepoint.
        const isAll = Object.keys({ ...savepoint.counters, ...savepoint.rows }).length === 0
        if (this.server.name === "postgres" || isAll) writer.locks = [...savepoint.locks]
        writer.status = "open"
    }

    commit(): Outcome {
        const { writer, state } = this
        if (this.server.name === "galera" && !this.isCertified()) return { fails: "certification" }
        for (const scope of Object.keys(writer.counters))
            state.versions[scope] = (state.versions[scope] ?? 0) + 1
        Object.assign(state.counters, writer.counters)
        Object.assign(state.rows, writer.rows)
        this.rollBack()
        return undefined
    }

    /** Called before the first step of a statement. */
    beginStatement(): void {
        const { writer, state } = this
        if (this.server.isolation === "repeatable read")
            writer.snapshot ??= { counters: { ...state.counters }, rows: { ...state.rows } }
        writer.before = {
            counters: { ...writer.counters },
            rows: { ...writer.rows },
            memory: { ...this.memory },
        }
    }

    endStatement(): void {
        this.writer.before = null
    }

    /** It is undone whole, and nobody learns what it would have returned. */
    failStatement(): void {
        const { writer } = this
        if (writer.before) {
            this.takeBack(writer.before)
            writer.threads[this.thread] = {
                ...(writer.threads[this.thread] as Thread),
                memory: { ...writer.before.memory },
            }
        }
        writer.before = null
        if (this.server.name !== "postgres") return
        writer.status = "failed"
        // PostgreSQL undoes all since the savepoint at once, and ROLLBACK only says so.
        const { locks, ...tables } = writer.savepoints.at(-1) ?? { ...NOTHING, locks: [] }
        writer.locks = [...locks]
        this.takeBack(tables)
    }

    /** Lets the transaction have changed no more than that. */
    private takeBack({ counters, rows }: Tables): void {
        this.writer.counters = { ...counters }
        this.writer.rows = { ...rows }
    }

    /** Of the transaction, with nothing stored but what COMMIT has. */
    rollBack(): void {
        Object.assign(this.writer, nothingDone(), { status: "ended" })
    }

    private others(): [Writer, number][] {
        return this.state.writers.flatMap((writer, at): [Writer, number][] =>
            at === this.at ? [] : [[writer, at]],
        )
    }

    private isOnThisNode(at: number): boolean {
        return this.server.name !== "galera" || at % 2 === this.at % 2
    }

    private refuseDuplicate({ scope, number }: Row): Outcome {
        if (!this.server.hasUniqueIndex) return undefined
        const isSame = (row: Row) => row.scope === scope && row.number === number
        for (const [other, at] of this.others())
            if (this.isOnThisNode(at) && Object.values(other.rows).some(isSame))
                return { waitsFor: at }
        const rows = { ...this.state.rows, ...this.writer.rows }
        const isTaken = Object.values(rows).some((row) => isSame(row) && !row.isDeleted)
        return isTaken ? { fails: "duplicate" } : undefined
    }

    /** Whether nobody has committed on another node what this one has changed as well. */
    private isCertified(): boolean {
        const { writer, state } = this
        const rows = Object.values(state.rows)
        return (
            Object.keys(writer.counters).every(
                (scope) => (state.versions[scope] ?? 0) === (writer.seen[scope] ?? 0),
            ) &&
            Object.entries(writer.rows).every(
                ([id, row]) =>
                    state.rows[id]?.isDeleted !== true &&
                    (row.number === null ||
                        state.rows[id] !== undefined ||
                        !rows.some(
                            (other) =>
                                other.scope === row.scope &&
                                other.number === row.number &&
                                !other.isDeleted,
                        )),
            )
        )
    }
}
