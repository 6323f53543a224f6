import type { EntityMetadata, QueryRunner, Table } from "typeorm"
import { counterTableOf } from "../../series/own-table"
import { beforeFirst } from "../../numbers/number-values"
import { textSql } from "../../series/documents/document-sql"
import { conditionSql } from "../../series/when/row-condition"
import { hasRows, type Statement } from "../../typeorm/statement"
import { keyOfRow } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { selectNumbers } from "./counters-in-rows"

/** Where numbers may exist already; new numbers continue after them. */
interface Predecessors {
    /** Whether rows of the table itself may have one. */
    readonly ownRows: boolean
    /** Other columns with the same counters. */
    readonly sharers: readonly Series[]
    readonly counters: boolean
}

/** @internal Which rows are to be given a number: those with NULL, and on demand those with 0; no drafts. */
export function isUnnumbered(
    { column, when, dialect }: Series,
    row: string,
    renumber = false,
): string {
    const name = (one: ColumnMetadata) => `${row}.${columnName(one)}`
    const isBlank = renumber ? `COALESCE(${name(column)}, 0) = 0` : `${name(column)} IS NULL`
    return when ? `${isBlank} AND ${conditionSql(when, dialect, name)}` : isBlank
}

/** @internal Numbers the rows of a table that have no number, and gives them its texts. */
export function numberRows(
    series: Series,
    { ownRows, sharers, counters }: Predecessors,
    order: readonly ColumnMetadata[],
    renumber: boolean,
): Statement {
    const { dataSource, metadata, column, incrementBy } = series
    const { expressions, schema } = series.dialect
    const keys = metadata.primaryColumns.map(columnName)
    const number = `r.${columnName(column)}`
    const table = tableName(metadata)

    const scope = series.scopeColumns.map((c) => `r.${columnName(c)}`)
    const over = (by: readonly string[], sorted = "") => {
        const partition = by.length > 0 ? `PARTITION BY ${by.join(", ")}` : ""
        return `OVER (${[partition, sorted].filter(Boolean).join(" ")})`
    }
    const base = String(beforeFirst(series))
    const highest = dataSource.driver.escape("highest")
    const others = counters || sharers.length > 0
    const starts = [
        ...(ownRows ? [`COALESCE(MAX(${number}) ${over(scope)}, ${base})`] : []),
        ...(others ? [`COALESCE(o.${highest}, ${base})`] : []),
    ]
    const start = starts.reduce((a, b) => expressions.greatest(a, b), base)
    const isDue = `CASE WHEN ${isUnnumbered(series, "r", renumber)} THEN 1 ELSE 0 END`
    const at = `ROW_NUMBER() ${over(
        ownRows || series.when ? [...scope, isDue] : scope,
        orderOf(metadata, order, "r"),
    )}`
    const step = incrementBy === 1n ? at : `${incrementBy} * ${at}`
    const next = start === "0" ? step : `${start} + ${step}`
    const rows =
        `SELECT ${keys.map((key) => `r.${key}`).join(", ")}, ${next} AS ${columnName(column)} FROM ${table} r` +
        (others ? ` LEFT JOIN (${selectOthers(series, { sharers, counters })}) o` : "") +
        (others ? ` ON o.${dataSource.driver.escape("key")} = ${keyOfRow(series, "r")}` : "")
    const numbered = `w.${columnName(column)}`
    return {
        sql: schema.numberRows({
            ...{ table, keys, rows },
            assigned: [
                [columnName(column), numbered],
                // No row may have the one without the other.
                ...series.documents.flatMap((document): [string, string][] => {
                    const text = columnName(document.column)
                    const sql = textSql(document, numbered)
                    if (sql === undefined) return []
                    // That of 0 is no longer the row's.
                    return [[text, renumber ? sql : `COALESCE(t.${text}, ${sql})`]]
                }),
            ],
            where: isUnnumbered(series, "t", renumber),
        }),
        ...(counters ? { parameters: [series.name] } : {}),
    }
}

/** @internal How rows are ordered by some columns: those that are equal in them by primary key. */
export function orderOf(
    { primaryColumns }: EntityMetadata,
    order: readonly ColumnMetadata[],
    row: string,
): string {
    const columns = [...order, ...primaryColumns.filter((column) => !order.includes(column))]
    // Databases disagree about the place of NULL.
    const terms = columns.flatMap((column) => {
        const name = `${row}.${columnName(column)}`
        return column.isNullable ? [`${name} IS NULL`, name] : [name]
    })
    return `ORDER BY ${terms.join(", ")}`
}

function selectOthers(
    { name, dataSource }: Series,
    { sharers, counters }: Omit<Predecessors, "ownRows">,
): string {
    const { driver } = dataSource
    const [key, highest] = [driver.escape("key"), driver.escape("highest")]
    const parts: string[] = []
    if (counters) {
        const table = counterTableOf(dataSource)
        parts.push(
            `SELECT ${table.scope} AS ${key}, ${table.last} AS ${highest} FROM ${table.name} ` +
                `WHERE ${table.series} = ${driver.createParameter(name, 0)}`,
        )
    }
    if (sharers.length > 0) parts.push(selectNumbers(sharers))
    return (
        `SELECT u.${key}, MAX(u.${highest}) AS ${highest} ` +
        `FROM (${parts.join(" UNION ALL ")}) u GROUP BY u.${key}`
    )
}

/** @internal Whether rows lack a number. True if a column of the condition does not exist yet, because then it is unknown. */
export function hasUnnumbered(runner: QueryRunner, series: Series, table: Table): Promise<boolean> {
    const asked = (series.when ?? []).map(({ column }) => column.databaseName)
    if (!asked.every((name) => table.findColumnByName(name))) return Promise.resolve(true)
    return hasRows(runner, `${tableName(series.metadata)} t WHERE ${isUnnumbered(series, "t")}`)
}

/** @internal */
export function hasZeros(runner: QueryRunner, { metadata, column }: Series): Promise<boolean> {
    return hasRows(runner, `${tableName(metadata)} WHERE ${columnName(column)} = 0`)
}
