import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { DriverError } from "../dialects/driver-error"
import type { ColumnMetadata } from "../typeorm/names"
import type { Statement } from "../typeorm/statement"
import type { Insert } from "./insert"
import type { NewRow } from "./announced/new-row"
import type { Update } from "./sql/update"

/**
 * Assigns values to the rows of an INSERT, in the turn in which it is sent: nothing comes between
 * the first call and the last.
 * @internal
 */
export interface Assigner {
    /**
     * Called before the INSERT of a row, by its event: whether it has anything to do with it. Refuses
     * what can be seen to be wrong already.
     */
    notice(row: NewRow): boolean
    /** Puts the values into the INSERT, right before it is sent. */
    assign(insert: Insert): Promise<void> | undefined
    /** Whether it takes values from the answer to the INSERT. Asked behind {@link assign}. */
    readsAnswer?(insert: Insert): boolean
    /** Whether it assigns values that are made of others, which have to be known before. */
    derives?(insert: Insert): boolean
    /** Called where the INSERT was to select its row, and there was none: it is sent again. */
    assignAgain?(insert: Insert): Promise<void>
    /** Called where the INSERT was refused: whether it has other values now, and may be sent again. */
    assignOthers?(refused: Refused): Promise<boolean>
    /** Called right behind the INSERT, with what the driver has made of it. */
    inserted(insert: Insert, result: unknown): Promise<void> | undefined
    /** Called before another statement is sent that may write. */
    settle?(): Promise<void> | undefined
    /** Called where the INSERT is not sent or has failed, and the transaction may go on. */
    failed?(insert: Insert): Promise<void> | undefined
    /** Called in the place of sending an UPDATE or DELETE of an entity's rows, which it sends itself. */
    update?(update: Update, send: (update: Update) => Promise<unknown>): Promise<unknown>
    /** Called right behind an UPDATE that has given stored rows their numbers, for what is made of these. */
    numbered?(rows: readonly NumberedRow[]): Promise<void>
    /**
     * Called in the place of sending COMMIT, which it sends itself, maybe with statements before it in the same text,
     * for which it gets the driver's own results; undefined where it has nothing to do.
     */
    commit?(send: (before?: readonly string[]) => Promise<unknown>): Promise<unknown> | undefined
    /** What an error of a statement is called; undefined where it has no name for it. */
    nameOf?(refused: Refused): Error | undefined
    /** The columns of an entity that it fills. */
    columnsOf?(metadata: EntityMetadata): readonly ColumnMetadata[]
}

/** @internal A stored row that has just got its number. */
export interface NumberedRow {
    readonly metadata: EntityMetadata
    /** The primary key, as an entity has it. */
    readonly id: ObjectLiteral
    /** Those that save() updates. */
    readonly entities: readonly ObjectLiteral[]
}

/** @internal A statement that the database has refused. */
export interface Refused extends Required<Statement> {
    readonly cause: DriverError
    /** Where it was an INSERT of new rows. */
    readonly insert?: Insert
}
