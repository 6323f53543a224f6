import type { StoredKey } from "../../keys/pseudo-key"
import { hasCounters } from "../../series/series"
import { isSameColumn, sharersOf } from "../../series/sharers"
import type { Inventory } from "./inventory"
import { fillingOf, ownersOf } from "./key-filling"
import { numberRows } from "./number-rows"
import { fillPeriods } from "./periods/period-steps"
import type { RowOrder } from "./row-order"
import type { Steps } from "./steps"
import { fillTexts, readNumbers } from "./texts/fill-texts"

/** @internal Gives periods, then numbers to the rows that have none, in all tables of a data source. */
export async function numberExistingRows(
    steps: Steps,
    { tables, counter, renumber }: Inventory,
    order: RowOrder,
): Promise<void> {
    for (const table of tables) {
        await fillPeriods(steps, table)
        await readNumbers(steps, table)
    }
    const numbered = tables.flatMap(({ present }) => present)
    for (const { metadata, table, blank, missing, texts } of tables)
        for (const series of blank) {
            const isCounter = hasCounters(series)
            const others = isCounter
                ? sharersOf(series).filter((s) => !isSameColumn(s, series))
                : []
            // Where the table lacks one column and has another, TypeORM renames that.
            const isRenamed = table.columns.length === metadata.columns.length
            const isRead = texts.read.some((document) => document.series.column === series.column)
            const before = {
                ownRows: isRenamed || isRead || !missing.includes(series),
                sharers: others.filter((other) => numbered.some((s) => isSameColumn(s, other))),
                counters: isCounter && counter?.table !== undefined,
            }
            const statement = numberRows(series, before, order.of(metadata) ?? [], renumber)
            await steps.sql(
                statement,
                `Rows of ${metadata.tablePath} that have no ${series.column.databaseName} get one` +
                    (series.startOf
                        ? ", from 1 on: startAt is a function, which SQL can't call."
                        : "."),
            )
            // The next table with the same counters goes on after these.
            numbered.push(series)
        }
    for (const table of tables) await fillTexts(steps, table)
}

/** @internal Gives keys to the rows that have none: by SQL, where that can make them. */
export async function fillKeys(steps: Steps, { tables }: Inventory): Promise<void> {
    for (const { metadata, keys } of tables) {
        const comment = ({ column }: StoredKey) =>
            `Rows of ${metadata.tablePath} that have no ${column.databaseName} get one.`
        for (const key of keys.bySql) await steps.sql({ sql: fillingOf(key) }, comment(key))
        // They may be derived from other ones.
        for (const key of keys.byLibrary.flatMap(ownersOf)) await steps.backfill(key, comment(key))
    }
}
