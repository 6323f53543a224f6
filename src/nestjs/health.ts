import type { DataSource } from "typeorm"
import { AutoSequenceError } from "../errors"
import { diagnose } from "../schema/doctor/diagnose"
import type { DiagnosisLine } from "../schema/doctor/types"

/** The result of {@link autoSequenceHealth}, in the form that `@nestjs/terminus` expects. */
export type AutoSequenceHealth<Key extends string = string> = Record<
    Key,
    | {
          status: "up"
          /** The lines of {@link diagnose}, none of which is a problem. */
          lines: readonly DiagnosisLine[]
      }
    | {
          status: "down"
          /**
           * `"PROBLEMS"`, `"UNREACHABLE"` if the database can't be queried, or the code of the
           * error that prevented the checks: `"NOT_INSTALLED"` before `initialize()`.
           */
          code: string
          /** The texts of the lines that are problems. */
          problems: readonly string[]
          /** The lines of {@link diagnose}. */
          lines: readonly DiagnosisLine[]
      }
>

/**
 * The result of {@link diagnose} and the command `doctor`, as a health check for `@nestjs/terminus`
 * 11 and later; other programs can read it too. Warnings leave the status up. Counters aren't
 * compared with their rows, because that would read all of them. It queries the system catalogue of
 * the database, with several queries.
 *
 * The lines name tables and columns, so show them only to those who may know them.
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
            : // Errors of drivers name hosts and users.
              {
                  status: "down",
                  code: "UNREACHABLE",
                  problems: ["The database can't be queried."],
                  lines: [],
              }
    }
}
