import { columnName, ofRow, tableName } from "../typeorm/names"
import { keyOfRow } from "../series/scopes/scope-key"
import type { Series } from "../series/series"
import type { Statement } from "../typeorm/statement"
import { type Restriction, withinScopes } from "./scopes/within-scopes"
import { type Audited, type AuditedColumn, ownName } from "./statements"

/** A condition about rows that have a number. */
function whereNumbered(
    series: Series,
    scopes: Restriction,
    parameters: unknown[],
    more: readonly string[] = [],
): string {
    const isNumbered = `${ofRow(series.column)} IS NOT NULL`
    return [isNumbered, ...withinScopes(series, scopes, parameters), ...more].join(" AND ")
}

/** What a window function looks at beside the number. */
interface Windowed {
    /** Over the row `t`; the number itself where there is none. */
    readonly value?: (column: AuditedColumn) => string
    readonly look: "next" | "highest before"
    /** A condition over the row `w`. */
    where(number: string, value: string, beside: string): string
}

/**
 * Selects `key`, `number` and `beside`: each row beside another one of its scope, in the order of numbers. Rows of one
 * table stay in the order of its index.
 */
function selectBeside(
    audited: Audited,
    scopes: Restriction,
    { value, look, where }: Windowed,
): Statement {
    const [{ series }] = audited
    const { dialect } = series
    const [key, number, own, beside] = ["key", "number", "value", "beside"].map((text) =>
        ownName(series, text),
    ) as [string, string, string, string]
    const parameters: unknown[] = []
    const isOne = audited.length === 1
    const tables = audited.map((column) => {
        const of = ofRow(column.series.column)
        const selected = [
            ...(isOne
                ? series.scopeColumns.map(ofRow)
                : [`${keyOfRow(column.series, "t")} AS ${key}`]),
            `${of} AS ${number}`,
            `${value ? value(column) : of} AS ${own}`,
        ]
        const from = `${tableName(column.series.metadata)} t`
        return `SELECT ${selected.join(", ")} FROM ${from} WHERE ${whereNumbered(column.series, scopes, parameters)}`
    })
    // Not by rows: several of them may have one number.
    const before = look === "next" ? "" : " RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    const parts = isOne ? series.scopeColumns.map((one) => `v.${columnName(one)}`) : [`v.${key}`]
    const partition = parts.length > 0 ? `PARTITION BY ${parts.join(", ")} ` : ""
    const windows =
        `SELECT ${[...parts, `v.${number}`, `v.${own}`].join(", ")}, ` +
        `${look === "next" ? "LEAD" : "MAX"}(v.${own}) OVER (${partition}ORDER BY v.${number}${before}) AS ${beside} ` +
        `FROM (${tables.join(" UNION ALL ")}) v`
    const { integer } = dialect.audit
    const shown = (sql: string) => (value ? dialect.expressions.text(sql) : integer(sql))
    return {
        sql:
            `SELECT ${isOne ? keyOfRow(series, "w") : `w.${key}`} AS ${key}, ${integer(`w.${number}`)} AS ${number}, ` +
            `${shown(`w.${beside}`)} AS ${beside} FROM (${windows}) w ` +
            `WHERE ${where(`w.${number}`, `w.${own}`, `w.${beside}`)} ORDER BY w.${number}`,
        parameters,
    }
}

/** @internal A row of {@link selectGaps} and of {@link selectUnordered}. */
export interface BesideRow {
    readonly key: string
    readonly number: string
    readonly beside: string
}

/** @internal Selects {@link BesideRow} rows: a number, and the next one, where others are missing between them. */
export function selectGaps(audited: Audited, scopes: Restriction): Statement {
    const { incrementBy } = audited[0].series
    return selectBeside(audited, scopes, {
        look: "next",
        where: (number, _, next) => `${next} - ${number} > ${incrementBy}`,
    })
}

/** @internal The same: a number whose date lies before that of a lower one. */
export function selectUnordered(audited: Audited, scopes: Restriction): Statement {
    return selectBeside(audited, scopes, {
        look: "highest before",
        value: ({ series: { period } }) => (period ? ofRow(period.date) : "NULL"),
        where: (_, date, before) => `${date} < ${before}`,
    })
}

/** @internal A number that several rows have. */
export interface DuplicateRow {
    readonly key: string
    readonly number: string
    readonly rows: string
}

/**
 * Selects {@link DuplicateRow} rows. Where indexes keep a table from having any, it is asked for the rows alone that
 * these say nothing about.
 * @internal
 */
export function selectDuplicates(audited: Audited, scopes: Restriction): Statement {
    const [{ series }] = audited
    const { integer } = series.dialect.audit
    const [key, number, rows] = ["key", "number", "rows"].map((text) => ownName(series, text)) as [
        string,
        string,
        string,
    ]
    const parameters: unknown[] = []
    const tables = audited.map(({ series: own, unique }) => {
        const columns = [...own.scopeColumns, own.column].map(ofRow)
        const loose = unique === "no" || audited.length > 1 ? [] : unique
        const nulls = loose.map((name) => `t.${name} IS NULL`)
        const where = whereNumbered(
            own,
            scopes,
            parameters,
            nulls.length > 0 ? [`(${nulls.join(" OR ")})`] : [],
        )
        const groups =
            `SELECT ${columns.join(", ")}, COUNT(*) AS ${rows} FROM ${tableName(own.metadata)} t ` +
            `WHERE ${where} GROUP BY ${columns.join(", ")}${audited.length === 1 ? " HAVING COUNT(*) > 1" : ""}`
        return `SELECT ${keyOfRow(own, "g")} AS ${key}, g.${columnName(own.column)} AS ${number}, g.${rows} AS ${rows} FROM (${groups}) g`
    })
    return {
        sql:
            `SELECT u.${key} AS ${key}, ${integer(`u.${number}`)} AS ${number}, ${integer(`SUM(u.${rows})`)} AS ${rows} ` +
            `FROM (${tables.join(" UNION ALL ")}) u GROUP BY u.${key}, u.${number} HAVING SUM(u.${rows}) > 1 ` +
            `ORDER BY u.${number}`,
        parameters,
    }
}

/** @internal Selects `key` and `number` of the rows that a check finds. */
export function selectWrong(
    { series, checks }: AuditedColumn,
    kind: string,
    scopes: Restriction,
): Statement | undefined {
    const check = checks.bySql.find((one) => one.kind === kind)
    if (!check) return undefined
    const parameters: unknown[] = []
    const number = ofRow(series.column)
    const where = whereNumbered(series, scopes, parameters, [check.wrong])
    return {
        sql:
            `SELECT ${keyOfRow(series, "t")} AS ${ownName(series, "key")}, ` +
            `${series.dialect.audit.integer(number)} AS ${ownName(series, "number")} ` +
            `FROM ${tableName(series.metadata)} t WHERE ${where} ORDER BY ${number}`,
        parameters,
    }
}

/** @internal Selects `key`, `number` and `c0` …: what a check reads of every row with a number. */
export function selectRead(
    { series }: AuditedColumn,
    columns: readonly string[],
    scopes: Restriction,
    where?: string,
): Statement {
    const parameters: unknown[] = []
    const number = ofRow(series.column)
    const read = columns.map((sql, at) => `${sql} AS ${ownName(series, `c${at}`)}`)
    return {
        sql:
            `SELECT ${[`${keyOfRow(series, "t")} AS ${ownName(series, "key")}`, `${series.dialect.audit.integer(number)} AS ${ownName(series, "number")}`, ...read].join(", ")} ` +
            `FROM ${tableName(series.metadata)} t WHERE ${whereNumbered(series, scopes, parameters, where === undefined ? [] : [where])}`,
        parameters,
    }
}
