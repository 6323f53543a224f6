import type { QueryRunner } from "typeorm"
import type { Statement } from "../../../typeorm/statement"
import type { TablePlace } from "./audit-statements"

/** @internal What gives the ids of a column, as the database has it. */
export interface IdSequence {
    /** As people are told of it. */
    readonly name: string
    /** The columns whose values it gives, as SQL names them with their tables. */
    readonly columns: readonly { readonly table: string; readonly column: string }[]
    readonly start: bigint
    readonly step: bigint
    /** Past which it gives none. */
    readonly end: bigint
    /** The next id that it gives. */
    readonly next: bigint
}

/** A foreign key to a column. */
interface ForeignKeyPlace {
    /** As SQL names them. */
    readonly table: string
    readonly column: string
}

/** @internal What the upkeep of ids asks of a database. */
export interface IdStatements {
    /** What gives the ids of a column; none where nothing does, or it goes on after the highest row by itself. */
    sequencesOf(runner: QueryRunner, table: TablePlace, column: string): Promise<IdSequence[]>
    /** Lets nobody insert while work is done; a part of it may end the transaction. */
    locked<T>(runner: QueryRunner, tables: readonly string[], work: () => Promise<T>): Promise<T>
    /** Sets the next id. */
    setNext(sequence: IdSequence, next: bigint): Statement
    /** Selects {@link ForeignKeyPlace} rows. */
    foreignKeys(runner: QueryRunner, table: TablePlace, column: string): Promise<ForeignKeyPlace[]>
}
