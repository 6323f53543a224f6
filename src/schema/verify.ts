import type { DataSource, Table } from "typeorm"
import { tableLockOf } from "../allocation/table-lock"
import { NotInstalledError } from "../errors"
import { seriesOf } from "../series/resolve-series"
import type { ColumnMetadata, Series } from "../series/series"
import { isAutoSequenceSubscriber } from "../subscriber"
import { uniqueIndexesOf } from "./unique-number-index"

/**
 * Checks that a data source can keep the promise: that the options fit the entities and the
 * database, that the subscriber is registered, and that every numbered table has its unique
 * indexes. Call it once when the application starts; it writes nothing.
 *
 * Errors: {@link InvalidOptionError}, {@link UnsupportedError}, and {@link NotInstalledError} that
 * lists everything that is missing, and what to do about it.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { verifyAutoSequence, withAutoSequence } from "typeorm-autosequence"
 *
 * const dataSource = new DataSource(withAutoSequence({ type: "postgres", entities: [] }))
 * await dataSource.initialize()
 * await verifyAutoSequence(dataSource)
 * ```
 */
export async function verifyAutoSequence(dataSource: DataSource): Promise<void> {
    if (!dataSource.isInitialized)
        throw new NotInstalledError("The data source is not initialized. Call initialize() first.")
    const numbered = dataSource.entityMetadatas.filter((metadata) => seriesOf(metadata).length > 0)
    for (const metadata of numbered) tableLockOf(metadata)

    const problems: string[] = []
    if (numbered.length > 0 && !dataSource.subscribers.some(isAutoSequenceSubscriber))
        problems.push(
            "The data source has no AutoSequenceSubscriber. Create it with withAutoSequence(options).",
        )
    const runner = dataSource.createQueryRunner("master")
    try {
        for (const metadata of numbered) {
            // The children of a single-table inheritance are in the table of their root.
            if (metadata.tableType === "entity-child") continue
            const table = await runner.getTable(metadata.tablePath)
            for (const series of seriesOf(metadata)) problems.push(...missingIndexes(series, table))
        }
    } finally {
        await runner.release()
    }
    if (problems.length > 0) throw new NotInstalledError(problems.join("\n"))
}

function missingIndexes(series: Series, table: Table | undefined): string[] {
    const remedy = "Generate and run a migration (typeorm migration:generate)."
    const { tablePath } = series.metadata
    if (!table) return [`There is no table ${tablePath}. ${remedy}`]
    return uniqueIndexesOf(series).flatMap(({ columns, nulls }) => {
        const names = columns.map(({ databaseName }) => databaseName)
        const exists = [
            ...table.indices.filter(({ isUnique, where }) => isUnique && isFor(nulls, where)),
            ...table.uniques.filter(() => nulls.length === 0),
        ].some(
            ({ columnNames }) =>
                columnNames.length === names.length &&
                names.every((name) => columnNames.includes(name)),
        )
        const conditions = nulls.map(({ databaseName }) => `${databaseName} is NULL`)
        const where = nulls.length > 0 ? ` where ${conditions.join(" and ")}` : ""
        return exists
            ? []
            : [`${tablePath} has no unique index over ${names.join(", ")}${where}. ${remedy}`]
    })
}

/** Whether the condition of an index, as the database writes it, is that these columns are NULL. */
function isFor(nulls: readonly ColumnMetadata[], where = ""): boolean {
    const bare = (sql: string) => sql.replace(/[()"]/g, "")
    const found = bare(where).split(" AND ").filter(Boolean)
    const expected = nulls.map(({ databaseName }) => `${bare(databaseName)} IS NULL`)
    return found.sort().join() === expected.sort().join()
}
