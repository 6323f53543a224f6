import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    EntityTarget,
    ObjectLiteral,
    QueryRunner,
} from "typeorm"
import { preparedText } from "../series/scope"
import { loadColumns } from "../typeorm/load-columns"
import { dialectOf } from "../dialects"
import { InvalidOptionError } from "../errors"
import { giveFreeKeys } from "../keys/insert/free-keys"
import { KeyLocks } from "../keys/insert/key-locks"
import { KeyedRow } from "../keys/insert/keyed-row"
import type { StoredKey } from "../keys/pseudo-key"
import type { PropertyPath } from "../keys/property-path"
import { storedKeysOf } from "../keys/resolve-keys"
import { wishesOfStored } from "../keys/insert/wishes"
import { claimKeys, writeKeys } from "../keys/insert/written-keys"

/** How far {@link backfillPseudoKeys} has come. */
export interface BackfillProgress {
    /** How many rows have got a key by this call. */
    readonly done: number
    /** How many had none when it was called. */
    readonly total: number
    /** How many rows get a key in a second, up to now. */
    readonly perSecond: number
}

/** What {@link backfillPseudoKeys} takes. */
export interface BackfillOptions<Entity extends ObjectLiteral> {
    /** The key's property, where the entity has several. Default is all of them. */
    property?: PropertyPath<Entity>

    /**
     * How many rows get their keys in one transaction. Writers of these rows wait for its end.
     *
     * Default is `1000`.
     */
    batchSize?: number

    /** Called after each batch. */
    onProgress?: (progress: BackfillProgress) => void

    /** Ends it after the batch that is being written, when it is aborted. */
    signal?: AbortSignal
}

/**
 * Gives a pseudo key to the rows that have none, soft-deleted ones included: as an INSERT would, but in
 * batches, each in a transaction of its own. A key that a row has is left as it is.
 *
 * The application may go on writing meanwhile. When it is called again after it was ended, by a
 * signal or by the end of the process, it goes on with the rows that are left. Resolves to what was
 * done.
 *
 * Errors: {@link InvalidOptionError}, {@link KeyTakenError} and {@link InvalidKeyError} where no key can
 * be made for a row; the batches before are stored then.
 *
 * ```ts
 * import { type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { backfillPseudoKeys, PseudoKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Order {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "ord" })
 *     publicId!: string
 * }
 *
 * export async function fill(dataSource: DataSource): Promise<void> {
 *     await backfillPseudoKeys(dataSource, Order, {
 *         onProgress: ({ done, total, perSecond }) => {
 *             console.log(`${done} of ${total}, ${Math.round(perSecond)} a second`)
 *         },
 *     })
 * }
 * ```
 */
export async function backfillPseudoKeys<Entity extends ObjectLiteral>(
    dataSource: DataSource,
    entity: EntityTarget<Entity>,
    { property, batchSize = 1000, onProgress, signal }: BackfillOptions<Entity> = {},
): Promise<BackfillProgress> {
    const metadata = dataSource.getMetadata(entity)
    const keys = storedKeysOf(metadata).filter((key) => !property || key.propertyPath === property)
    if (keys.length === 0)
        throw new InvalidOptionError(
            `${metadata.name}${property ? `.${property}` : ""} has no pseudo key in a column.`,
        )
    if (!Number.isSafeInteger(batchSize) || batchSize < 1)
        throw new InvalidOptionError(`batchSize is ${batchSize}, give an integer from 1.`)

    const started = performance.now()
    const progress = { done: 0, total: 0, perSecond: 0 }
    for (const key of keys) progress.total += await countMissing(dataSource, metadata, key)
    for (const key of keys) {
        let after: ObjectLiteral | undefined
        while (!signal?.aborted) {
            const { rows, last } = await inBatchTransaction(dataSource, (manager) =>
                fillBatch(manager, metadata, key, { after, batchSize }),
            )
            if (rows === 0) break
            after = last
            progress.done += rows
            progress.perSecond = progress.done / ((performance.now() - started) / 1000)
            onProgress?.({ ...progress })
        }
    }
    return progress
}

/** MySQL shows nothing that is younger than the snapshot of a transaction, which is older than the locks. */
function inBatchTransaction<T>(
    dataSource: DataSource,
    work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
    return dialectOf(dataSource)?.keys.locks
        ? dataSource.transaction("READ COMMITTED", work)
        : dataSource.transaction(work)
}

/** @internal Gives keys to all rows that have none, on one connection. */
export async function fillKeysWith(runner: QueryRunner, key: StoredKey): Promise<void> {
    let after: ObjectLiteral | undefined
    for (;;) {
        const { rows, last } = await fillBatch(runner.manager, key.metadata, key, {
            after,
            batchSize: 1000,
        })
        if (rows === 0) return
        after = last
    }
}

function missingRows(manager: EntityManager, metadata: EntityMetadata, key: StoredKey) {
    return manager
        .createQueryBuilder(metadata.target, "row")
        .withDeleted()
        .where(`row.${key.propertyPath} IS NULL`)
}

function countMissing(
    { manager }: DataSource,
    metadata: EntityMetadata,
    key: StoredKey,
): Promise<number> {
    return missingRows(manager, metadata, key).getCount()
}

async function fillBatch(
    manager: EntityManager,
    metadata: EntityMetadata,
    key: StoredKey,
    { after, batchSize }: { after: ObjectLiteral | undefined; batchSize: number },
): Promise<{ rows: number; last?: ObjectLiteral }> {
    const { primaryColumns } = metadata
    const query = missingRows(manager, metadata, key).limit(batchSize)
    // Only a function looks at more of the row.
    if (!key.derive && !key.generateFor)
        query.select(primaryColumns.map((column) => `row.${column.propertyPath}`))
    for (const column of primaryColumns) query.addOrderBy(`row.${column.propertyPath}`)
    if (after) {
        const { sql, parameters } = behind(metadata, after)
        query.andWhere(sql, parameters)
    }
    const entities = await query.getMany()
    if (entities.length === 0) return { rows: 0 }

    const runner = manager.queryRunner as QueryRunner
    const rows = entities.map((entity) => {
        // A loaded row shows what `derive` gives.
        key.column.setEntityValue(entity, undefined)
        return new KeyedRow(entity, metadata, [key])
    })
    if (key.isUnique && !key.derive && !key.generateFor)
        for (const row of rows) row.set(key, key.generate())
    else {
        const wishes = await wishesOfStored(
            runner,
            rows.map((row) => ({ row, keys: [key] })),
        )
        await giveFreeKeys(runner, wishes)
        for (const { row, got } of wishes) if (got !== undefined) row.set(key, got)
    }
    const written = rows.map((row) => ({ entity: row.entity, text: row.textOf(key) }))
    await writeKeys(runner, key, written, { onlyMissing: true })
    if (key.history !== false) await claimKeys(runner, await stillTheirs(runner, rows, key))
    for (const row of rows) row.inserted()
    if (!runner.isTransactionActive) {
        KeyLocks.find(runner)?.forget()
        await KeyLocks.find(runner)?.release()
    }
    return { rows: entities.length, last: metadata.getEntityIdMap(entities.at(-1)) }
}

/** The rows behind another one, in the order of the primary key. */
function behind(
    metadata: EntityMetadata,
    row: ObjectLiteral,
): { sql: string; parameters: ObjectLiteral } {
    const parameters: ObjectLiteral = {}
    const names = metadata.primaryColumns.map((column, at) => {
        parameters[`after${at}`] = column.getEntityValue(row) as unknown
        return `row.${column.propertyPath}`
    })
    const steps = names.map((name, at) =>
        [
            ...names.slice(0, at).map((other, i) => `${other} = :after${i}`),
            `${name} > :after${at}`,
        ].join(" AND "),
    )
    return { sql: `(${steps.map((step) => `(${step})`).join(" OR ")})`, parameters }
}

/** A row that got a key of another writer meanwhile keeps that. */
async function stillTheirs(
    runner: QueryRunner,
    rows: readonly KeyedRow[],
    { metadata, column }: StoredKey,
): Promise<KeyedRow[]> {
    // 1, "1" and 1n are the same key.
    const idOf = (entity: ObjectLiteral) =>
        JSON.stringify(
            metadata.primaryColumns.map((c) => preparedText(c, c.getEntityValue(entity))),
        )
    const entities = rows.map(({ entity }) => entity)
    const stored = await loadColumns(runner.manager, metadata, [column], entities)
    const texts = new Map(stored.map((row) => [idOf(row), column.getEntityValue(row) as unknown]))
    return rows.filter(({ entity }) => texts.get(idOf(entity)) === column.getEntityValue(entity))
}
