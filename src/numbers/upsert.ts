import type { ObjectLiteral, QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import { ReadOnlyNumberError, UnsupportedError } from "../errors"
import { groupBy } from "../group-by"
import { seriesOf } from "../series/resolve-series"
import { type Series } from "../series/series"
import { tableName } from "../typeorm/names"
import { refuseOverwrittenKeys } from "../keys/insert/upserted-keys"
import { dataSourceOf } from "../typeorm/compat"
import type { Flush, NumberRequest } from "./flush"
import { FlushQueue } from "./flush-queue"
import { giveBack } from "./counters/gapless-counter"
import { clearNumber, setNumber, parseNumber } from "./numbers"
import { findOutcomes } from "./outcomes"
import { loadColumns } from "../typeorm/load-columns"
import { TriggeredRows } from "./trigger/trigger"

/**
 * TypeORM announces the rows of an upsert as inserts; only the statement shows what it is.
 * Refuses one that would overwrite numbers, or keys that have a history.
 * @internal
 */
export function noticeUpsert(runner: QueryRunner, sql: string): void {
    const dataSource = dataSourceOf(runner)
    const upsert = dialectOf(dataSource)?.findUpsert(sql)
    if (!upsert) return
    refuseOverwrittenKeys(dataSource, upsert)
    for (const series of dataSource.entityMetadatas.flatMap(seriesOf)) {
        const { name, metadata, column } = series
        if (!upsert.isInto(tableName(metadata))) continue
        if (upsert.overwrites(dataSource.driver.escape(column.databaseName)))
            throw new ReadOnlyNumberError(
                `This upsert would overwrite ${name} of a stored row. Leave the number out of the ` +
                    "rows, or out of orUpdate().",
            )
        for (const flush of FlushQueue.of(runner).numbered()) flush.isUpsert = true
        if (upsert.skips && series.strategy === "trigger") skipRows(runner, series)
    }
}

function skipRows(runner: QueryRunner, { name, metadata }: Series): void {
    const dataSource = dataSourceOf(runner)
    if (!dialectOf(dataSource)?.trigger?.givesBackSkipped)
        throw new UnsupportedError(
            `On "${dataSource.options.type}" a row that orIgnore() leaves out takes a number of ${name} ` +
                "along. Use orUpdate() or upsert(), or look the row up first.",
        )
    TriggeredRows.of(runner)?.skips(metadata)
}

/**
 * Finds out which rows of an upsert were inserted. The others get the number that is stored, or
 * none where TypeORM doesn't tell which row it is.
 * @internal
 */
export async function checkUpsert(
    runner: QueryRunner,
    flush: Flush,
    requests: readonly NumberRequest[],
): Promise<void> {
    const taken = requests.filter(({ given }) => given === undefined)
    await findOutcomes(runner, taken)
    for (const ofSeries of groupBy(taken, ({ series }) => series).values())
        await showStoredNumbers(runner, ofSeries)
    flush.refuseGap({ isLast: false })
    await giveBack(runner, flush)
}

async function showStoredNumbers(
    runner: QueryRunner,
    requests: readonly NumberRequest[],
): Promise<void> {
    const [request] = requests
    const leftOut = requests.filter(({ outcome }) => outcome === "left out")
    if (!request || leftOut.length === 0) return
    for (const { series, entity } of leftOut) clearNumber(series, entity)

    const { metadata, column } = request.series
    const dataSource = dataSourceOf(runner)
    if (!dialectOf(dataSource)?.tellsUpserted(dataSource)) return
    const keys = requests.map(({ entity }) => key(metadata.getEntityIdMap(entity)))
    // Skipped rows are left out of what the statement returns, and TypeORM pairs by position.
    if (keys.includes(undefined) || new Set(keys).size < keys.length) return
    const entities = leftOut.map(({ entity }) => entity)
    const stored = await loadColumns(runner.manager, metadata, [column], entities)
    for (const { series, entity } of leftOut) {
        const row = stored.find(
            (other) => key(metadata.getEntityIdMap(other)) === key(metadata.getEntityIdMap(entity)),
        )
        const number = row && parseNumber(column.getEntityValue(row, true))
        if (number !== undefined) setNumber(series, entity, number)
    }
}

function key(id: ObjectLiteral | undefined): string | undefined {
    return (
        id &&
        JSON.stringify(id, (_, value: unknown) =>
            typeof value === "bigint" ? String(value) : value,
        )
    )
}
