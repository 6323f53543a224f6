import type { EntityManager, ObjectLiteral, QueryRunner } from "typeorm"
import { AlreadyVoidedError, DraftError, ReadOnlyNumberError, RowNotFoundError } from "../../errors"
import { rowDetails } from "../../numbers/journal/row-details"
import { writeEvents } from "../../numbers/journal/write-events"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import { preparedValue } from "../../inserts/primary-key"
import { lockTables } from "../../numbers/table-lock/table-lock"
import { Session } from "../../inserts/session"
import { hasCounters, placeOf, type Series } from "../../series/series"
import { columnName, tableName } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import { onHeldConnection } from "../connection"
import { findRow, type NumberedRow } from "./find-row"
import { isVoided } from "./read-events"

/** @internal Makes a row void: it keeps its number, and the journal says why. The manager is in a transaction. */
export async function voidRow(
    manager: EntityManager,
    series: Series,
    id: ObjectLiteral,
    { set, ...said }: ReasonOptions & { readonly set: ObjectLiteral },
): Promise<void> {
    const runner = manager.queryRunner as QueryRunner
    const isSet = Object.values(set).some((value) => value !== undefined)
    const { number, key } = await onHeldConnection(runner, async (sender) => {
        if (isSet) await lockTable(sender, series)
        return lockRow(sender, series, id)
    })
    if (isSet)
        await manager
            .createQueryBuilder()
            .update(series.metadata.target)
            .set(set)
            .whereInIds([id])
            .execute()
    await onHeldConnection(runner, async (sender) => {
        if (!isSet && series.dialect.journal.touchesLocked) await touch(sender, series, id)
        const details = rowDetails(series.metadata.primaryColumns, (column) =>
            preparedValue(column, id),
        )
        await writeEvents(
            sender,
            series.name,
            [{ kind: "void", key, first: number, details }],
            said,
        )
    })
}

/**
 * Refuses a row that was made void: it keeps its number, and so its place. Whoever makes it void waits from here on.
 * @internal
 */
export async function refuseVoided(
    manager: EntityManager,
    series: Series,
    id: ObjectLiteral,
): Promise<void> {
    await onHeldConnection(manager.queryRunner as QueryRunner, async (sender) => {
        await lockTable(sender, series)
        const row = await findRow(sender, series, id, { isLocking: true })
        if (row?.number === undefined) return
        const { key, number } = row
        if (await isVoided(sender, series.name, { key, number }, { isLatest: true }))
            throw new ReadOnlyNumberError(
                `A row with a number of ${placeOf(series)} can't be moved to another scope, because it is void and ` +
                    "keeps its number. Save another row there. Nothing was written.",
            )
    })
}

/** Whoever locks a row before its table waits for those who do it the other way round. */
async function lockTable(sender: Sender, series: Series): Promise<void> {
    if (!hasCounters(series) && sender instanceof Session)
        await lockTables(sender, [series.metadata])
}

/** Refuses what can't be made void. Who comes second waits here, and is told. */
async function lockRow(
    sender: Sender,
    series: Series,
    id: ObjectLiteral,
): Promise<NumberedRow & { number: bigint }> {
    const row = await findRow(sender, series, id, { isLocking: true })
    if (!row)
        throw new RowNotFoundError(
            `${placeOf(series)}: the row to void does not exist. Give a stored row.`,
        )
    const { number } = row
    if (number === undefined)
        throw new DraftError(
            `${placeOf(series)}: the row to void is a draft, so it has no number. Delete it, or give it its ` +
                "number first.",
        )
    if (await isVoided(sender, series.name, { ...row, number }, { isLatest: true }))
        throw new AlreadyVoidedError(
            `${placeOf(series)}: the row to void is void already, maybe by another transaction. events() shows ` +
                "when, by whom and why. Nothing was written.",
        )
    return { ...row, number }
}

/** Whoever has an older snapshot, and does not see the entry, has to repeat the transaction. */
async function touch(sender: Sender, { metadata, dataSource }: Series, id: ObjectLiteral) {
    const where = metadata.primaryColumns.map(
        (column, at) => `${columnName(column)} = ${dataSource.driver.createParameter("", at)}`,
    )
    const [key = ""] = metadata.primaryColumns.map(columnName)
    await sender.query(
        `UPDATE ${tableName(metadata)} SET ${key} = ${key} WHERE ${where.join(" AND ")}`,
        metadata.primaryColumns.map((column) => preparedValue(column, id)),
    )
}
