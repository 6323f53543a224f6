import type { DataSource } from "typeorm"
import { dialectOf } from "."
import { cockroachdb } from "./cockroachdb"
import type { DriverError } from "./dialect"

/** @internal What repeating a transaction asks of a database, which more can give than numbers. */
export interface RepeatableTransactions {
    /** Whether the transaction can be repeated after this error. */
    isTransient(error: DriverError): boolean
    /** Says what to do where the driver repeats transactions by itself. */
    ownReplay?(dataSource: DataSource): string | undefined
}

/** @internal */
export function repeatableOf(dataSource: DataSource): RepeatableTransactions | undefined {
    return dataSource.options.type === "cockroachdb" ? cockroachdb : dialectOf(dataSource)
}
