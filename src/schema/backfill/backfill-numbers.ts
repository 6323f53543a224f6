import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    EntityTarget,
    ObjectLiteral,
    QueryRunner,
} from "typeorm"
import { batches } from "../../batches"
import {
    FUNCTION,
    SIGNAL,
    TEXT,
    checkedOptions,
    type Form,
    integerFrom,
} from "../../declared/options"
import { InvalidOptionError, UnknownOrderError, UnsupportedError } from "../../errors"
import { transactionWithRetry } from "../../inserts/retry/transaction-with-retry"
import { entityOf } from "../../typeorm/rows/read-rows"
import type { PropertyPath } from "../../keys/property-path"
import { preparedValue } from "../../inserts/primary-key"
import type { BackfillProgress } from "../../maintenance/backfill-pseudo-keys"
import { seriesOf as handleOf } from "../../sequence/series/series-of"
import { seriesOf } from "../../series/resolve-series"
import { placeOf, type Series } from "../../series/series"
import { onMaster } from "../../typeorm/on-master"
import { givenEntity } from "../../typeorm/given"
import { type ColumnMetadata, ofRow, tableName } from "../../typeorm/names"
import { Parameters } from "../../typeorm/rows/parameters"
import { countRows, select, type Sender } from "../../typeorm/statement"
import { isUnnumbered, orderOf } from "../plan/number-rows"
import { RowOrder } from "../plan/row-order"

/** Options of {@link backfillNumbers}. */
export interface BackfillNumbersOptions<Entity extends ObjectLiteral> {
    /**
     * The numbered property, if the entity has several. Default: all of them, one after the other.
     */
    property?: PropertyPath<Entity>

    /**
     * The order in which rows are numbered: properties, the most significant first. Rows that are
     * equal in them are ordered by primary key. Rows without a value come last.
     *
     * Default: the primary key if it is an ascending integer, otherwise the `@CreateDateColumn`. If
     * there is neither, you must give it.
     */
    orderBy?: string | readonly string[]

    /**
     * How many rows get their numbers in one transaction. Writers of these rows, and inserts into
     * their scopes, wait until it ends.
     *
     * Default: `500`.
     */
    batchSize?: number

    /** Called after each batch. */
    onProgress?: (progress: BackfillProgress) => void

    /** Aborting it ends the backfill after the current batch. */
    signal?: AbortSignal
}

const NAMES: Form = [
    (value) => [value].flat().every((name) => typeof name === "string"),
    "the name of a property, or a list of them",
]
const FORMS = {
    property: TEXT,
    orderBy: NAMES,
    batchSize: integerFrom(1),
    onProgress: FUNCTION,
    signal: SIGNAL,
}
/** Whoever sorts many rows does it once for as many batches. */
const BATCHES_AT_ONCE = 50

/**
 * Numbers the rows that have no number, including soft-deleted rows but not drafts. It works in
 * batches, each in its own transaction, while the application continues to insert. Use it for
 * tables that are too large for a migration to number in one statement: add the column with
 * `nullable: true` first, deploy the application that numbers new rows, call this function, and let
 * the next migration make the column `NOT NULL`.
 *
 * Each batch takes its numbers as an INSERT does: from the counters of the scopes, after the
 * highest existing number. No number is assigned twice, no existing number is changed, and the
 * texts, periods and keys that belong to a number are set with it. Rows that the application
 * inserts meanwhile get lower numbers than the older rows that remain. Only within one call without
 * other writers is the order of numbers the order of the rows.
 *
 * The rows of a batch and their counters are locked, never the table, except with strategy
 * `"table-lock"`, which locks it as always. If the backfill was ended by a signal or the end of the
 * process, call it again to continue with the remaining rows. A batch ended by a deadlock is
 * repeated. Resolves to what was done.
 *
 * Errors: {@link InvalidOptionError}, {@link UnknownOrderError} if the order can't be determined,
 * {@link UnsupportedError} for `"trigger"` without `when`, whose triggers number rows only at their
 * INSERT, and the errors that an INSERT of such a row gives. Earlier batches stay stored in that
 * case.
 *
 * ```ts
 * import { type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn, backfillNumbers } from "typeorm-autosequence"
 *
 * @Entity()
 * class Ticket {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @AutoSequenceColumn({ strategy: "counter", nullable: true })
 *     number!: number | null
 * }
 *
 * export async function fill(dataSource: DataSource): Promise<void> {
 *     const { done } = await backfillNumbers(dataSource, Ticket, { batchSize: 200 })
 *     console.log(`${done} tickets were numbered`)
 * }
 * ```
 */
export async function backfillNumbers<Entity extends ObjectLiteral>(
    dataSource: DataSource,
    entity: EntityTarget<Entity>,
    options: BackfillNumbersOptions<Entity> = {},
): Promise<BackfillProgress> {
    const metadata = givenEntity("backfillNumbers", dataSource, entity)
    const {
        property,
        orderBy,
        batchSize = 500,
        onProgress,
        signal,
    } = checkedOptions("backfillNumbers", options, FORMS)
    const all = seriesOf(metadata).filter(
        ({ column }) => property === undefined || column.propertyPath === property,
    )
    if (all.length === 0)
        throw new InvalidOptionError(
            `${metadata.name}${property ? `.${property}` : ""} is not a numbered column.`,
        )
    for (const series of all) refuseUnsupported(series)
    const order = new RowOrder(
        dataSource,
        orderBy === undefined ? {} : { [metadata.name]: orderBy },
    )
    const columns = order.of(metadata) ?? refuseUnknownOrder(metadata)

    const started = performance.now()
    const progress = { done: 0, total: 0, perSecond: 0 }
    await onMaster(dataSource, async (runner) => {
        const from = `${tableName(metadata)} t`
        for (const series of all)
            progress.total += await countRows(runner, `${from} WHERE ${isUnnumbered(series, "t")}`)
    })
    for (const series of all)
        while (!signal?.aborted) {
            const found = await onMaster(dataSource, (runner) =>
                findUnnumbered(runner, series, columns, batchSize * BATCHES_AT_ONCE),
            )
            if (found.length === 0) break
            for (const batch of batches(found, batchSize)) {
                if (signal?.aborted) break
                progress.done += await numberBatch(series, batch)
                progress.perSecond = progress.done / ((performance.now() - started) / 1000)
                onProgress?.({ ...progress })
            }
        }
    return progress
}

function refuseUnknownOrder({ name, primaryColumns }: EntityMetadata): never {
    throw new UnknownOrderError(
        `${name}: the order of the rows that have no number is unknown. Their primary key is not an ` +
            "ascending integer, and there is no @CreateDateColumn. Name a property that gives the order: " +
            "orderBy, --order-by. If the order doesn't matter, name the primary key: " +
            `${primaryColumns[0]?.propertyPath ?? "id"}.`,
    )
}

function refuseUnsupported(series: Series): void {
    if (series.strategy !== "trigger" || series.when) return
    throw new UnsupportedError(
        `${placeOf(series)} has strategy "trigger" without a condition (when): its triggers number rows only ` +
            "at their INSERT. Let a migration number the rows without a number: typeorm-autosequence " +
            "migration:generate.",
    )
}

/** The primary keys of rows without a number, in the order in which they get one. No lock is taken. */
async function findUnnumbered(
    sender: Sender,
    series: Series,
    order: readonly ColumnMetadata[],
    limit: number,
): Promise<ObjectLiteral[]> {
    return idsOf(sender, series, `${orderOf(series.metadata, order, "t")} LIMIT ${limit}`)
}

async function idsOf(
    sender: Sender,
    series: Series,
    tail: string,
    parameters?: unknown[],
): Promise<ObjectLiteral[]> {
    const { primaryColumns } = series.metadata
    const keys = primaryColumns.map((column, at) => `${ofRow(column)} AS k${at}`)
    const rows = await select<Record<string, unknown>>(sender, {
        sql:
            `SELECT ${keys.join(", ")} FROM ${tableName(series.metadata)} t ` +
            `WHERE ${isUnnumbered(series, "t")} ${tail}`,
        parameters,
    })
    return rows.map((row) =>
        entityOf(
            primaryColumns,
            primaryColumns.map((_, at) => row[`k${at}`]),
        ),
    )
}

/** Resolves to how many rows have got a number: others may have been numbered or deleted meanwhile. */
function numberBatch(series: Series, ids: readonly ObjectLiteral[]): Promise<number> {
    const { dataSource, metadata, column, dialect } = series
    const work = async (manager: EntityManager) => {
        const left = await lockUnnumbered(manager, series, ids)
        if (left.length === 0) return 0
        const property = column.propertyPath as never
        await handleOf(dataSource, metadata.target, property).assign(manager, left)
        return left.length
    }
    return transactionWithRetry(dataSource, work, {
        attempts: 20,
        // At a higher level MariaDB would lock the places between the rows as well.
        ...(dialect.rowLock && { isolationLevel: "READ COMMITTED" as const }),
    })
}

/** Those of some rows that still have no number, in their order. */
async function lockUnnumbered(
    manager: EntityManager,
    series: Series,
    ids: readonly ObjectLiteral[],
): Promise<ObjectLiteral[]> {
    const { dataSource, metadata, dialect } = series
    const { primaryColumns } = metadata
    const parameters = new Parameters(dataSource)
    const values = ids.map((id) =>
        primaryColumns.map((column) => parameters.add(preparedValue(column, id))),
    )
    const names = primaryColumns.map(ofRow)
    const isOne = values.map((of) => of.map((value, at) => `${names[at] ?? ""} = ${value}`))
    const [only, ...others] = names
    const isNamed =
        only && others.length === 0
            ? `${only} IN (${values.flat().join(", ")})`
            : `(${isOne.map((parts) => `(${parts.join(" AND ")})`).join(" OR ")})`
    const left = await idsOf(
        manager.queryRunner as QueryRunner,
        series,
        `AND ${isNamed}${dialect.rowLock}`,
        parameters.values,
    )
    const keyOf = (id: ObjectLiteral) =>
        JSON.stringify(primaryColumns.map((column) => String(column.getEntityValue(id))))
    const found = new Set(left.map(keyOf))
    return ids.filter((id) => found.has(keyOf(id)))
}
