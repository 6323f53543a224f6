import type { Statement } from "../../../typeorm/statement"
import type { EventTable, SettingTable } from "./journal-tables"

/** What a session says of what it does: why, and who does it. */
type Saying = "reason" | "by"

/** @internal What the journal asks of a database. */
export interface JournalStatements {
    /** What the columns of the entity have beside what it declares, by their properties. */
    readonly columns: Readonly<Record<string, object>>
    /** What stands for the identity of a new event, beside `reading` its table; undefined where the table has it. */
    nextId?(table: EventTable): string
    /** The moment, as the journal holds it. */
    readonly now: string
    /** A moment of the journal as milliseconds since 1970. */
    milliseconds(at: string): string
    /** What a session has said, as SQL; NULL for nothing. Undefined where a session has nothing to say it by. */
    said?(saying: Saying): string
    /** Says it in a session, until it is said otherwise; on some databases until the transaction ends. */
    say?(saying: Saying, text: string | null): Statement
    /** The parts of an object as JSON, in their order; the values are SQL. */
    object(members: readonly (readonly [name: string, value: string])[]): string
    /** Behind an INSERT of settings: replaces those that are there. */
    onSet(table: SettingTable): string
    /** Keeps a row of the counter table from all who would take a number of it, or set one below. */
    readonly exclusive: string
    /** Makes a SELECT of a row differ from that of whoever has read it before, where locks alone do not. */
    readonly touchesLocked: boolean
}
