import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import type { Scope } from "../../dialects/columns"
import { settingTableOf } from "../../series/own-table"
import { scopeWith } from "../../series/scopes/scope"
import { keysOf } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { select, type Sender } from "../../typeorm/statement"

/** What is set for scopes while the application runs. */
type SettingName = "format" | "code"

interface Setting {
    /** The key of the scope, without its period. */
    readonly scope: string
    readonly name: SettingName
    /** The date from which a format holds, or the period that a code is of; empty for all. */
    readonly since: string
    readonly value: string
}

/** @internal The same series without its periods: settings hold for all of them, or say which. */
export function withoutPeriod(series: Series): Series {
    const { period, scope, scopeColumns } = series
    if (!period) return series
    return {
        ...series,
        period: undefined,
        scope: scope.filter(({ columns }) => !columns.includes(period.column)),
        scopeColumns: scopeColumns.filter((column) => column !== period.column),
    }
}

/** @internal The keys under which the settings of scopes are kept, in their order. */
export function settingKeysOf(
    runner: Sender,
    series: Series,
    scopes: readonly Scope[],
): string[] | Promise<string[]> {
    const count = withoutPeriod(series).scopeColumns.length
    const own = scopes.map(({ values }) => scopeWith(values.slice(0, count)))
    return keysOf(runner, withoutPeriod(series), own)
}

/**
 * The settings of scopes of a series, ordered by name and by since, in one statement.
 * @internal
 */
export async function readSettings(
    runner: Sender,
    series: Pick<Series, "name">,
    scopeKeys: readonly string[],
): Promise<Setting[]> {
    if (scopeKeys.length === 0) return []
    const dataSource = dataSourceOf(runner)
    const { driver } = dataSource
    const { table, scope, name, since, value, ...t } = settingTableOf(dataSource)
    const keys = [...new Set(scopeKeys)]
    const are = keys.map((_, at) => driver.createParameter("", at + 1)).join(", ")
    const as = (column: string, to: string) => `${column} AS ${driver.escape(to)}`
    return select<Setting>(runner, {
        sql:
            `SELECT ${as(scope, "scope")}, ${as(name, "name")}, ${as(since, "since")}, ${as(value, "value")} ` +
            `FROM ${table} WHERE ${t.series} = ${driver.createParameter("", 0)} AND ${scope} IN (${are}) ` +
            `ORDER BY ${name}, ${since}`,
        parameters: [series.name, ...keys],
    })
}

/** @internal Sets one; resolves to what it was before. */
export async function writeSetting(
    runner: Sender,
    series: Pick<Series, "name">,
    setting: Setting,
): Promise<string | null> {
    const dataSource = dataSourceOf(runner)
    const { driver } = dataSource
    const { journal, rowLock } = dialectOf(dataSource) as Dialect
    const own = settingTableOf(dataSource)
    const { table, scope, name, since, value, setAt } = own
    const key = [series.name, setting.scope, setting.name, setting.since]
    const columns = [own.series, scope, name, since]
    const where = columns
        .map((column, at) => `${column} = ${driver.createParameter("", at)}`)
        .join(" AND ")
    const [before] = await select<{ value: string }>(runner, {
        sql: `SELECT ${value} AS ${driver.escape("value")} FROM ${table} WHERE ${where}${rowLock}`,
        parameters: key,
    })
    const values = [...key, setting.value].map((_, at) => driver.createParameter("", at))
    await runner.query(
        `INSERT INTO ${table} (${[...columns, value, setAt].join(", ")}) ` +
            `VALUES (${[...values, journal.now].join(", ")}) ${journal.onSet(own)}`,
        [...key, setting.value],
    )
    return before?.value ?? null
}
