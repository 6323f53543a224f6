import type { DataSource } from "typeorm"
import type { Statement } from "../../typeorm/statement"
import type { ColumnMetadata } from "../../typeorm/names"
import type { CountedColumn, Scope } from "../columns"

/**
 * The counter table and its columns as SQL names them. A counter whose last move is negative is closed: no statement
 * moves it.
 * @internal
 */
export interface CounterTable {
    readonly name: string
    readonly series: string
    readonly scope: string
    readonly last: string
    readonly movedBy: string
    readonly movedAt: string
}

/** @internal How far the counter of one scope is to move. */
export interface Move {
    /** The key of the scope. */
    readonly key: string
    readonly by: bigint
    /** The scope itself, where rows of it may exist that the counter doesn't know. */
    readonly scope?: Scope
}

/** @internal The counters of one series that are to move together. */
export interface Moves {
    readonly series: string
    /** Numbers go on after it where the counter is lower: the first number less one step. */
    readonly base: bigint
    /** In the order in which their counters are locked. */
    readonly moves: readonly Move[]
    /** The columns whose rows a new counter goes on after; none for a series without rows. */
    readonly columns: readonly CountedColumn[]
    /**
     * Counters do not move past it: one that would stays, and is not selected, or without its `last`. For
     * a series without rows, whose counters all go some way.
     */
    readonly max?: bigint
}

/** @internal A counter after its move. */
export interface MovedCounter {
    readonly key: string
    /** NULL in a counter that is new, and whose rows the statement could not look at. */
    readonly last: string | null
    /** Whether it is closed, and has not moved; where closed counters are selected at all. */
    readonly isClosed?: unknown
}

/** The setting of a session that says how long a statement waits for a lock. */
interface LockWait {
    /** Selects it as `value`. */
    readonly read: Statement
    set(value: string): Statement
    /** The value that makes statements fail rather than wait. */
    none(dataSource: DataSource): string
    /** Whether the setting is the transaction's, and one that has failed goes on from a savepoint. */
    readonly isOfTransaction: boolean
}

/** @internal Stored rows of one series and scope whose numbers are made by the statement that moves the counter. */
export interface NumberWriting {
    readonly series: CountedColumn
    /** What else the rows get. */
    readonly columns: readonly ColumnMetadata[]
    readonly rows: readonly {
        /** The values of the primary columns, as the driver sends them. */
        readonly id: readonly unknown[]
        readonly values: readonly unknown[]
    }[]
    /** Texts that are made of the numbers: what they are for each row, as SQL of its number. */
    readonly texts: readonly {
        readonly column: ColumnMetadata
        readonly texts: readonly ((number: string) => string)[]
    }[]
    /** What has to hold for each row, which is `t`. */
    readonly where?: string
}

/** @internal What counters ask of a database. */
export interface CounterStatements {
    /** Whether a new counter is moved past the rows of its scope by the statement that makes it. */
    readonly passesRows: boolean
    /**
     * Moves each counter to the higher of itself and the base, plus the way it is to go. The last
     * statement selects {@link MovedCounter} rows: none of a counter that is closed, or one that says so.
     */
    move(table: CounterTable, moves: Moves, dataSource: DataSource): readonly Statement[]
    /**
     * Moves a counter that exists as a part of another statement, to which it gives `number` by the name
     * `taken`. That has no rows where there is no such counter, or where it would pass the maximum.
     * Undefined where a statement can't have such a part.
     */
    moveWithin?(
        table: CounterTable,
        moves: Moves & { readonly max: bigint },
        parameter: (value: unknown) => string,
    ): string
    /** The same for a counter that exists; selects nothing otherwise. Undefined where no faster. */
    moveExisting?(table: CounterTable, moves: Moves): Statement
    /**
     * Moves a counter that exists, and numbers rows that have no number, as one text that can be sent in one go with
     * COMMIT: nobody waits for the way between this program and the database. Selects the `numbers`, in the order of
     * the rows, as a list; fails as {@link Expressions.fail} does unless all of that is found. Undefined where
     * statements are sent one by one.
     */
    numberRows?(table: CounterTable, moves: Moves, writing: NumberWriting): string | undefined
    /** Whether {@link move} is one statement. */
    movesAtOnce(dataSource: DataSource): boolean
    readonly lockWait: LockWait
    /** Sets counters that are lower, and not closed. */
    raise(
        table: CounterTable,
        series: string,
        counters: readonly { readonly key: string; readonly to: bigint }[],
    ): Statement
}
