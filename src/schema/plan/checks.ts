import {
    type DataSource,
    type EntityMetadata,
    type QueryRunner,
    type Table,
    TableCheck,
} from "typeorm"
import { isLate, numberColumns, type Series } from "../../series/series"
import { CHECK_PREFIX } from "../../series/when/numbered-check"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import type { StoredCheck } from "../../dialects/statements/schema-statements"
import type { CheckMetadata } from "../../typeorm/metadata/check-metadata"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import type { Steps } from "./steps"

/** @internal The constraints that rows have their numbers, as a table has them. */
export interface Checks {
    /** Those that are declared, and not there. */
    readonly missing: readonly CheckMetadata[]
    /** Those of former conditions, where TypeORM does not remove them. */
    readonly former: readonly StoredCheck[]
}

/** What is known of a table. */
interface CheckedTable {
    readonly metadata: EntityMetadata
    readonly dialect: Dialect
    readonly checks: Checks
}

/** @internal */
export async function findChecks(
    runner: QueryRunner,
    { schema: { checks } }: Dialect,
    metadata: EntityMetadata,
    table?: Table,
): Promise<Checks> {
    const declared = metadata.checks.filter(({ name }) => name.startsWith(CHECK_PREFIX))
    const { database } = dataSourceOf(metadata).driver.parseTableName(metadata)
    const own = checks
        ? await select<StoredCheck>(
              runner,
              checks.select(database, metadata.tableName, CHECK_PREFIX),
          )
        : []
    const names = [...own, ...(table?.checks ?? [])].map(({ name }) => name)
    return {
        missing: declared.filter(({ name }) => !names.includes(name)),
        former: own.filter(({ name }) => !declared.some((check) => check.name === name)),
    }
}

/**
 * Removes the constraints of former conditions, before the columns go that they are about. A table may have no
 * number any more.
 * @internal
 */
export async function dropFormerChecks(
    runner: QueryRunner,
    steps: Steps,
    dataSource: DataSource,
): Promise<void> {
    const dialect = dialectOf(dataSource)
    const { checks } = dialect?.schema ?? {}
    if (!dialect || !checks) return
    for (const metadata of dataSource.entityMetadatas) {
        if (metadata.tableType !== "regular" || !metadata.synchronize) continue
        const table = tableName(metadata)
        const { former } = await findChecks(runner, dialect, metadata)
        for (const { name, expression } of former)
            await steps.sql(
                { sql: checks.remove(table, name) },
                "The condition of a number has changed.",
                { sql: checks.add(table, name, expression) },
            )
    }
}

/** @internal Adds the constraints that are missing, when the rows have their numbers. */
export async function addChecks(
    steps: Steps,
    table: Table | undefined,
    { metadata, dialect: { schema }, checks }: CheckedTable,
): Promise<void> {
    const { missing } = checks
    if (missing.length === 0) return
    if (!schema.checks) {
        if (table)
            await steps.schema(async (runner) => {
                await runner.createCheckConstraints(table, missing.map(TableCheck.create))
                // Where TypeORM makes the table anew, it does so of this one.
                for (const check of missing.map(TableCheck.create))
                    if (!table.checks.some(({ name }) => name === check.name))
                        table.addCheckConstraint(check)
            })
        return
    }
    const name = tableName(metadata)
    for (const check of missing)
        await steps.sql(
            { sql: schema.checks.add(name, check.name, check.expression) },
            "A row for which the condition holds has a number.",
            { sql: schema.checks.remove(name, check.name) },
        )
}

/** @internal The columns that are NOT NULL, and whose rows are without a number first. */
export function tightColumns(all: readonly Series[], table: Table): ColumnMetadata[] {
    const late = all.filter(isLate)
    const columns = late.flatMap(numberColumns)
    return columns.filter(
        (column) =>
            column.isNullable && table.findColumnByName(column.databaseName)?.isNullable === false,
    )
}
