/** @internal What the drivers tell an error by. */
export interface DriverError {
    readonly code?: unknown
    readonly errno?: unknown
    readonly message?: unknown
}

/** @internal What the driver has said, where it is an error of TypeORM's about a statement. */
export function driverErrorOf(error: unknown): DriverError | undefined {
    const { driverError, name } = Object(error) as { driverError?: DriverError; name?: string }
    // TypeORM 0.3 passes on what better-sqlite3 says of a statement before it runs.
    return driverError ?? (name === "SqliteError" ? (error as DriverError) : undefined)
}
