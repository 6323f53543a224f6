import type {
    DataSource,
    EntityMetadata,
    InsertEvent,
    ObjectLiteral,
    QueryRunner,
    UpdateEvent,
} from "typeorm"
import { isAutoSequenceSubscriber } from "../declared/registry"
import type { Scope } from "../dialects/columns"
import { groupBy } from "../group-by"
import { Session } from "../inserts/session"
import { dataSourceOf } from "../typeorm/compat"
import { showValue } from "../typeorm/shown-values"
import { deriveShown } from "./derive/derive"
import { placeOf } from "./free/free-keys"
import { KeyAssigner } from "./insert/key-assigner"
import type { StoredKey } from "./pseudo-key"
import { defineSealed, showSealed } from "./sealed/sealed-property"
import {
    defineReferences,
    hasReferences,
    lacksReference,
    loadReferences,
    noteReferences,
} from "./sealed/sealed-reference"
import { pseudoKeysOf, storedKeysOf } from "./resolve-keys"
import { loadScopes } from "./rows/stored-scope"
import { findTaken } from "./rows/taken-keys"
import type { Sender } from "../typeorm/statement"

const PLAIN = { enumerable: true, configurable: true, writable: true }
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
    if (sealed.length > 0) showSealed(metadata, sealed)
    const isShown =
        hasReferences(metadata) || stored.some((key) => key.derive && key.column.isNullable)
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

/** @internal Called for a row that was loaded. */
export function showLoadedKeys(
    runner: QueryRunner,
    metadata: EntityMetadata,
    entity: ObjectLiteral,
): Promise<void> | undefined {
    const lacksKey = storedKeysOf(metadata).some((key) => lacks(key, entity))
    return lacksKey || lacksReference(metadata, entity)
        ? showTogether(runner, metadata, entity)
        : undefined
}

interface Loaded {
    readonly rows: { readonly metadata: EntityMetadata; readonly entity: ObjectLiteral }[]
    readonly shown: Promise<void>
}

const loaded = new WeakMap<QueryRunner, Loaded>()

/** TypeORM announces the rows of a query in one go, which are looked at together. */
function showTogether(
    runner: QueryRunner,
    metadata: EntityMetadata,
    entity: ObjectLiteral,
): Promise<void> {
    let together = loaded.get(runner)
    if (!together) {
        const rows: Loaded["rows"] = []
        const shown = Promise.resolve().then(() => {
            loaded.delete(runner)
            return showAll(Session.find(runner) ?? runner, rows)
        })
        loaded.set(runner, (together = { rows, shown }))
    }
    together.rows.push({ metadata, entity })
    return together.shown
}

async function showAll(runner: Sender, rows: Loaded["rows"]): Promise<void> {
    const lacking = rows.filter(({ metadata, entity }) => lacksReference(metadata, entity))
    if (lacking.length > 0) await loadReferences(runner, lacking)
    await showDerived(runner, rows)
}

async function showDerived(runner: Sender, rows: Loaded["rows"]): Promise<void> {
    for (const [metadata, ofEntity] of groupBy(rows, (row) => row.metadata))
        // One key may be made of those before it.
        for (const key of storedKeysOf(metadata)) {
            const wanting = ofEntity.filter(({ entity }) => lacks(key, entity))
            const derived = wanting.flatMap(({ entity }) => {
                const text = deriveShown(key, entity)
                return text === undefined ? [] : { entity, text }
            })
            for (const { entity, text } of await onlyFree(runner, key, derived))
                showValue(key.column, entity, text)
        }
}

/** Undefined is what was not selected. */
function lacks({ derive, column }: StoredKey, entity: ObjectLiteral): boolean {
    return derive !== undefined && column.isNullable && column.getEntityValue(entity) === null
}

/** Those that lead to no other row, and are shown by no other. */
async function onlyFree<Row extends { readonly entity: ObjectLiteral; readonly text: string }>(
    runner: Sender,
    key: StoredKey,
    rows: readonly Row[],
): Promise<Row[]> {
    const scopes = await loadScopes(
        runner,
        key,
        rows.map(({ entity }) => entity),
    )
    const placed = rows.map((row, at) => ({ row, key, scope: scopes[at] as Scope }))
    const free: Row[] = []
    for (const [, ofPlace] of groupBy(placed, placeOf)) {
        const byText = groupBy(ofPlace, ({ row }) => row.text)
        const [{ scope }] = ofPlace as [(typeof ofPlace)[number]]
        const taken = await findTaken(runner, key, scope, [...byText.keys()])
        for (const [text, [first, ...others]] of byText)
            if (first && others.length === 0 && !taken.has(text)) free.push(first.row)
    }
    return free
}

/**
 * Called for a row that was inserted, when its primary key is on the entity. When that is rolled
 * back, nothing is left of it.
 * @internal
 */
export function showInsertedKeys(
    session: Session,
    { metadata, entity, entityId }: InsertEvent<ObjectLiteral>,
): void {
    const { sealed, stored } = pseudoKeysOf(metadata)
    defineReferences(metadata, entity)
    // Only save() names the row, and an upsert may have left it as it was.
    if (entityId) noteReferences(metadata, entity, { isNew: true, session })
    if (sealed.length === 0 && stored.length === 0) return
    const upserted = KeyAssigner.of(session)?.takeUpserted(entity)
    // TypeORM may have set the primary key of another row.
    for (const column of upserted ? metadata.primaryColumns : [])
        column.setEntityValue(
            entity,
            column.getEntityValue(upserted?.stored ?? upserted?.given ?? {}),
        )
    if (sealed.length === 0) return
    const clear = () => {
        for (const { propertyPath } of sealed)
            Object.defineProperty(entity, propertyPath, { ...PLAIN, value: undefined })
    }
    if (upserted && !upserted.stored) {
        clear()
        return
    }
    for (const key of sealed) defineSealed(entity, key)
    session.onRollback(clear)
}

/**
 * Called for a row that was updated.
 * @internal
 */
export function noteUpdated({
    metadata,
    entity,
    databaseEntity,
    queryRunner,
}: UpdateEvent<ObjectLiteral>): void {
    // What `update()` sets is no row.
    if (entity && (databaseEntity as ObjectLiteral | undefined))
        noteReferences(metadata, entity, { isNew: false, session: Session.find(queryRunner) })
}
