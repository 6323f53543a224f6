import type { ObjectLiteral, QueryRunner } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { groupBy } from "../../group-by"
import { columnName, tableName } from "../../typeorm/names"
import { dataSourceOf } from "../../typeorm/compat"
import { claim, forget, ownerOf } from "../history/history"
import type { KeyedRow } from "./keyed-row"
import type { StoredKey } from "../pseudo-key"
import { loadScopes } from "../history/stored-scope"

const BATCH = 500

/** @internal Writes keys into rows that are in the table. */
export async function writeKeys(
    runner: QueryRunner,
    { metadata, column }: StoredKey,
    rows: readonly { readonly entity: ObjectLiteral; readonly text?: string }[],
    { onlyMissing = false } = {},
): Promise<void> {
    const { keys } = dialectOf(dataSourceOf(metadata)) as Dialect
    const { primaryColumns } = metadata
    for (let start = 0; start < rows.length; start += BATCH) {
        const { sql, parameters } = keys.write({
            table: tableName(metadata),
            column: columnName(column),
            primaryColumns,
            rows: rows
                .slice(start, start + BATCH)
                .map(({ entity, text }) => [
                    ...primaryColumns.map((c): unknown => c.getEntityValue(entity, true)),
                    text,
                ]),
            onlyMissing,
        })
        await runner.query(sql, parameters)
    }
}

/** @internal Writes the keys of rows that are in the table down in their history. */
export async function claimKeys(runner: QueryRunner, rows: readonly KeyedRow[]): Promise<void> {
    const kept = rows.flatMap((row) =>
        row.keys.filter(({ history }) => history !== false).map((key) => ({ row, key })),
    )
    for (const [key, ofKey] of groupBy(kept, (one) => one.key)) {
        const owned = ofKey.map(({ row }) => ({ row, owner: ownerOf(row.metadata, row.entity) }))
        // The primary key may have been that of a row which is gone: others choose it, or the
        // database has begun anew.
        await forget(
            runner,
            key,
            owned.map(({ owner }) => owner),
        )
        const scopes = await loadScopes(
            runner,
            key,
            owned.map(({ row }) => row.entity),
        )
        const claims = owned.map(({ row, owner }, at) => ({
            key,
            scope: scopes[at] as Scope,
            text: row.textOf(key),
            owner,
            isRetired: false,
        }))
        await claim(runner, claims)
    }
}
