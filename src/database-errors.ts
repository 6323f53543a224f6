import type { QueryRunner } from "typeorm"
import { triggerErrorOf } from "./numbers/trigger/trigger-errors"
import type { DriverError } from "./dialects/dialect"
import type { AutoSequenceError } from "./errors"
import { keyErrorOf } from "./keys/key-errors"
import { dataSourceOf } from "./typeorm/compat"

/** @internal A statement that was refused. */
export interface Refused {
    readonly sql: string
    readonly parameters: readonly unknown[]
    readonly cause: DriverError
}

/** TypeORM tells some errors twice, and what is known of the rows is gone by then. */
const names = new WeakMap<DriverError, AutoSequenceError>()

/**
 * What this library calls an error of the database; undefined where it has no name for it.
 * @internal
 */
export function nameOfError(runner: QueryRunner, refused: Refused): AutoSequenceError | undefined {
    const dataSource = dataSourceOf(runner)
    const named =
        names.get(refused.cause) ??
        triggerErrorOf(dataSource, refused.sql, refused.cause) ??
        keyErrorOf(runner, dataSource, refused)
    if (named) names.set(refused.cause, named)
    return named
}
