import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    EntityTarget,
    ObjectLiteral,
    QueryRunner,
} from "typeorm"
import { FUNCTION, SIGNAL, TEXT, checkedOptions, integerFrom } from "../declared/options"
import { dialectOf } from "../dialects"
import type { Scope } from "../dialects/columns"
import { InvalidOptionError } from "../errors"
import { Session } from "../inserts/session"
import { viewOfLoaded } from "../keys/derive/derive"
import { addRelated } from "../keys/derive/related-rows"
import { claimKeys } from "../keys/history/claim-keys"
import { Numbered, Suffixes } from "../keys/free/suffixes"
import { giveFreeKeys, placeOf } from "../keys/free/free-keys"
import { KeyAssigner } from "../keys/insert/key-assigner"
import { KeyLocks } from "../keys/free/key-locks"
import { wishFor } from "../keys/free/wish"
import type { PropertyPath } from "../keys/property-path"
import type { StoredKey } from "../keys/pseudo-key"
import { storedKeysOf } from "../keys/resolve-keys"
import { primaryKeyText } from "../inserts/primary-key"
import { loadScopes } from "../keys/rows/stored-scope"
import { writeKeys } from "../keys/rows/write-keys"
import { dataSourceOf } from "../typeorm/compat"
import { givenEntity } from "../typeorm/given"
import { loadColumns } from "../typeorm/load-columns"

/** The progress of {@link backfillPseudoKeys}. */
export interface BackfillProgress {
    /**
     * How many rows have been given a key by this call, without those that others have given a key
     * meanwhile.
     */
    readonly done: number
    /** How many rows had no key when it was called. */
    readonly total: number
    /** How many rows per second have been given a key so far. */
    readonly perSecond: number
}

/** Options of {@link backfillPseudoKeys}. */
export interface BackfillOptions<Entity extends ObjectLiteral> {
    /** The property of the key, if the entity has several. Default: all of them. */
    property?: PropertyPath<Entity>

    /**
     * How many rows get their keys in one transaction. Writers of these rows wait until it ends.
     *
     * Default: `1000`.
     */
    batchSize?: number

    /** Called after each batch. */
    onProgress?: (progress: BackfillProgress) => void

    /** Aborting it ends the backfill after the current batch. */
    signal?: AbortSignal
}

const FORMS = { property: TEXT, batchSize: integerFrom(1), onProgress: FUNCTION, signal: SIGNAL }

/**
 * Gives a pseudo key to all rows without one, including soft-deleted rows. Keys are made as an
 * INSERT makes them, but in batches, each in its own transaction. Existing keys are not changed.
 *
 * In a migration, pass the query runner instead of the data source. Everything is then part of the
 * migration's transaction, and no other connection waits for its locks.
 *
 * The application may write at the same time. If the backfill was ended by a signal or the end of
 * the process, call it again to continue with the remaining rows. Resolves to what was done.
 *
 * Errors: {@link InvalidOptionError}; {@link KeyTakenError} and {@link InvalidKeyError} if no key
 * can be made for a row. Earlier batches stay stored in that case.
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
    on: DataSource | QueryRunner,
    entity: EntityTarget<Entity>,
    options: BackfillOptions<Entity> = {},
): Promise<BackfillProgress> {
    const metadata = givenEntity("backfillPseudoKeys", on, entity)
    const {
        property,
        batchSize = 1000,
        onProgress,
        signal,
    } = checkedOptions("backfillPseudoKeys", options, FORMS)
    // A migration's own runner holds locks that any other connection would wait for.
    const runner = "isTransactionActive" in on ? on : undefined
    const dataSource = dataSourceOf(metadata)
    const keys = storedKeysOf(metadata).filter((key) => !property || key.propertyPath === property)
    if (keys.length === 0)
        throw new InvalidOptionError(
            `${metadata.name}${property ? `.${property}` : ""} has no pseudo key in a column.`,
        )

    const started = performance.now()
    const progress = { done: 0, total: 0, perSecond: 0 }
    const open: StoredKey[] = []
    for (const key of keys) {
        const missing = await missingRows(on.manager, key).getCount()
        progress.total += missing
        if (missing > 0) open.push(key)
    }
    // Where there is nothing to do, nothing else is read: a migration may be older than other columns.
    for (const key of open) {
        const filling = new Filling(key, batchSize)
        while (!signal?.aborted) {
            const written = await (runner
                ? filling.fillBatch(runner)
                : inBatchTransaction(dataSource, ({ queryRunner }) =>
                      filling.fillBatch(queryRunner as QueryRunner),
                  ))
            if (written === undefined) break
            progress.done += written
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
    const filling = new Filling(key, 1000)
    while ((await filling.fillBatch(runner)) !== undefined);
}

function missingRows(manager: EntityManager, { metadata, propertyPath }: StoredKey) {
    return (
        manager
            .createQueryBuilder(metadata.target, "row")
            // Nobody looks at these rows, so that they need not show what they lack.
            .callListeners(false)
            .withDeleted()
            .where(`row.${propertyPath} IS NULL`)
    )
}

/** Goes through the rows that have no key, in the order of their primary key. */
class Filling {
    private after?: ObjectLiteral
    private readonly suffixes = new Suffixes()

    constructor(
        private readonly key: StoredKey,
        private readonly batchSize: number,
    ) {}

    /** Resolves to the number of rows that it has given a key; undefined where there are no more. */
    async fillBatch(runner: QueryRunner): Promise<number | undefined> {
        const { key } = this
        const entities = await this.nextRows(runner.manager)
        if (entities.length === 0) return undefined
        this.after = key.metadata.getEntityIdMap(entities.at(-1))
        const texts = await this.makeKeys(runner, entities)
        const rows = entities.flatMap((id, at) => {
            const text = texts[at]
            return typeof text === "string" ? { row: id, id, text } : []
        })
        const written = await writeKeys(runner, key, rows, { onlyMissing: true })
        if (key.history !== false) {
            const theirs = written < rows.length ? await stillTheirs(runner, key, rows) : rows
            await claimKeys(runner, key, theirs)
        }
        return written
    }

    private nextRows(manager: EntityManager): Promise<ObjectLiteral[]> {
        const { key, after } = this
        const { primaryColumns } = key.metadata
        const query = missingRows(manager, key).limit(this.batchSize)
        // Only a function looks at more of the row.
        if (key.derive)
            query.setFindOptions({
                relations: key.relations,
                withDeleted: true,
                loadEagerRelations: false,
            })
        else if (!key.generateFor)
            query.select(primaryColumns.map((column) => `row.${column.propertyPath}`))
        for (const column of primaryColumns) query.addOrderBy(`row.${column.propertyPath}`)
        if (after) {
            const { sql, parameters } = behind(key.metadata, after)
            query.andWhere(sql, parameters)
        }
        return query.getMany()
    }

    /** The keys of rows, in their order; NULL where a row has not got the number that its key is made of. */
    private async makeKeys(
        runner: QueryRunner,
        entities: readonly ObjectLiteral[],
    ): Promise<(string | null | undefined)[]> {
        const { key, suffixes } = this
        if (key.isUnique && !key.derive && !key.generateFor)
            return entities.map(() => key.generate())
        const views = entities.map((entity) => viewOfLoaded(key, entity))
        await addRelated(runner, views, key.relations)
        const scopes = await loadScopes(runner, key, entities)
        const wishes = views.map((view, at) => {
            const scope = scopes[at] as Scope
            const place = placeOf({ key, scope })
            return wishFor(key, scope, view, { from: (text) => suffixes.from(place, text) })
        })
        const session = Session.find(runner)
        // Those of a session are given up when its transaction ends.
        const shared = session && KeyAssigner.of(session)?.locks
        const locks = shared ?? new KeyLocks(runner)
        try {
            await giveFreeKeys(runner, locks, wishes)
        } finally {
            locks.forgetGiven()
            if (!shared || !runner.isTransactionActive) await locks.release()
        }
        for (const wish of wishes)
            if (wish.candidates instanceof Numbered && wish.text && typeof wish.got === "string")
                suffixes.note(placeOf(wish), wish.text, wish.got)
        return wishes.map(({ got }) => got)
    }
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
async function stillTheirs<Row extends { readonly row: ObjectLiteral; readonly text: string }>(
    runner: QueryRunner,
    { metadata, column }: StoredKey,
    rows: readonly Row[],
): Promise<Row[]> {
    const entities = rows.map(({ row }) => row)
    const stored = await loadColumns(runner.manager, metadata, [column], entities)
    const texts = new Map(
        stored.map((row) => [primaryKeyText(metadata, row), column.getEntityValue(row) as unknown]),
    )
    return rows.filter(({ row, text }) => texts.get(primaryKeyText(metadata, row)) === text)
}
