import { createHash } from "node:crypto"
import type { CountedColumn } from "./columns"
import type { ColumnMetadata } from "../typeorm/names"
import type { CounterTable } from "./counter-statements"
import type { DriverError } from "./driver-error"
import type { Statement } from "../typeorm/statement"

/** @internal A numbered column whose numbers the database makes. */
export interface TriggeredColumn {
    readonly series: CountedColumn
    /** Tells its triggers from those of other columns of the database. */
    readonly id: string
    /** Where tables are whose entities name no schema; undefined where a trigger finds them. */
    readonly schema?: string
    readonly counter: CounterTable
    /** Numbers go on after it where the counter is lower. */
    readonly base: bigint
    /** The key of the scope, over the columns of a row. */
    keyOf(row: "NEW" | "OLD"): string
    /** The columns that have the same counters, this one included. */
    readonly sharers: readonly CountedColumn[]
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
}

/** @internal What an error that comes from a trigger, or from the lack of one, is about. */
export type TriggerFailure = "overflow" | "changed" | "not numbered" | "no counters"

/** @internal What the `trigger` strategy asks of a database. */
export interface TriggerStatements {
    /** Whether a trigger finds a table only by its schema. */
    readonly namesSchemas: boolean
    /** Whether it sees columns whose values the database makes of others. */
    readonly seesGenerated: boolean
    /** Whether it runs for the rows that a foreign key changes. */
    readonly seesForeignKeys: boolean
    /** Whether a number that is left out is sent as NULL, as there is no DEFAULT to name. */
    readonly leavesOutAsNull: boolean
    /** Whether a row that an INSERT leaves out gives its number back. */
    readonly givesBackSkipped: boolean
    /** Whether the session has allowed changes of numbers, and of the scopes of rows that have one. */
    readonly allowsChanges: string
    /** The triggers of a column, in the order in which they are made. */
    triggersOf(column: TriggeredColumn): readonly Trigger[]
    /** Selects what {@link storedTrigger} reads: the triggers of this library in some schemas. */
    stored(schemas: readonly string[]): Statement
    storedTrigger(row: Readonly<Record<string, unknown>>): StoredTrigger
    /** What an error is about, and the column that it names. */
    failureOf(
        error: DriverError,
    ): { readonly kind: TriggerFailure; readonly column?: string } | undefined
}

/** @internal They are named so, as triggers of a kind run in the order of their names. */
export const TRIGGER_PREFIX = "zz_autosequence_"

/** @internal */
export function shortHash(text: string): string {
    return createHash("sha256").update(text).digest("hex").slice(0, 8)
}

/** @internal The SQLSTATEs that triggers raise. */
export const RAISED: Readonly<Record<"overflow" | "changed", string>> = {
    overflow: "AS001",
    changed: "AS002",
}

/** @internal The texts of what they raise, which name the column and no value of a row. */
export function raisedTexts({
    metadata,
    column,
    max,
}: CountedColumn): Record<keyof typeof RAISED, string> {
    const place = `${metadata.tableName}.${column.databaseName}`
    return {
        overflow: `${place} can't hold the next number, its largest number is ${max}.`,
        changed: `${place} of a stored row, or a column of its scope, was to be changed.`,
    }
}
