import type { DataSource, EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { Transaction } from "../inserts/transaction"
import { dialectOf } from "../dialects"
import type { Upsert } from "../dialects/dialect"
import { isAutoSequenceSubscriber } from "../declared/registry"
import { tableName } from "../typeorm/names"
import { dataSourceOf } from "../typeorm/compat"
import { deriveShown } from "./derive/derived-keys"
import { sealedKeyOf, type StoredKey } from "./pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "./resolve-keys"

const upserts = new WeakMap<QueryRunner, Upsert>()
const shownKeys = new WeakMap<ObjectLiteral, Map<StoredKey, string>>()
const showing = new WeakSet<DataSource>()

/** A subscriber that looks at loaded rows only where one of them shows a key by it. */
interface ShowsKeys {
    watchingLoads?(): DataSource["subscribers"][number]
}

/**
 * Lets the loaded rows of an entity show the keys that are not in a column.
 * @internal
 */
export function showKeys(metadata: EntityMetadata): void {
    const { stored, sealed } = pseudoKeysOf(metadata)
    const isShown = sealed.length > 0 || stored.some((key) => key.derive && key.column.isNullable)
    if (!isShown) return
    const dataSource = dataSourceOf(metadata)
    showing.add(dataSource)
    watchLoads(dataSource)
}

/**
 * Lets the subscriber look at loaded rows, where one of them shows a key by it. The subscriber may be
 * registered after the metadata of such an entity was built.
 * @internal
 */
export function watchLoads(dataSource: DataSource): void {
    if (!showing.has(dataSource)) return
    const { subscribers } = dataSource
    const at = subscribers.findIndex(isAutoSequenceSubscriber)
    const subscriber = subscribers[at] as (ShowsKeys & (typeof subscribers)[number]) | undefined
    if (!subscriber?.watchingLoads || subscriber.afterLoad) return
    subscribers[at] = subscriber.watchingLoads()
}

/** Sets the keys of an entity that are computed from its primary key. */
function showSealedKeys(metadata: EntityMetadata, entity: ObjectLiteral): void {
    for (const key of pseudoKeysOf(metadata).sealed)
        entity[key.propertyPath] = sealedKeyOf(key, entity)
}

/** @internal Called for a row that was loaded. */
export function showLoadedKeys(metadata: EntityMetadata, entity: ObjectLiteral): void {
    showSealedKeys(metadata, entity)
    for (const key of storedKeysOf(metadata)) {
        // Undefined where it was not selected.
        if (!key.derive || !key.column.isNullable || key.column.getEntityValue(entity) !== null)
            continue
        const shown = deriveShown(key, entity)
        if (!shown) continue
        key.column.setEntityValue(entity, shown)
        const ofEntity = shownKeys.get(entity) ?? new Map<StoredKey, string>()
        shownKeys.set(entity, ofEntity.set(key, shown))
    }
}

/** @internal Whether a loaded row shows this key, and has not got one yet. */
export function isShown(key: StoredKey, entity: ObjectLiteral): boolean {
    const shown = shownKeys.get(entity)?.get(key)
    return shown !== undefined && shown === key.column.getEntityValue(entity)
}

/** @internal Called when an INSERT is about to be sent. */
export function noticeInsert(runner: QueryRunner, sql: string): void {
    const upsert = dialectOf(dataSourceOf(runner))?.findUpsert(sql)
    if (upsert) upserts.set(runner, upsert)
    else upserts.delete(runner)
}

/**
 * Called for a row that was inserted. When that is rolled back, nothing is left of its primary key.
 * @internal
 */
export function showInsertedKeys(
    runner: QueryRunner,
    metadata: EntityMetadata,
    entity: ObjectLiteral,
): void {
    const { sealed } = pseudoKeysOf(metadata)
    if (sealed.length === 0) return
    const upsert = upserts.get(runner)
    if (upsert?.isInto(tableName(metadata)) && !tellsPrimaryKeys(metadata, upsert)) {
        for (const { propertyPath } of sealed) entity[propertyPath] = undefined
        return
    }
    showSealedKeys(metadata, entity)
    Transaction.of(runner)?.onRollback(() => {
        for (const { propertyPath } of sealed) entity[propertyPath] = undefined
    })
}

/** Otherwise TypeORM may have set the primary key of another row. */
function tellsPrimaryKeys(metadata: EntityMetadata, { skips }: Upsert): boolean {
    const dataSource = dataSourceOf(metadata)
    return !skips && dialectOf(dataSource)?.tellsUpserted(dataSource) === true
}
