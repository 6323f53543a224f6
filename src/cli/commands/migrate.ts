import { runMigrations, type RunMigrationsOptions } from "../../schema/migrate/run-migrations"
import { onMaster } from "../../typeorm/on-master"
import { pendingMigrations } from "../../typeorm/pending-migrations"
import { UsageError } from "../arguments"
import { type Command, textOf, type Values } from "../frame/command"

/** @internal */
export const migrate: Command = {
    name: "migrate",
    synopsis: "[options]",
    help: `Runs the migrations of the data source that have not been run, under a lock: of several that start at once one runs
them, and the others wait and find nothing left to do. The lock ends with the process.

      --wait <seconds>        how long another one that migrates is waited for; 600 if not given
      --transaction <mode>    all, each or none, as for TypeORM's own command`,
    options: { wait: { type: "string" }, transaction: { type: "string" } },
    positionals: [0, 0],
    writes: true,
    interrupted:
        "The migration that was running is rolled back; on MariaDB and MySQL what it has changed of the schema stays: " +
        "generate it anew.",
    check: optionsOf,
    async run({ dataSource, values, print, signal }) {
        if (values["dry-run"] === true) {
            const pending = await onMaster(dataSource, (runner) =>
                pendingMigrations(runner, dataSource),
            )
            print.json({ format: 1, dryRun: true, migrations: pending })
            print.line(
                pending.length > 0
                    ? `Would run ${pending.join(", ")}. Nothing was changed.`
                    : NOTHING,
            )
            return pending.length > 0 ? 1 : 0
        }
        const migrations = await runMigrations(dataSource, { ...optionsOf(values), signal })
        print.json({ format: 1, dryRun: false, migrations })
        print.line(migrations.length > 0 ? `Ran ${migrations.join(", ")}.` : NOTHING)
        return 0
    },
}

const NOTHING = "All migrations have been run."

function optionsOf(values: Values): RunMigrationsOptions {
    const wait = textOf(values, "wait")
    const transaction = textOf(values, "transaction")
    if (wait !== undefined && !/^\d+$/.test(wait))
        throw new UsageError(`--wait is "${wait}", give seconds.`)
    if (transaction !== undefined && !isMode(transaction))
        throw new UsageError(`--transaction is "${transaction}", give all, each or none.`)
    return {
        ...(wait !== undefined && { waitSeconds: Number(wait) }),
        ...(transaction !== undefined && { transaction }),
    }
}

function isMode(text: string): text is "all" | "each" | "none" {
    return ["all", "each", "none"].includes(text)
}
