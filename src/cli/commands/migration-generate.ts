import { mkdir, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { InvalidOptionError } from "../../errors"
import {
    type GeneratedMigration,
    generateMigration,
    remainingWork,
} from "../../schema/migrate/generate-migration"
import {
    type MigrationFormat,
    migrationName,
    migrationSource,
} from "../../schema/migrate/migration-source"
import { onMaster } from "../../typeorm/on-master"
import { pendingMigrations } from "../../typeorm/schema/pending-migrations"
import { asUsage, UsageError } from "../arguments"
import { type Command, type ExitStatus, type Given, textsOf, type Values } from "../frame/command"
import { isModule } from "../typescript"
import { prettySteps } from "../migrations/pretty-steps"

const UP_TO_DATE = "The database is up to date, there is nothing to migrate."

/** @internal Writes a migration, prints it, or tells whether there is one to write. */
export const migrationGenerate: Command = {
    name: "migration:generate",
    synopsis: "[options] <path>",
    help: `Writes the TypeORM migration that brings a database up to date with the entities of a data source,
including everything that numbers need: the counter table, unique indexes, numbers for existing rows,
and counters that continue after them. Writes nothing if the database is up to date.

  <path>                      path/to/Name creates path/to/<timestamp>-Name.ts

      --order-by <E.prop>     number rows of entity E in the order of this property instead of their
                              primary key; may be repeated
      --rename <old=new>      the counters and keys of column old, as table.column, now belong to
                              column new; may be repeated. Nothing after = leaves them alone
      --renumber              number rows whose number is 0 as if they had none
  -p, --pretty                write the statements on several lines
  -o, --outputJs              write JavaScript, as an ES module if the project uses ES modules
      --esm                   write JavaScript as an ES module
      --dr, --dryrun          print the migration instead of writing a file
      --ch, --check           exit with 1 if the database is not up to date; write no file
  -t, --timestamp <ms>        the timestamp of the migration, in milliseconds since 1970
`,
    // Named as those of TypeORM's own command.
    options: {
        "order-by": { type: "string", multiple: true },
        rename: { type: "string", multiple: true },
        renumber: { type: "boolean" },
        pretty: { type: "boolean", short: "p" },
        outputJs: { type: "boolean", short: "o" },
        esm: { type: "boolean" },
        dryrun: { type: "boolean" },
        dr: { type: "boolean" },
        check: { type: "boolean" },
        ch: { type: "boolean" },
        timestamp: { type: "string", short: "t" },
    },
    positionals: [0, 1],
    check(values, [path]) {
        if (path === undefined && !isPrinted(values))
            throw new UsageError("No path given. Give path/to/Name for the new migration.")
        nameOf(path, timestampOf(values))
        orderOf(values)
        renamesOf(values)
    },
    run: generate,
}

async function generate({
    dataSource,
    values,
    positionals: [path],
    print,
}: Given): Promise<ExitStatus> {
    const timestamp = timestampOf(values)
    const name = nameOf(path, timestamp)
    const format = formatOf(values, path)
    const migration = await asUsage(() =>
        generateMigration(dataSource, {
            ...{ name, timestamp, format },
            orderBy: orderOf(values),
            rename: renamesOf(values),
            renumber: values.renumber === true,
        }),
    )
    if (!migration) {
        const remaining = await remainingWork(dataSource)
        print.json({ format: 1, path: null, migration: null, remaining })
        print.line(remaining.length > 0 ? remaining.join("\n") : UP_TO_DATE)
        return 0
    }
    const pending = await onMaster(dataSource, (runner) => pendingMigrations(runner, dataSource))
    if (pending.length > 0)
        print.note(
            `Not run yet: ${pending.join(", ")}. What is done there is in this migration once more. Run those first, ` +
                "then generate again.",
        )
    const source = values.pretty ? prettySource(migration, format) : migration.source
    if (isPrinted(values)) {
        print.json({ format: 1, path: null, ...shown(migration, source) })
        print.line(source.trimEnd())
        if (!isChecked(values)) return 0
        print.note("The database is not up to date. The migration above would update it.")
        return 1
    }
    const extension = format === "typescript" ? "ts" : "js"
    const file = join(dirname(path ?? name), `${timestamp}-${name}.${extension}`)
    await write(file, source)
    print.json({ format: 1, path: file, ...shown(migration, source) })
    print.line(
        [
            `Wrote ${file}`,
            ...migration.remaining,
            `Next: read it, ${format === "typescript" ? "compile it if your data source is compiled, " : ""}then run it: ` +
                `npx typeorm-autosequence migrate -d ${String(values.dataSource)}`,
        ].join("\n"),
    )
    return 0
}

function shown({ name, up, down, remaining }: GeneratedMigration, source: string) {
    return { migration: { name, up, down, source }, remaining }
}

function prettySource(migration: GeneratedMigration, format: MigrationFormat): string {
    const { up, down } = migration
    return migrationSource({ ...migration, up: prettySteps(up), down: prettySteps(down) }, format)
}

const isChecked = ({ check, ch }: Values) => check === true || ch === true
const isPrinted = (values: Values) =>
    isChecked(values) || values.dryrun === true || values.dr === true

function formatOf({ outputJs, esm }: Values, path: string | undefined): MigrationFormat {
    if (esm) return "esm"
    if (!outputJs) return "typescript"
    return isModule(join(process.cwd(), `${path ?? "migration"}.js`)) ? "esm" : "commonjs"
}

function nameOf(path: string | undefined, timestamp: number): string {
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

function orderOf(values: Values): Record<string, string[]> {
    const order: Record<string, string[]> = {}
    for (const text of textsOf(values, "order-by")) {
        const [, entity, property] = /^([^.]+)\.(.+)$/.exec(text) ?? []
        if (entity === undefined || property === undefined)
            throw new UsageError(`--order-by is "${text}". Give <entity>.<property>.`)
        const properties = (order[entity] ??= [])
        properties.push(property)
    }
    return order
}

function renamesOf(values: Values): Record<string, string | null> {
    const renames = textsOf(values, "rename").map((text): [string, string | null] => {
        const [, from, to] = /^([^=]+)=(.*)$/s.exec(text) ?? []
        if (from === undefined || to === undefined)
            throw new UsageError(`--rename is "${text}". Give <former name>=<name>.`)
        return [from, to === "" ? null : to]
    })
    return Object.fromEntries(renames)
}

/** Now, where none is given; the same however often it is asked for. */
function timestampOf({ timestamp }: Values): number {
    if (timestamp === undefined) return NOW
    if (!/^\d{13}$/.test(String(timestamp)))
        throw new UsageError(`--timestamp is "${String(timestamp)}". Give milliseconds since 1970.`)
    return Number(timestamp)
}

const NOW = Date.now()

async function write(path: string, source: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    try {
        await writeFile(path, source, { flag: "wx" })
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
        throw new Error(`${path} already exists. Give another name.`, {
            cause: error,
        })
    }
}
