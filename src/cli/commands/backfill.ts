import type { DataSource, EntityMetadata } from "typeorm"
import { storedKeysOf } from "../../keys/resolve-keys"
import { backfillPseudoKeys, type BackfillProgress } from "../../maintenance/backfill-pseudo-keys"
import { backfillNumbers } from "../../schema/backfill/backfill-numbers"
import { seriesOf } from "../../series/resolve-series"
import type { ColumnMetadata } from "../../typeorm/names"
import { asUsage, didYouMean, UsageError } from "../arguments"
import { type Command, textOf, textsOf, type Values } from "../frame/command"
import { withProgress } from "../frame/run-command"

/** @internal */
export const backfill: Command = {
    name: "backfill",
    synopsis: "[<Entity.property> …] [options]",
    help: `Gives numbers and keys to the rows that have none, in batches that lock their own rows and never the table. The
application may write at the same time. After an interruption, the next call continues with the remaining rows.

  <Entity.property>           a numbered property or a key; default: all of them

      --order-by <property>   number rows in the order of this property instead of their primary key;
                              may be repeated to sort by several
      --batch <rows>          how many rows one transaction changes; default: 500`,
    options: { "order-by": { type: "string", multiple: true }, batch: { type: "string" } },
    positionals: [0, 100],
    hasTable: true,
    interrupted: "Completed batches stay; the next call continues with the remaining rows.",
    check(values, columns) {
        batchOf(values)
        if (textsOf(values, "order-by").length > 0 && columns.length !== 1)
            throw new UsageError("--order-by needs exactly one column. Name it: <Entity.property>.")
    },
    async run({ dataSource, values, positionals, print, signal }) {
        const wanted = chosen(columnsOf(dataSource), positionals)
        const orderBy = textsOf(values, "order-by")
        const batchSize = batchOf(values)
        const filled: { column: string; kind: Column["kind"]; done: number; total: number }[] = []
        for (const { name, kind, metadata, column } of wanted) {
            const fill = (onProgress: (progress: BackfillProgress) => void) => {
                const property = column.propertyPath as never
                const options = { property, batchSize, onProgress, signal }
                return kind === "key"
                    ? backfillPseudoKeys(dataSource, metadata.target, options)
                    : backfillNumbers(dataSource, metadata.target, {
                          ...options,
                          ...(orderBy.length > 0 && {
                              orderBy: orderBy.map((one) => one.replace(`${metadata.name}.`, "")),
                          }),
                      })
            }
            const { done, total } = await asUsage(() => withProgress(print, fill, `rows: ${name}`))
            filled.push({ column: name, kind, done, total })
        }
        print.json({ format: 1, columns: filled })
        const rows = filled.map(({ column, kind, done }) => [column, kind, done])
        const head = ["column", "kind", "filled"]
        print.csv(head, rows)
        if (filled.some(({ done }) => done > 0))
            print.table(
                head,
                rows.filter(([, , done]) => done !== 0),
            )
        else print.line("No row lacks a number or a key.")
        return 0
    },
}

interface Column {
    readonly name: string
    readonly kind: "number" | "key"
    readonly metadata: EntityMetadata
    readonly column: ColumnMetadata
}

/** Keys may be made of numbers, so these come first. */
function columnsOf({ entityMetadatas }: DataSource): Column[] {
    const found = new Map<string, Column>()
    const add = (kind: Column["kind"], metadata: EntityMetadata, column: ColumnMetadata) => {
        // The classes of a single-table inheritance have one column together.
        const place = `${metadata.tablePath}.${column.databaseName}`
        const name = `${metadata.name}.${column.propertyPath}`
        if (!found.has(place)) found.set(place, { name, kind, metadata, column })
    }
    for (const metadata of entityMetadatas)
        for (const { column, strategy, when } of seriesOf(metadata))
            // The triggers of the others number rows at their INSERT alone, and leave none without.
            if (strategy !== "trigger" || when) add("number", metadata, column)
    for (const metadata of entityMetadatas)
        for (const { column } of storedKeysOf(metadata)) add("key", metadata, column)
    return [...found.values()]
}

function chosen(all: readonly Column[], names: readonly string[]): readonly Column[] {
    if (names.length === 0) return all
    return names.map((wanted) => {
        const found = all.find(({ name }) => name === wanted)
        if (found) return found
        const known = all.map(({ name }) => name)
        throw new UsageError(
            `"${wanted}" is not a column that can be filled. These can: ${known.join(", ")}.${didYouMean(wanted, known)}`,
        )
    })
}

function batchOf(values: Values): number {
    const text = textOf(values, "batch") ?? "500"
    if (!/^[1-9]\d*$/.test(text))
        throw new UsageError(`--batch is "${text}". Give a number of rows.`)
    return Number(text)
}
