import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    EntityTarget,
    ObjectLiteral,
    QueryRunner,
} from "typeorm"
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
import { entityOf } from "../../keys/rows/read-rows"
import type { PropertyPath } from "../../keys/property-path"
import type { BackfillProgress } from "../../maintenance/backfill-pseudo-keys"
import { seriesOf as handleOf } from "../../sequence/series/series-of"
import { seriesOf } from "../../series/resolve-series"
import { placeOf, type Series } from "../../series/series"
import { onMaster } from "../../typeorm/on-master"
import { givenEntity } from "../../typeorm/given"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import { select, type Sender } from "../../typeorm/statement"
import { isUnnumbered } from "../plan/number-rows"
import { RowOrder } from "../plan/row-order"

/** What {@link backfillNumbers} takes. */
export interface BackfillNumbersOptions<Entity extends ObjectLiteral> {
    /** The numbered property, where the entity has several. Default is all of them, one after the other. */
    property?: PropertyPath<Entity>

    /**
     * In which order the rows are numbered: properties, the first one first. Rows that are equal in them are
     * ordered by primary key, and those that have none come last.
     *
     * Default is the primary key where it is an integer that ascends, else the `@CreateDateColumn`; where
     * there is neither, it has to be given.
     */
    orderBy?: string | readonly string[]

    /**
     * How many rows get their numbers in one transaction. Writers of these rows, and those who insert into their
     * scopes, wait for its end.
     *
     * Default is `500`.
     */
    batchSize?: number

    /** Called after each batch. */
    onProgress?: (progress: BackfillProgress) => void

    /** Ends it after the batch that is being written, when it is aborted. */
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
 * Numbers the rows that have no number, drafts excepted, soft-deleted ones included: in batches, each in a transaction of its
 * own, while the application goes on inserting. For tables that are too large for a migration to number them in one
 * statement: add the column with `nullable: true` first, deploy the application that numbers new rows, call
 * this, and let the next migration make the column `NOT NULL`.
 *
 * Each batch takes its numbers as an INSERT does: from the counters of the scopes, after the highest number that is there. No
 * number is given twice, none that a row has is changed, and the texts, periods and keys that go with a number are made
 * with it. Rows that the application inserts meanwhile have lower numbers than the older rows that are left, so the
 * order of numbers is that of the rows only for those of one call without other writers.
 *
 * The rows of a batch and their counters are locked, never the table, but for strategy `"table-lock"`, where it is what the
 * strategy locks. When it is called again after it was ended, by a signal or by the end of the process, it goes
 * on with the rows that are left. A batch that a deadlock has ended is repeated. Resolves to what was done.
 *
 * Errors: {@link InvalidOptionError}, {@link UnknownOrderError} where nothing tells the order,
 * {@link UnsupportedError} for `"trigger"` without `when`, whose triggers number rows at their INSERT alone, and what an
 * INSERT of such a row is refused with; the batches before are stored then.
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
            `${metadata.name}${property ? `.${property}` : ""} is no numbered column.`,
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
        for (const series of all) progress.total += await countUnnumbered(runner, series)
    })
    for (const series of all)
        while (!signal?.aborted) {
            const found = await onMaster(dataSource, (runner) =>
                findUnnumbered(runner, series, columns, batchSize * BATCHES_AT_ONCE),
            )
            if (found.length === 0) break
            for (let at = 0; at < found.length && !signal?.aborted; at += batchSize) {
                progress.done += await numberBatch(series, found.slice(at, at + batchSize))
                progress.perSecond = progress.done / ((performance.now() - started) / 1000)
                onProgress?.({ ...progress })
            }
        }
    return progress
}

function refuseUnknownOrder({ name, primaryColumns }: EntityMetadata): never {
    throw new UnknownOrderError(
        `${name}: nothing tells in which order the rows came that have no number. Their primary key is no integer that ` +
            "ascends, and there is no @CreateDateColumn. Name what tells it by orderBy, --order-by; where any order will " +
            `do, name the primary key: ${primaryColumns[0]?.propertyPath ?? "id"}.`,
    )
}

function refuseUnsupported(series: Series): void {
    if (series.strategy !== "trigger" || series.when) return
    throw new UnsupportedError(
        `${placeOf(series)} has strategy "trigger", and no condition (when): its triggers number rows at their INSERT ` +
            "alone. Let a migration number the rows that have none: typeorm-autosequence migration:generate.",
    )
}

async function countUnnumbered(sender: Sender, series: Series): Promise<number> {
    const sql = `SELECT COUNT(*) AS found FROM ${tableName(series.metadata)} t WHERE ${isUnnumbered(series, "t")}`
    const [row] = await select<{ found: unknown }>(sender, { sql })
    return Number(row?.found)
}

/** The primary keys of rows without a number, in the order in which they get one. No lock is taken. */
async function findUnnumbered(
    sender: Sender,
    series: Series,
    order: readonly ColumnMetadata[],
    limit: number,
): Promise<ObjectLiteral[]> {
    const { metadata } = series
    const { primaryColumns } = metadata
    const sorted = [...order, ...primaryColumns.filter((column) => !order.includes(column))]
        // Databases disagree about the place of NULL.
        .flatMap((column) => {
            const name = `t.${columnName(column)}`
            return column.isNullable ? [`${name} IS NULL`, name] : [name]
        })
    return idsOf(sender, series, `ORDER BY ${sorted.join(", ")} LIMIT ${limit}`)
}

async function idsOf(
    sender: Sender,
    series: Series,
    tail: string,
    parameters?: unknown[],
): Promise<ObjectLiteral[]> {
    const { primaryColumns } = series.metadata
    const keys = primaryColumns.map((column, at) => `t.${columnName(column)} AS k${at}`)
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
    const parameters: unknown[] = []
    const values = ids.map((id) =>
        primaryColumns.map((column) => {
            const value: unknown = dataSource.driver.preparePersistentValue(
                column.getEntityValue(id),
                column,
            )
            parameters.push(value)
            return dataSource.driver.createParameter("", parameters.length - 1)
        }),
    )
    const names = primaryColumns.map((column) => `t.${columnName(column)}`)
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
        parameters,
    )
    const keyOf = (id: ObjectLiteral) =>
        JSON.stringify(primaryColumns.map((column) => String(column.getEntityValue(id))))
    const found = new Set(left.map(keyOf))
    return ids.filter((id) => found.has(keyOf(id)))
}
