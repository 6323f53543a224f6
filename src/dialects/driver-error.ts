/** @internal What the drivers tell an error by. */
export interface DriverError {
    readonly code?: unknown
    readonly errno?: unknown
    readonly message?: unknown
}
