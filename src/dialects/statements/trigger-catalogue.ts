import type { EntityMetadata } from "typeorm"
import type { Statement } from "../../typeorm/statement"
import type { DriverError } from "../driver-error"
import type { StoredTrigger, StoredTriggerRow, Trigger } from "./trigger-statements"

/** @internal Triggers of tables, as the catalogue of the database has them. */
export interface TriggerCatalogue {
    /** Whether a trigger finds a table only by its schema. */
    readonly namesSchemas: boolean
    /** Selects what {@link storedTrigger} reads: the triggers of this library in some schemas. */
    stored(schemas: readonly string[]): Statement
    /** A trigger of a table whose entity names its schema or does not. */
    storedTrigger(row: Readonly<StoredTriggerRow>, namesSchema: boolean): StoredTrigger
    /** The triggers by which the rows of a table are only ever added. */
    appendOnly(table: EntityMetadata, schema: string | undefined): readonly Trigger[]
    /** Whether an error is theirs. */
    isAppendOnly(error: DriverError): boolean
}
