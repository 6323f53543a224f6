import { mkdir, writeFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import type { DataSource } from "typeorm"
import { InvalidOptionError } from "../errors"
import {
    type GeneratedMigration,
    generateMigration,
    remainingWork,
} from "../schema/migrate/generate-migration"
import { migrationName } from "../schema/migrate/migration-source"
import { type MigrationGenerate, UsageError } from "./arguments"
import { loadDataSource } from "./load-data-source"
import type { Output, Status } from "./output"
import { silentLogger } from "./silent-logger"

const UP_TO_DATE = "The database is up to date, there is nothing to migrate."

/** @internal Writes a migration, prints it, or tells whether there is one to write. */
export async function runMigrationGenerate(
    command: MigrationGenerate,
    { out, err }: Output,
): Promise<Status> {
    const name = nameOf(command)
    const dataSource = await loadDataSource(resolve(command.dataSource))
    const { migration, remaining } = await generate(dataSource, command, name)
    if (!migration) {
        out(remaining.length > 0 ? remaining.join("\n") : UP_TO_DATE)
        return 0
    }
    if (command.check || command.dryRun) {
        out(migration.source.trimEnd())
        if (!command.check) return 0
        err("The database is not up to date. The migration above would bring it there.")
        return 1
    }
    const path = join(
        dirname(command.path ?? name),
        `${command.timestamp}-${name}.${command.outputJs || command.esm ? "js" : "ts"}`,
    )
    await write(path, migration.source)
    out([`Wrote ${path}`, ...remaining].join("\n"))
    return 0
}

function nameOf({ path, timestamp }: MigrationGenerate): string {
    const name = path === undefined ? "AutoSequence" : basename(path)
    if (/\.[cm]?[jt]s$/.test(name))
        throw new UsageError(`The path ends in "${name}". Give path/to/Name, without an extension.`)
    try {
        migrationName(name, timestamp)
    } catch (error) {
        if (!(error instanceof InvalidOptionError)) throw error
        throw new UsageError(`The path ends in "${name}", which can't name a class.`)
    }
    return name
}

async function generate(
    dataSource: DataSource,
    { timestamp, orderBy, rename, renumber, outputJs, esm }: MigrationGenerate,
    name: string,
): Promise<{ migration?: GeneratedMigration; remaining: readonly string[] }> {
    // A look at the database must not change it.
    dataSource.setOptions({
        synchronize: false,
        migrationsRun: false,
        dropSchema: false,
        logger: silentLogger,
    })
    try {
        if (!dataSource.isInitialized) await dataSource.initialize()
        const format = esm ? "esm" : outputJs ? "commonjs" : "typescript"
        const options = { name, timestamp, orderBy, rename, renumber, format } as const
        const migration = await generateMigration(dataSource, options)
        return { migration, remaining: migration?.remaining ?? (await remainingWork(dataSource)) }
    } finally {
        if (dataSource.isInitialized) await dataSource.destroy()
    }
}

async function write(path: string, source: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    try {
        await writeFile(path, source, { flag: "wx" })
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
        throw new Error(`${path} exists already and is left as it is. Give another name.`, {
            cause: error,
        })
    }
}
