import type { EntityMetadata } from "typeorm"
import { batches } from "../../batches"
import { dialectOf } from "../../dialects"
import { UnknownScopeError } from "../../errors"
import type { InsertRow } from "../../inserts/insert"
import { rowValue } from "../../inserts/row-value"
import { columnsOfPath, type Path, pathSql } from "../../series/path"
import { dataSourceOf } from "../../typeorm/compat"
import { select, type Sender } from "../../typeorm/statement"

const BATCH = 200

/** @internal A value that a row leads to. */
export interface AskedPath {
    readonly path: Path
    readonly metadata: EntityMetadata
    /** Those of the columns of the row itself that tell it, as the driver sends them; NULL for none. */
    readonly values: readonly unknown[]
}

/** @internal One that a row which is inserted leads to; `what` it is asked for is how errors begin. */
export function pathOfRow(path: Path, row: InsertRow, what: string): AskedPath {
    const values = columnsOfPath(path).map((column) => {
        const found = rowValue(row, column)
        if ("value" in found) return found.value ?? null
        throw new UnknownScopeError(
            `${what} can't be known before the insert: ${column.propertyPath} ${found.problem}`,
        )
    })
    return { path, metadata: row.metadata, values }
}

/**
 * The values that rows lead to, in their order, undefined or NULL for none. Those of other rows are
 * read by one statement for all, as text.
 * @internal
 */
export async function valuesOfPaths(runner: Sender, all: readonly AskedPath[]): Promise<unknown[]> {
    const found: unknown[] = []
    const byKey = new Map<string, { readonly at: number; readonly same: number[] }>()
    const selects: {
        readonly at: number
        readonly sql: (first: number) => string
        readonly values: readonly unknown[]
    }[] = []
    for (const [at, { path, metadata, values }] of all.entries()) {
        if (path.relations.length === 0) {
            found[at] = values[0]
            continue
        }
        const key = JSON.stringify([metadata.name, path.path, values.map(String)])
        const known = byKey.get(key)
        if (known) {
            known.same.push(at)
            continue
        }
        byKey.set(key, { at, same: [] })
        if (values.includes(null)) continue
        const dataSource = dataSourceOf(metadata)
        const { text = String } = dialectOf(dataSource)?.expressions ?? {}
        selects.push({
            at,
            values,
            sql: (first) => {
                let parameter = first
                return text(pathSql(path, () => dataSource.driver.createParameter("", parameter++)))
            },
        })
    }
    for (const batch of batches(selects, BATCH)) {
        const parameters: unknown[] = []
        const sql = batch.map((one) => {
            const text = `SELECT ${one.at} AS at, ${one.sql(parameters.length)} AS value`
            parameters.push(...one.values)
            return text
        })
        const rows = await select<{ at: string | number; value: unknown }>(runner, {
            sql: sql.join(" UNION ALL "),
            parameters,
        })
        for (const { at, value } of rows) found[Number(at)] = value
    }
    for (const { at, same } of byKey.values()) for (const other of same) found[other] = found[at]
    return found
}
