/** @internal What the drivers tell an error by. */
export interface DriverError {
    readonly code?: unknown
    readonly errno?: unknown
    readonly message?: unknown
}

/** @internal What the driver has said, where it is an error of TypeORM's about a statement. */
export function driverErrorOf(error: unknown): DriverError | undefined {
    return (Object(error) as { driverError?: DriverError }).driverError
}
