import type { WeakReferenceAudit } from "../../audit/types"
import type { Snapshot } from "../../audit/snapshot"
import { storedColumns } from "../../audit/tables"
import { kindOfType } from "../../dialects/column-type"
import type { Dialect } from "../../dialects/dialect"
import { Parameters } from "../../typeorm/rows/parameters"
import { select } from "../../typeorm/statement"
import type { WeakReference } from "./weak-reference"

/** How many of the values that lead nowhere are shown. */
const SHOWN = 20

/** @internal How many rows point at nothing. Undefined where a table or a column of it is not there. */
export async function findOrphansOf(
    snapshot: Pick<Snapshot, "runner" | "dialect" | "dataSource">,
    reference: WeakReference,
): Promise<WeakReferenceAudit | undefined> {
    const { runner, dialect, dataSource } = snapshot
    const { from, to, where, origin } = reference
    const own = await storedColumns(snapshot, from.table)
    const others = await storedColumns(snapshot, to.table)
    const type = own.get(from.column)?.type
    const otherType = others.get(to.column)?.type
    if (type === undefined || otherType === undefined) return undefined
    if (where.some(({ column }) => !own.has(column))) return undefined

    const escape = (name: string) => dataSource.driver.escape(name)
    const value = `f.${escape(from.column)}`
    const key = `t.${escape(to.column)}`
    const isAlike = kindOf(type) === kindOf(otherType)
    const text = (sql: string) => dialect.schema.exactly(dialect.expressions.text(sql))
    const isEqual = isAlike ? `${key} = ${value}` : `${text(key)} = ${text(value)}`
    const { condition, parameters } = conditionOf(snapshot, reference)
    const isGone = `NOT EXISTS (SELECT 1 FROM ${to.table.name} t WHERE ${isEqual})`
    const found = `FROM ${from.table.name} f WHERE ${condition} AND ${isGone}`
    const [counted] = await select<{ rows: string }>(runner, {
        sql: `SELECT ${dialect.audit.integer("COUNT(*)")} AS ${escape("rows")} ${found}`,
        parameters,
    })
    const orphans = Number(counted?.rows ?? 0)
    const values =
        orphans === 0
            ? []
            : await select<{ value: string }>(runner, {
                  sql:
                      `SELECT ${dialect.expressions.text("v.v")} AS ${escape("value")} ` +
                      `FROM (SELECT DISTINCT ${value} AS v ${found}) v ORDER BY v.v LIMIT ${SHOWN}`,
                  parameters,
              })
    return {
        from: from.label,
        where:
            where.length > 0
                ? where.map(({ column, value: is }) => `${column} = '${is}'`).join(" and ")
                : null,
        to: to.label,
        origin,
        orphans,
        values: values.map((row) => row.value.trim()),
        highest: isInteger(otherType)
            ? await highestOf(snapshot, reference, isInteger(type))
            : null,
    }
}

/** @internal The highest whole number that a reference names; NULL for none. */
export async function highestOf(
    snapshot: Pick<Snapshot, "runner" | "dialect" | "dataSource">,
    reference: WeakReference,
    isWhole: boolean,
): Promise<string | null> {
    const { dialect, dataSource, runner } = snapshot
    const { condition, parameters } = conditionOf(snapshot, reference)
    const value = `f.${dataSource.driver.escape(reference.from.column)}`
    const number = isWhole ? value : wholeOf(dialect, value)
    const [found] = await select<{ highest: string | null }>(runner, {
        sql:
            `SELECT ${dialect.audit.integer(`MAX(${number})`)} AS ${dataSource.driver.escape("highest")} ` +
            `FROM ${reference.from.table.name} f WHERE ${condition}`,
        parameters,
    })
    return found?.highest ?? null
}

/** A text that is a whole number as one, and NULL for others. */
function wholeOf({ schema, audit }: Dialect, sql: string): string {
    return `CASE WHEN ${schema.isWhole(sql)} THEN ${audit.number(sql)} END`
}

/** The rows `f` that refer to another one. */
function conditionOf(
    { dataSource, dialect }: Pick<Snapshot, "dialect" | "dataSource">,
    { from, where }: WeakReference,
): { condition: string; parameters: unknown[] } {
    const parameters = new Parameters(dataSource)
    const name = (column: string) => `f.${dataSource.driver.escape(column)}`
    const tests = where.map(
        ({ column, value }) =>
            // Whatever the type of the column is.
            `${dialect.expressions.text(name(column))} = ${parameters.add(value)}`,
    )
    const condition = [`${name(from.column)} IS NOT NULL`, ...tests].join(" AND ")
    return { condition, parameters: parameters.values }
}

/** @internal */
export function isInteger(type: string): boolean {
    return /^\w*int(eger)?\b/i.test(type)
}

function kindOf(type: string): string {
    if (isInteger(type)) return "integer"
    return kindOfType(type.replace(/\(.*/, "").trim()) ?? type
}
