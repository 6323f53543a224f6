import { runMigrations, type RunMigrationsOptions } from "../../schema/migrate/run-migrations"
import { onMaster } from "../../typeorm/on-master"
import { pendingMigrations } from "../../typeorm/schema/pending-migrations"
import { UsageError } from "../arguments"
import { type Command, textOf, type Values } from "../frame/command"
import { silentLogger } from "../silent-logger"

/** @internal */
export const migrate: Command = {
    name: "migrate",
    synopsis: "[options]",
    help: `Runs the pending migrations of the data source under a lock. If several processes start at once, one runs the
migrations, and the others wait and find nothing left to do. The lock ends with the process.

      --wait <seconds>        how long to wait for another process that migrates; default: 600
      --transaction <mode>    all, each or none, as for TypeORM's own command`,
    options: { wait: { type: "string" }, transaction: { type: "string" } },
    positionals: [0, 0],
    writes: true,
    interrupted:
        "The running migration is rolled back; on MariaDB and MySQL its schema changes stay: generate it again.",
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
        // The error of the database does not tell which one it comes from.
        dataSource.logger = {
            ...silentLogger,
            logMigration(message) {
                const [, name] = /^Migration "(.+)" failed/.exec(message) ?? []
                if (name !== undefined) print.note(`The migration ${name} failed.`)
            },
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
        throw new UsageError(`--wait is "${wait}". Give a number of seconds.`)
    if (transaction !== undefined && !isMode(transaction))
        throw new UsageError(`--transaction is "${transaction}". Give all, each or none.`)
    return {
        ...(wait !== undefined && { waitSeconds: Number(wait) }),
        ...(transaction !== undefined && { transaction }),
    }
}

function isMode(text: string): text is "all" | "each" | "none" {
    return ["all", "each", "none"].includes(text)
}
