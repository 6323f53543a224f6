import type { DataSource } from "typeorm"
import { counterTableOf } from "../../series/own-table"
import { beforeFirst } from "../../numbers/number-values"
import type { Statement } from "../../typeorm/statement"
import { InvalidOptionError } from "../../errors"
import type { Series } from "../../series/series"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { keyOfRow, selectNumbers } from "./counters-in-rows"

/**
 * By which columns the rows are ordered that have no number yet: an entity's name, and the
 * properties, the first one first. Rows that are equal in them are ordered by primary key.
 */
export type NumberingOrder = Readonly<Record<string, string | readonly string[]>>

/** @internal What may hold numbers already, which the new ones go on after. */
export interface Predecessors {
    /** Whether rows of the table itself may have one. */
    readonly ownRows: boolean
    /** Other columns with the same counters. */
    readonly sharers: readonly Series[]
    readonly counters: boolean
}

/** @internal Numbers the rows of a table that have no number. */
export function numberRows(
    series: Series,
    { ownRows, sharers, counters }: Predecessors,
    order: readonly ColumnMetadata[],
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
    const sorted = [...order, ...metadata.primaryColumns.filter((c) => !order.includes(c))]
        // Databases disagree about the place of NULL.
        .flatMap((c) => [
            ...(c.isNullable ? [`r.${columnName(c)} IS NULL`] : []),
            `r.${columnName(c)}`,
        ])
        .join(", ")
    const base = String(beforeFirst(series))
    const highest = dataSource.driver.escape("highest")
    const others = counters || sharers.length > 0
    const starts = [
        ...(ownRows ? [`COALESCE(MAX(${number}) ${over(scope)}, ${base})`] : []),
        ...(others ? [`COALESCE(o.${highest}, ${base})`] : []),
    ]
    const start = starts.reduce((a, b) => expressions.greatest(a, b), base)
    const at = `ROW_NUMBER() ${over(
        ownRows ? [...scope, `${number} IS NULL`] : scope,
        `ORDER BY ${sorted}`,
    )}`
    const step = incrementBy === 1n ? at : `${incrementBy} * ${at}`
    const next = start === "0" ? step : `${start} + ${step}`
    const rows =
        `SELECT ${keys.map((key) => `r.${key}`).join(", ")}, ${next} AS ${columnName(column)} FROM ${table} r` +
        (others ? ` LEFT JOIN (${selectOthers(series, { sharers, counters })}) o` : "") +
        (others ? ` ON o.${dataSource.driver.escape("key")} = ${keyOfRow(series, "r")}` : "")
    return {
        sql: schema.numberRows({ table, column: columnName(column), keys, rows }),
        ...(counters ? { parameters: [series.name] } : {}),
    }
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

/** @internal Looks up the columns that rows are to be ordered by. */
export function orderOf(
    dataSource: DataSource,
    order: NumberingOrder = {},
): ReadonlyMap<string, ColumnMetadata[]> {
    return new Map(
        Object.entries(order).map(([entity, paths]) => {
            const metadata = dataSource.entityMetadatas.find(({ name }) => name === entity)
            if (!metadata)
                throw new InvalidOptionError(
                    `orderBy names the entity "${entity}", which the data source does not have.`,
                )
            const columns = (typeof paths === "string" ? [paths] : paths).flatMap((path) => {
                const relation = metadata.relations.find((r) => r.propertyPath === path)
                const found =
                    relation?.joinColumns ?? metadata.columns.filter((c) => c.propertyPath === path)
                if (found.length === 0)
                    throw new InvalidOptionError(
                        `orderBy names "${path}" of ${entity}, which is no column of it.`,
                    )
                return found
            })
            return [metadata.tablePath, columns]
        }),
    )
}
