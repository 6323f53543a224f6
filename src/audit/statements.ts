import { counterTableOf } from "../series/own-table"
import { keyOfRow } from "../series/scopes/scope-key"
import type { Series } from "../series/series"
import { columnName, ofRow, OWN, tableName } from "../typeorm/names"
import type { Statement } from "../typeorm/statement"
import type { Checks } from "./checks/checks-of"
import type { FindingKind } from "./types"
import { type Restriction, withinScopes } from "./scopes/within-scopes"

/** @internal A numbered column whose table is there, and what is checked of it. */
export interface AuditedColumn {
    readonly series: Series
    readonly checks: Checks
    /**
     * Whether an index keeps a number from being there twice: `"no"` or for rows of which none of these columns is
     * NULL.
     */
    readonly unique: "no" | readonly string[]
}

/** @internal The columns of one series. */
export type Audited = readonly [AuditedColumn, ...AuditedColumn[]]

/** @internal The only scope to audit. */
export interface OneScope {
    readonly key: string
    /** As texts that the columns read. */
    readonly values: readonly (string | null)[]
}

/** @internal A scope as the database returns it, with integers as strings. */
export interface ScopeRow {
    readonly key: string
    readonly rows: string
    readonly first: string | null
    readonly last: string | null
    /** The lowest and the highest remainder of the numbers by their step; NULL where that is 1. */
    readonly lowRest: string | null
    readonly highRest: string | null
    readonly counter: string | null
    readonly movedBy: string | null
    readonly movedAt: string | null
    /** `s0` …: the values of the scope; `k0` …: how many rows each check finds. */
    readonly [name: string]: string | null
}

/** @internal The kinds of the checks that the database makes itself, in the order of their columns. */
export function sqlKindsOf(audited: Audited): FindingKind[] {
    return [...new Set(audited.flatMap(({ checks }) => checks.bySql.map(({ kind }) => kind)))]
}

/**
 * Selects {@link ScopeRow} rows: one for each scope that has rows or a counter, from one pass over each table. The
 * rows are grouped by the columns themselves, and only what is left has a key.
 * @internal
 */
export function selectScopes(audited: Audited, hasCounters: boolean, only?: OneScope): Statement {
    const [{ series }] = audited
    const { dataSource, dialect, scopeColumns } = series
    const { integer, moment } = dialect.audit
    const kinds = sqlKindsOf(audited)
    const scopes = scopeColumns.map((_, at) => ownName(series, `s${at}`))
    const sums = kinds.map((_, at) => ownName(series, `k${at}`))
    const [key, rows, first, last] = ["key", "rows", "first", "last"].map((text) =>
        ownName(series, text),
    ) as Four
    const [lowRest, highRest] = ["lowRest", "highRest"].map((text) => ownName(series, text)) as Two
    const [counter, movedBy, movedAt] = ["counter", "movedBy", "movedAt"].map((text) =>
        ownName(series, text),
    ) as Three
    const noInteger = "NULLIF(0, 0)"
    const noText = "NULLIF('', '')"

    const parameters: unknown[] = []
    const restriction: Restriction = only ? [only.values] : "all"
    const branches = audited.map(({ series: own, checks }) => {
        const number = ofRow(own.column)
        const rest = series.incrementBy > 1n ? `${number} % ${series.incrementBy}` : noInteger
        const grouped = own.scopeColumns.map(ofRow)
        const found = kinds.map((kind, at) => {
            const check = checks.bySql.find((one) => one.kind === kind)
            const sum = check ? `SUM(CASE WHEN ${check.wrong} THEN 1 ELSE 0 END)` : "0"
            return `${sum} AS ${sums[at] ?? ""}`
        })
        const within = withinScopes(own, restriction, parameters)
        const where = within.length > 0 ? ` WHERE ${within.join(" AND ")}` : ""
        const groups =
            `SELECT ${[...grouped, `COUNT(${number}) AS ${rows}`, `MIN(${number}) AS ${first}`, `MAX(${number}) AS ${last}`, `MIN(${rest}) AS ${lowRest}`, `MAX(${rest}) AS ${highRest}`, ...found].join(", ")} ` +
            `FROM ${tableName(own.metadata)} t${where}${grouped.length > 0 ? ` GROUP BY ${grouped.join(", ")}` : ""}`
        const values = own.scopeColumns.map(
            (column, at) =>
                `${dialect.audit.shown(column, `g.${columnName(column)}`)} AS ${scopes[at] ?? ""}`,
        )
        const selected = [
            `${keyOfRow(own, "g")} AS ${key}`,
            ...values,
            `g.${rows} AS ${rows}`,
            `g.${first} AS ${first}`,
            `g.${last} AS ${last}`,
            `g.${lowRest} AS ${lowRest}`,
            `g.${highRest} AS ${highRest}`,
            ...sums.map((sum) => `g.${sum} AS ${sum}`),
            `${noInteger} AS ${counter}`,
            `${noInteger} AS ${movedBy}`,
            `${noText} AS ${movedAt}`,
        ]
        return `SELECT ${selected.join(", ")} FROM (${groups}) g`
    })
    if (hasCounters) {
        const table = counterTableOf(dataSource)
        const parameter = (value: unknown) =>
            dataSource.driver.createParameter("", parameters.push(value) - 1)
        const ofSeries = `c.${table.series} = ${parameter(series.name)}`
        const ofScope = only ? ` AND c.${table.scope} = ${parameter(only.key)}` : ""
        branches.push(
            `SELECT ${[
                `c.${table.scope}`,
                ...scopes.map(() => noText),
                "0",
                ...[first, last, lowRest, highRest].map(() => noInteger),
                ...sums.map(() => "0"),
                `c.${table.last}`,
                `c.${table.movedBy}`,
                moment(`c.${table.movedAt}`),
            ].join(", ")} FROM ${table.name} c WHERE ${ofSeries}${ofScope}`,
        )
    }
    const all = [
        `u.${key} AS ${key}`,
        ...scopes.map((scope) => `MIN(u.${scope}) AS ${scope}`),
        `${integer(`SUM(u.${rows})`)} AS ${rows}`,
        `${integer(`MIN(u.${first})`)} AS ${first}`,
        `${integer(`MAX(u.${last})`)} AS ${last}`,
        `${integer(`MIN(u.${lowRest})`)} AS ${lowRest}`,
        `${integer(`MAX(u.${highRest})`)} AS ${highRest}`,
        ...sums.map((sum) => `${integer(`SUM(u.${sum})`)} AS ${sum}`),
        `${integer(`MAX(u.${counter})`)} AS ${counter}`,
        `${integer(`MAX(u.${movedBy})`)} AS ${movedBy}`,
        `MAX(u.${movedAt}) AS ${movedAt}`,
    ]
    return {
        sql: `SELECT ${all.join(", ")} FROM (${branches.join(" UNION ALL ")}) u GROUP BY u.${key}`,
        parameters,
    }
}

/**
 * The name of what a statement makes beside the columns of a table, which may have any name.
 * @internal
 */
export function ownName({ dataSource }: Series, text: string): string {
    return dataSource.driver.escape(`${OWN}${text}`)
}

/** @internal */
export type Two = [string, string]
/** @internal */
export type Three = [string, string, string]
/** @internal */
export type Four = [string, string, string, string]
