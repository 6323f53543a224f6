import type { TableIndex } from "typeorm"
import { hasCounters } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import type { ServedTable } from "../plan/inventory"

/**
 * The names of the numbers of a table whose scope has other columns now, as many as before: keys of former scopes look
 * like those of today's.
 * @internal
 */
export function replacedScopes(
    { present, indexes, formerIndexes }: ServedTable,
    renamedColumns: ReadonlyMap<ColumnMetadata, string>,
): string[] {
    return present
        .filter(hasCounters)
        .filter(({ column, scopeColumns }) => {
            const names = [column, ...scopeColumns].map(
                (one) => renamedColumns.get(one) ?? one.databaseName,
            )
            const isOther = ({ where, columnNames }: TableIndex) =>
                !where &&
                columnNames.length === names.length &&
                columnNames.includes(names[0] as string) &&
                columnNames.some((name) => !names.includes(name))
            return (
                indexes.some(({ columns }) => columns.includes(column)) &&
                formerIndexes.some(isOther)
            )
        })
        .map(({ name }) => name)
}
