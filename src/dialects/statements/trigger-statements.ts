import { createHash } from "node:crypto"
import type { PeriodRule } from "../../declared/numbers/period-options"
import type { CountedColumn } from "../columns"
import type { ColumnMetadata } from "../../typeorm/names"
import type { CounterTable } from "./counter-statements"
import type { EventTable } from "./journal/journal-tables"
import type { DriverError } from "../driver-error"
import type { DateColumn } from "./period-statements"
import type { RAISED } from "./raised"
import type { Statement } from "../../typeorm/statement"

/** @internal A numbered column whose numbers the database makes. */
export interface TriggeredColumn {
    readonly series: CountedColumn
    /** Tells its triggers from those of other columns of the database. */
    readonly id: string
    /** The schema, or database, of tables whose entities name none; undefined where a trigger finds them. */
    readonly schema?: string
    readonly counter: CounterTable
    /** Tells its counters from those of others: a hash of where their table is, and the table and series. */
    readonly counted: { readonly place: string; readonly name: string }
    /** Numbers go on after it where the counter is lower. */
    readonly base: bigint
    readonly period?: TriggeredPeriod
    /** The texts that show the number. */
    readonly documents: readonly TriggeredDocument[]
    /** The condition under which a row has a number, over the columns of a row; undefined where it always has. */
    readonly condition?: (row: string) => string
    /** Whether numbers are made as the last thing before COMMIT. */
    readonly assignsAtCommit: boolean
    /** Whether rows with a number may be deleted: `"withReason"` where the session says why. */
    readonly deletable: boolean | "withReason"
    /** Where what is unusual is written; undefined where nothing is. */
    readonly journal?: EventTable
    /** Whether no date may lie before that of a lower number. */
    readonly ascends: boolean
    /** The key of the scope, over the columns of a row. */
    keyOf(row: "NEW" | "OLD"): string
    /** The columns that have the same counters, this one included. */
    readonly sharers: readonly SharingColumn[]
    /** Names what keeps the number of a row that is not known to be inserted. */
    readonly pending: string
    /**
     * Those of the columns whose numbers its triggers give back, in the order to do so, in databases
     * where triggers run in the order of their names.
     */
    readonly givesBack: readonly string[]
    /** The values of the discriminator that rows with this number have; undefined for all rows. */
    readonly kinds?: { readonly column: ColumnMetadata; readonly values: readonly string[] }
}

/** @internal */
export interface SharingColumn extends CountedColumn {
    readonly period?: { readonly date: ColumnMetadata }
}

/** The periods in which a column counts anew, as its triggers need to know them. */
interface TriggeredPeriod extends DateColumn {
    readonly rule: PeriodRule
    /** Holds the name of the period. */
    readonly column: ColumnMetadata
    readonly date: ColumnMetadata
    /** The time zone of all rows. */
    readonly fixed?: string
    /** That of a row, as SQL, where it isn't that of all. */
    zoneOf(row: "NEW"): string
    /** The columns of a row that tell its period. */
    readonly sources: readonly ColumnMetadata[]
}

/** @internal The text of a number, as its triggers need to know it. */
export interface TriggeredDocument {
    readonly column: ColumnMetadata
    /** The text of a row, as SQL; NULL where something that it shows is not set. */
    textOf(day: string | undefined): string
    readonly maxLength: number
    /** What matches a text that has no other characters than it may; undefined where all do. */
    readonly pattern?: string
}

/** @internal A function that a trigger calls, in databases where triggers do so. */
export interface TriggerFunction {
    readonly name: string
    readonly create: readonly string[]
    /** None for a function that this library has not made. */
    readonly drop?: string
}

/** @internal */
export interface Trigger {
    readonly name: string
    /** What it runs, then what its condition asks. */
    readonly calls: readonly TriggerFunction[]
    readonly create: string
    readonly drop: string
    /** When it runs, and what it does: the same text as long as nobody changes it. */
    readonly definition: string
}

/** @internal A trigger as the catalogue of the database has it. */
export interface StoredTrigger extends Trigger {
    readonly table: string
    readonly schema?: string
    readonly isEnabled: boolean
    /** Whether the user may not see what it does. */
    readonly isHidden?: boolean
}

/** @internal The columns that all databases have in a row of their trigger catalogue. */
export interface StoredTriggerRow {
    readonly name: string
    readonly table: string
    readonly schema?: string
}

/** @internal The columns that describe a stored trigger function. */
export interface StoredFunctionRow {
    readonly name: string
    readonly schema: string
}

/** @internal What an error that comes from a trigger, or from the lack of one, is about. */
export type TriggerFailure =
    | keyof typeof RAISED
    | "out of range"
    | "unknown zone"
    | "not numbered"
    | "left out"
    | "unread"
    | "no counters"
    | "outdated"

/** @internal What the `trigger` strategy asks of a database. */
export interface TriggerStatements {
    /** Whether it sees columns whose values the database makes of others. */
    readonly seesGenerated: boolean
    /** Whether that of one number sees the dates and periods that those of others set in the row. */
    readonly seesPeriods: boolean
    /** Whether it runs for the rows that a foreign key changes. */
    readonly seesForeignKeys: boolean
    /** Whether a number that is left out is sent as NULL, as there is no DEFAULT to name. */
    readonly leavesOutAsNull: boolean
    /** Where it can run as the last thing before COMMIT: selects a row where a table has one that does. */
    commitTrigger?(table: string): Statement
    /** Whether a row that an INSERT leaves out gives its number back. */
    readonly givesBackSkipped: boolean
    /** Whether the session has allowed changes of numbers, and of the scopes of rows that have one. */
    readonly allowsChanges: string
    /** Lets the session allow them, or no longer. */
    allowChanges(isAllowed: boolean): Statement
    /** Lets the session say that the numbers which it sets are given by this library, or no longer. */
    giveNumbers(isGiving: boolean): Statement
    /**
     * The triggers of a column, in the order in which they are made. What they are like is told by the
     * column where it is, and how they are made by one that is in {@link CURRENT_SCHEMA}.
     */
    triggersOf(column: TriggeredColumn, anywhere: TriggeredColumn): readonly Trigger[]
    /** Functions that lost their triggers, as those go with their tables. */
    readonly leftOver?: {
        /** Selects what {@link read} reads. */
        select(schemas: readonly string[]): Statement
        read(row: Readonly<StoredFunctionRow>, namesSchema: boolean): TriggerFunction
    }
    /** For servers that may keep the triggers of a table as they have read them in part. */
    readonly reading?: {
        /** A statement that fails where a trigger was not read, nor those that come after another one. */
        look(trigger: StoredTrigger): Statement
        hasFailed(error: DriverError): boolean
        /** Makes the server read them anew. */
        again(table: string): string
    }
    /** What makes texts of a column, and of what it is compared with, where its type has no operators there. */
    compared?(column: ColumnMetadata): ((sql: string) => string) | undefined
    /** What an error is about, and the column that it names. */
    failureOf(
        error: DriverError,
    ): { readonly kind: TriggerFailure; readonly column?: string } | undefined
}

/** @internal The prefix of trigger names. Triggers of a kind run in the order of their names, so these run last. */
export const TRIGGER_PREFIX = "zz_autosequence_"

/** @internal */
export function shortHash(text: string): string {
    return createHash("sha256").update(text).digest("hex").slice(0, 8)
}

/** @internal What tells the triggers of one place from those of others, and can be read in part. */
export function shortId(place: string): string {
    return `${place.replace(/\W/g, "").slice(0, 30)}_${shortHash(place)}`
}

/** @internal Stands for the name of the schema that is current when a function is made. */
export const CURRENT_SCHEMA = "{autosequence:schema}"

/** @internal Stands for the hash of that schema's name. */
export const CURRENT_SCHEMA_HASH = "{autosequence:schema hash}"

/** @internal */
export function schemaHash(schema: string): string {
    return schema === CURRENT_SCHEMA ? CURRENT_SCHEMA_HASH : shortHash(schema)
}
