import type { Logger } from "typeorm"

/** @internal TypeORM's loggers write to standard output, which is for the result. */
export const silentLogger: Logger = {
    logQuery: ignore,
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
}

function ignore(): void {
    // The errors themselves are thrown.
}
