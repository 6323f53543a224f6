import type { DataSource } from "typeorm"
import { AutoSequenceError } from "../errors"
import { verifyAutoSequence } from "../schema/verify/verify"

/** What {@link autoSequenceHealth} finds, as `@nestjs/terminus` takes it. */
export type AutoSequenceHealth<Key extends string = string> = Record<
    Key,
    | { status: "up" }
    | {
          status: "down"
          /** The code of the error: `"NOT_INSTALLED"`, or `"UNREACHABLE"` where nothing could be checked. */
          code: string
          /** What is missing. */
          problems: string[]
      }
>

/**
 * What {@link verifyAutoSequence} finds, for a health check of `@nestjs/terminus` 11 and later; other
 * programs may read it as well. It reads the catalogue of the database, which takes several queries.
 *
 * The problems name tables and columns: show them to those alone who may know.
 *
 * ```ts
 * import { Controller, Get, Injectable } from "@nestjs/common"
 * import { HealthCheck, HealthCheckService } from "@nestjs/terminus"
 * import { DataSource } from "typeorm"
 * import { autoSequenceHealth } from "typeorm-autosequence/nestjs"
 *
 * @Controller("health")
 * export class HealthController {
 *     constructor(
 *         private readonly health: HealthCheckService,
 *         private readonly dataSource: DataSource,
 *     ) {}
 *
 *     @Get()
 *     @HealthCheck()
 *     check() {
 *         return this.health.check([() => autoSequenceHealth("numbers", this.dataSource)])
 *     }
 * }
 * ```
 */
export async function autoSequenceHealth<Key extends string>(
    key: Key,
    dataSource: DataSource,
): Promise<AutoSequenceHealth<Key>> {
    return { [key]: await statusOf(dataSource) } as AutoSequenceHealth<Key>
}

async function statusOf(dataSource: DataSource): Promise<AutoSequenceHealth[string]> {
    try {
        await verifyAutoSequence(dataSource)
        return { status: "up" }
    } catch (error) {
        return error instanceof AutoSequenceError
            ? { status: "down", code: error.code, problems: error.message.split("\n") }
            : // Drivers tell of hosts and users in their errors.
              { status: "down", code: "UNREACHABLE", problems: ["The database can't be asked."] }
    }
}
