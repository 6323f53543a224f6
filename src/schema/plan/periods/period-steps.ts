import type { QueryRunner } from "typeorm"
import { InvalidPeriodError, UnsupportedError } from "../../../errors"
import { type PeriodicSeries, periodSql } from "../../../series/periods/period-sql"
import { zoneColumns } from "../../../series/periods/zone"
import { placeOf } from "../../../series/series"
import { conditionSql } from "../../../series/when/row-condition"
import { type ColumnMetadata, columnName, ofRow, tableName } from "../../../typeorm/names"
import { countRows } from "../../../typeorm/statement"
import type { Inventory, ServedTable } from "../inventory"
import { isUnnumbered } from "../number-rows"
import { zoneProblems } from "./periods"
import type { Steps } from "../steps"

/** @internal Gives stored rows the periods of their dates: rows with a number, and those that will have one. */
export async function fillPeriods(steps: Steps, served: ServedTable): Promise<void> {
    const { periods, metadata } = served
    for (const series of periods) {
        const sql = periodSql(series)
        if (sql === undefined) continue
        const column = columnName(series.period.column)
        await steps.sql(
            {
                sql: `UPDATE ${tableName(metadata)} AS t SET ${column} = ${sql}${whereOf(series, served)}`,
            },
            `Rows of ${metadata.tablePath} get the periods of their dates.`,
        )
    }
}

function whereOf(
    series: PeriodicSeries,
    { blank, uncounted }: Pick<ServedTable, "blank" | "uncounted">,
    /** Before its column is there, no row has a number, nor a period. */
    isThere: (column: ColumnMetadata) => boolean = () => true,
): string {
    const { when, dialect, column, period } = series
    const isAdded = isThere(column)
    const isNumbered = isAdded ? `${ofRow(column)} IS NOT NULL` : "1 = 0"
    const isDue = when && (isAdded ? isUnnumbered(series, "t") : conditionSql(when, dialect, ofRow))
    const isMeant = isDue ? `(${isNumbered} OR (${isDue}))` : "1 = 1"
    const conditions = [
        blank.includes(series) ? isMeant : isNumbered,
        // The others keep those by which they were numbered.
        ...(isAdded && isThere(period.column) && !uncounted.includes(series)
            ? [`(${ofRow(column)} IS NULL OR ${ofRow(period.column)} IS NULL)`]
            : []),
    ]
    return ` WHERE ${conditions.join(" AND ")}`
}

/** @internal Refuses to fill what can't be told of rows that are there. */
export async function refuseUnfillable(runner: QueryRunner, served: ServedTable): Promise<void> {
    const isThere = ({ databaseName }: ColumnMetadata) =>
        served.table.findColumnByName(databaseName) !== undefined
    for (const series of served.periods) {
        const { period, metadata, when = [] } = series
        if (!when.every((test) => isThere(test.column))) continue
        const where = whereOf(series, served, isThere)
        const count = (condition: string) =>
            countRows(runner, `${tableName(metadata)} t${where}${condition}`)
        const missing = [period.date, ...zoneColumns(period.zone)].find(
            ({ databaseName }) => !served.table.findColumnByName(databaseName),
        )
        if (missing && (await count("")) > 0)
            throw new InvalidPeriodError(
                `${placeOf(series)}: the period of existing rows depends on ${missing.propertyPath}, which ` +
                    `${metadata.tablePath} does not have yet. First add and fill that column in another migration.`,
            )
        if (missing) continue
        const sql = periodSql(series)
        const isStored = served.table.findColumnByName(period.column.databaseName) !== undefined
        const lacking = isStored ? ` AND ${ofRow(period.column)} IS NULL` : ""
        if (sql === undefined) {
            if ((await count(lacking)) > 0)
                throw new UnsupportedError(
                    `${placeOf(series)}: this database has no time zones, so it can't compute the periods of existing ` +
                        `rows. First add and fill the column ${period.column.databaseName} in a migration of your own.`,
                )
            continue
        }
        const without = await count(` AND (${sql}) IS NULL`)
        if (without > 0)
            throw new InvalidPeriodError(
                `${placeOf(series)}: ${without} ${without === 1 ? "row has" : "rows have"} no period, because the ` +
                    `date or the time zone is not set. Set it first: SELECT * FROM ${tableName(metadata)} WHERE ` +
                    `${columnName(period.date)} IS NULL.`,
            )
    }
}

/** @internal */
export async function refuseUnknownZones(
    runner: QueryRunner,
    { dataSource, tables }: Inventory,
): Promise<void> {
    const filled = tables.flatMap(({ periods }) => periods)
    const problems = await zoneProblems(
        runner,
        dataSource,
        (series) =>
            series.strategy === "trigger" || filled.some((one) => one.column === series.column),
    )
    if (problems.length > 0) throw new UnsupportedError(problems.join("\n"))
}
