import type { DataSource } from "typeorm"
import type { Upsert } from "../../dialects/dialect"
import { UnsupportedError } from "../../errors"
import { columnName, tableName } from "../../typeorm/names"
import { pseudoKeysOf } from "../resolve-keys"

/** @internal Refuses an upsert that would change a key without a trace in its history. */
export function refuseOverwrittenKeys(dataSource: DataSource, upsert: Upsert): void {
    for (const {
        name,
        metadata,
        column,
        scopeColumns,
        history,
    } of dataSource.entityMetadatas.flatMap((m) => pseudoKeysOf(m).stored))
        if (
            history !== false &&
            upsert.isInto(tableName(metadata)) &&
            [column, ...scopeColumns].some((one) => upsert.overwrites(columnName(one)))
        )
            throw new UnsupportedError(
                `This upsert would change ${name} of a stored row, and the key has a history. Leave it ` +
                    "out of the rows, or out of orUpdate(), and change it by save().",
            )
}
