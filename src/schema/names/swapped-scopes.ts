import type { DataSource, QueryRunner } from "typeorm"
import { placeOfEntity } from "../../audit/tables"
import type { StoredIndexColumn } from "../../dialects/statements/upkeep/audit-statements"
import { InvalidOptionError } from "../../errors"
import { groupBy } from "../../group-by"
import { counterTableOf } from "../../series/own-table"
import { keySql } from "../../series/scopes/scope-key"
import { hasCounters, placeOf, type Series } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { type ColumnMetadata, tableName } from "../../typeorm/names"
import { select, type Statement } from "../../typeorm/statement"
import { type NameOf, type RenamedColumns, storedNames } from "./stored-names"

/** @internal Refuses to count by keys whose values are in another order than those of the counters that are there. */
export async function refuseSwappedScopes(
    runner: QueryRunner,
    dataSource: DataSource,
    renamedColumns?: RenamedColumns,
): Promise<void> {
    const problems = await findSwappedScopes(runner, dataSource, renamedColumns)
    if (problems.length > 0) throw new InvalidOptionError(problems.join("\n"))
}

/**
 * The numbers whose `uniqueWith` is in another order than it was. No schema tells of it: the index stays, and shows the
 * former order, by which the counters are still found. Their tables are there, and that of the counters.
 * @internal
 */
export async function findSwappedScopes(
    runner: QueryRunner,
    dataSource: DataSource,
    renamedColumns?: RenamedColumns,
): Promise<string[]> {
    const problems: string[] = []
    const storedName = storedNames(renamedColumns)
    for (const series of [...allSeriesOf(dataSource).values()].flat()) {
        if (!hasCounters(series) || series.scopeColumns.length < 2) continue
        const former = await formerOrder(runner, series, storedName)
        if (former && (await select(runner, foundByFormer(series, former, storedName))).length > 0)
            problems.push(problem(series, former))
    }
    return problems
}

/** As a unique index has the columns of a scope, where none has them in their order of today. */
async function formerOrder(
    runner: QueryRunner,
    { dialect, metadata, column, scopeColumns }: Series,
    storedName: NameOf,
): Promise<ColumnMetadata[] | undefined> {
    const statement = dialect.audit.uniqueIndexes(placeOfEntity(metadata))
    const indexes = groupBy(await select<StoredIndexColumn>(runner, statement), (one) => one.index)
    const own = [column, ...scopeColumns]
    const orders = [...indexes.values()]
        .map((all) => all.map((one) => own.find((it) => storedName(it) === one.column)))
        .filter((columns) => columns.length === own.length && own.every((c) => columns.includes(c)))
        .map((columns) => columns.filter((one) => one !== undefined && one !== column))
    const isToday = (order: (typeof orders)[number]) =>
        scopeColumns.every((one, at) => one === order[at])
    return orders.some(isToday) ? undefined : (orders[0] as ColumnMetadata[] | undefined)
}

/** Selects a row if a scope whose counter is missing, or behind its rows, has one by its former key. */
function foundByFormer(
    series: Series,
    former: readonly ColumnMetadata[],
    storedName: NameOf,
): Statement {
    const { dataSource, dialect, metadata, column, scopeColumns } = series
    const counted = storedSeries(series, storedName)
    const { driver } = dataSource
    const counter = counterTableOf(dataSource)
    const ofRow = (one: ColumnMetadata) => `r.${driver.escape(storedName(one))}`
    const keyOf = (columns: readonly ColumnMetadata[]) =>
        dialect.schema.exactly(keySql(columns, dialect, ofRow))
    const number = ofRow(column)
    const join = (alias: string, at: number, key: string) =>
        dialect.schema.joinCounter(counter, alias, driver.createParameter("series", at), key)
    return {
        sql:
            `SELECT 1 AS found FROM (SELECT s.k, s.f, MAX(s.n) AS n FROM (SELECT ${keyOf(scopeColumns)} AS k, ` +
            `${keyOf(former)} AS f, ${number} AS n FROM ${tableName(metadata)} r WHERE ${number} IS NOT NULL) s ` +
            `GROUP BY s.k, s.f) r ${join("c", 0, "r.k")} ${join("d", 1, "r.f")} ` +
            `WHERE (c.${counter.last} IS NULL OR c.${counter.last} < r.n) AND d.${counter.last} IS NOT NULL LIMIT 1`,
        parameters: [counted, counted],
    }
}

/** Under which the counters are, as long as the column has its stored name. */
function storedSeries({ name, column }: Series, storedName: NameOf): string {
    const own = `.${column.databaseName}`
    return name.endsWith(own) ? `${name.slice(0, -own.length)}.${storedName(column)}` : name
}

function problem(series: Series, former: readonly ColumnMetadata[]): string {
    const { dataSource, scopeColumns, name } = series
    const { name: table, series: of } = counterTableOf(dataSource)
    const list = (columns: readonly ColumnMetadata[]) =>
        columns.map(({ databaseName }) => databaseName).join(", ")
    return (
        `${placeOf(series)}: the columns of uniqueWith are ${list(scopeColumns)}, and its counters are those of ` +
        `${list(former)}: they are kept by that order, and numbers would begin anew after the rows, or go on after ` +
        "those of another scope. Give uniqueWith its former order again. If the order has to change, delete the " +
        `counters while the application doesn't run (DELETE FROM ${table} WHERE ${of} = '${name}'): then the number ` +
        "of a deleted last row is given again. If the order was never another one, call resyncCounters(), which " +
        "makes the counters that rows lack."
    )
}
