import type { DataSource, QueryRunner, Table } from "typeorm"
import { isPeriodic, type PeriodicSeries } from "../../../series/periods/period-sql"
import { placeOf, type Series } from "../../../series/series"
import { allSeriesOf } from "../../../series/sharers"
import { type ColumnMetadata, columnName, tableName } from "../../../typeorm/names"
import { hasRows, select } from "../../../typeorm/statement"

/** @internal The column of the period, where rows may be without it. */
export function findLoosePeriod(
    { period: { column } }: PeriodicSeries,
    table: Table,
): ColumnMetadata[] {
    const stored = table.findColumnByName(column.databaseName)
    return !column.isNullable && (stored?.isNullable ?? true) ? [column] : []
}

/** @internal The series whose rows have a number and no period, as the way back of a migration leaves them. */
export async function findStranded(
    runner: QueryRunner,
    all: readonly Series[],
    table: Table,
): Promise<PeriodicSeries[]> {
    const stranded: PeriodicSeries[] = []
    for (const series of all.filter(isPeriodic)) {
        const { column, period, metadata } = series
        const stored = (one: ColumnMetadata) => table.findColumnByName(one.databaseName)
        if (!stored(column) || !stored(period.column)?.isNullable) continue
        const where = `${columnName(column)} IS NOT NULL AND ${columnName(period.column)} IS NULL`
        if (await hasRows(runner, `${tableName(metadata)} WHERE ${where}`)) stranded.push(series)
    }
    return stranded
}

/** @internal The problems of databases whose time zone tables have to be loaded before they can compute periods. */
export async function zoneProblems(
    runner: QueryRunner,
    dataSource: DataSource,
    asked: (series: PeriodicSeries) => boolean = ({ strategy }) => strategy === "trigger",
): Promise<string[]> {
    const problems: string[] = []
    const all = [...allSeriesOf(dataSource).values()].flat().filter(isPeriodic)
    for (const series of all.filter(asked)) {
        const { period, dialect } = series
        const { probe, dayOf, zone } = dialect.periods
        if (!probe || period.content === "day") continue
        const writtenIn = period.content === "clock" ? period.writtenIn : "UTC"
        // Whichever zones rows have, they are in the same tables.
        const to = zone(period.zone.fixed ?? "Europe/Berlin")
        const day = dayOf("'2026-01-01 12:00:00'", { content: "clock", writtenIn }, to) ?? "1"
        const [found] = await select<{ day: unknown }>(runner, { sql: `SELECT ${day} AS day` })
        if (found?.day === null)
            problems.push(
                `${placeOf(series)}: the database does not know the time zones that its periods need, and would ` +
                    `convert dates to NULL. ${probe.remedy}`,
            )
    }
    return problems
}
