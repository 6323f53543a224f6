import type { DataSource } from "typeorm"
import { AutoSequenceError } from "../errors"
import { diagnose } from "../schema/doctor/diagnose"
import type { DiagnosisLine } from "../schema/doctor/types"

/** What {@link autoSequenceHealth} finds, as `@nestjs/terminus` takes it. */
export type AutoSequenceHealth<Key extends string = string> = Record<
    Key,
    | {
          status: "up"
          /** What {@link diagnose} tells: nothing is a problem. */
          lines: readonly DiagnosisLine[]
      }
    | {
          status: "down"
          /**
           * `"PROBLEMS"`, `"UNREACHABLE"` where the database can't be asked, or the code of the error for which nothing was:
           * `"NOT_INSTALLED"` before `initialize()`.
           */
          code: string
          /** The texts of the lines that are problems. */
          problems: readonly string[]
          /** What {@link diagnose} tells. */
          lines: readonly DiagnosisLine[]
      }
>

/**
 * What {@link diagnose} and the command `doctor` find, for a health check of `@nestjs/terminus` 11 and later; other
 * programs may read it as well. Warnings leave it up. Counters are not compared with their rows, for which all of these
 * would be read. It reads the catalogue of the database, which takes several queries.
 *
 * The lines name tables and columns: show them to those alone who may know.
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
        const { lines } = await diagnose(dataSource, { counters: false })
        const problems = lines.flatMap(({ status, text }) => (status === "problem" ? text : []))
        return problems.length === 0
            ? { status: "up", lines }
            : { status: "down", code: "PROBLEMS", problems, lines }
    } catch (error) {
        return error instanceof AutoSequenceError
            ? { status: "down", code: error.code, problems: error.message.split("\n"), lines: [] }
            : // Drivers tell of hosts and users in their errors.
              {
                  status: "down",
                  code: "UNREACHABLE",
                  problems: ["The database can't be asked."],
                  lines: [],
              }
    }
}
