import type { DataSource, EntityMetadata, ObjectLiteral } from "typeorm"
import { isAutoSequenceSubscriber } from "../declared/registry"
import type { Session } from "../inserts/session"
import { dataSourceOf } from "../typeorm/compat"
import { deriveShown } from "./derive/derive"
import { KeyAssigner } from "./insert/key-assigner"
import { sealedKeyOf, type StoredKey } from "./pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "./resolve-keys"

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

/**
 * Called for a row that was inserted, when its primary key is on the entity. When that is rolled
 * back, nothing is left of it.
 * @internal
 */
export function showInsertedKeys(
    session: Session,
    metadata: EntityMetadata,
    entity: ObjectLiteral,
): void {
    const { sealed, stored } = pseudoKeysOf(metadata)
    if (sealed.length === 0 && stored.length === 0) return
    const upserted = KeyAssigner.of(session)?.takeUpserted(entity)
    // TypeORM may have set the primary key of another row.
    for (const column of upserted?.stored ? metadata.primaryColumns : [])
        column.setEntityValue(entity, column.getEntityValue(upserted?.stored ?? {}))
    if (sealed.length === 0) return
    const clear = () => {
        for (const { propertyPath } of sealed) entity[propertyPath] = undefined
    }
    if (upserted && !upserted.stored) {
        clear()
        return
    }
    showSealedKeys(metadata, entity)
    session.onRollback(clear)
}
