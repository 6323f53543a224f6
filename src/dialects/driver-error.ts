/** @internal The properties by which drivers describe an error. */
export interface DriverError {
    readonly code?: unknown
    readonly errno?: unknown
    readonly message?: unknown
}

/** @internal The driver's error inside TypeORM's error about a failed statement. */
export function driverErrorOf(error: unknown): DriverError | undefined {
    const { driverError, name } = Object(error) as { driverError?: DriverError; name?: string }
    // TypeORM 0.3 passes on what better-sqlite3 says of a statement before it runs.
    return driverError ?? (name === "SqliteError" ? (error as DriverError) : undefined)
}
