import type { EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import { NotInstalledError } from "../../../errors"
import { subscriberRemedy } from "../../../declared/data-source-options"
import { OBJECT, type Refuse, refuseOther } from "../../../declared/options"
import { isAutoSequenceSubscriber } from "../../../declared/registry"
import { show } from "../../../declared/show"
import { Session } from "../../../inserts/session"
import { isMadeOfNumber } from "../../../keys/insert/keyed-row"
import type { StoredKey } from "../../../keys/pseudo-key"
import { storedKeysOf } from "../../../keys/resolve-keys"
import { primaryKeyText } from "../../../inserts/primary-key"
import type { Said } from "../../../numbers/journal/said"
import { showValues } from "../../../numbers/shown/shown-values"
import { type AskedNumbers, askFor } from "../../../numbers/updates/asked/asked-numbers"
import { alreadyNumbered } from "../../../numbers/updates/asked/read-asked"
import { seriesOf } from "../../../series/resolve-series"
import { madeColumns, type Series } from "../../../series/series"
import { withValueAt } from "../../../typeorm/given"
import { type GivenRows, idAfter, keyOfRead } from "./given-rows"
import { keysOfNumber, remakeKeys, standInFor } from "./moved-keys"

/** @internal What becomes of rows that get a number. */
export interface Asking {
    readonly kind: AskedNumbers["kind"]
    readonly set: ObjectLiteral
    /** As SQL; undefined for the order in which they were given. */
    readonly orderBy?: string
    /** What the journal is told of it. */
    readonly said?: Said
}

/** @internal Refuses what a call is to set, and what only the library does. */
export function refuseSet(
    { metadata, column, period, documents }: Series,
    { kind, set }: Asking,
    refuse: Refuse,
): void {
    refuseOther("set is", set, OBJECT, refuse)
    if (Object.values(set).every((value) => value === undefined) && kind === "move")
        refuse("set is empty. Set the properties of the new scope, or the date of the new period.")
    const known = new Set(
        [...metadata.columns, ...metadata.relations].map(
            ({ propertyPath }) => propertyPath.split(".")[0],
        ),
    )
    const unknown = Object.keys(set).find((name) => !known.has(name))
    if (unknown !== undefined)
        refuse(`set has ${show(unknown)}, which is not a column of ${metadata.name}.`)
    const texts = documents.map((document) => document.column)
    for (const one of [column, ...(period ? [period.column] : []), ...texts])
        if (one.getEntityValue(set) !== undefined)
            refuse(`set has ${one.propertyPath}, which this call assigns. Remove it.`)
}

/**
 * Gives rows numbers by one UPDATE, which sets other columns as well. Resolves to the rows as they are stored then, in
 * the order in which they have got their numbers.
 * @internal
 */
export async function askForRows(
    manager: EntityManager,
    series: Series,
    rows: GivenRows,
    { kind, set, orderBy }: Asking,
): Promise<ObjectLiteral[]> {
    const { queryRunner } = manager
    const { dataSource, column, metadata } = series
    if (!queryRunner || !dataSource.subscribers.some(isAutoSequenceSubscriber))
        throw new NotInstalledError(
            `The data source has no AutoSequenceSubscriber. ${subscriberRemedy(dataSource)}`,
        )
    const session = Session.of(queryRunner)
    const ids = [...rows.values()].map(({ id }) => id)
    let order = [...rows.keys()]
    const sort: AskedNumbers["sort"] = (found) => {
        const byKey = new Map(found.map((row) => [keyOfRead(metadata, row), row]))
        if (orderBy) order = [...byKey.keys()]
        return order.flatMap((key) => byKey.get(key) ?? [])
    }
    const made: bigint[] = []
    const numbers: AskedNumbers = { kind, count: ids.length, orderBy, sort, made }
    // One row moves at a time.
    const [id = {}] = ids
    const keys = kind === "move" ? await keysOfNumber(session, series, id, set) : []
    const { affected } = await askFor(session, numbers, (mark) => {
        let values = withValueAt(set, column.propertyPath, () => mark)
        for (const key of keys) {
            const standIn = standInFor(key)
            if (standIn !== undefined) values = withValueAt(values, key.propertyPath, standIn)
        }
        return manager
            .createQueryBuilder()
            .update(metadata.target)
            .set(values)
            .whereInIds(ids)
            .execute()
    })
    // Nothing locks rows in SQLite but that only one writes.
    if (affected !== undefined && affected < ids.length) throw alreadyNumbered(series)
    const after = [...rows].map(([key, one]) => {
        return { key, given: one.given, id: idAfter(series, one.id, set, made[0]) }
    })
    try {
        if (keys.length > 0) await remakeKeys(session, keys, after[0]?.id ?? id)
    } catch (error) {
        // The number is in the table.
        session.transaction?.refuseCommit(error as Error)
        throw error
    }
    const loaded = await load(
        manager,
        series,
        after.map((one) => one.id),
        set,
    )
    const stored = new Map<string, ObjectLiteral>()
    for (const { key, given, id: now } of after) {
        const row = loaded.get(primaryKeyText(metadata, now))
        if (!row) continue
        stored.set(key, row)
        if (typeof given === "object" && given) showOn(session, series, given, row, { set, keys })
    }
    return order.flatMap((key): ObjectLiteral[] => {
        const row = stored.get(key)
        return row ? [row] : []
    })
}

/** @internal The rows as they are stored, with numbers and what was set even where these are hidden. */
export async function load(
    manager: EntityManager,
    { metadata }: Series,
    ids: readonly ObjectLiteral[],
    set: ObjectLiteral,
): Promise<Map<string, ObjectLiteral>> {
    const made = seriesOf(metadata).flatMap(madeColumns)
    const hidden = metadata.columns.filter(
        (one) =>
            !one.isSelect &&
            !one.isVirtual &&
            (made.includes(one) || one.getEntityValue(set) !== undefined),
    )
    const rows = await manager
        .createQueryBuilder<ObjectLiteral>(metadata.target, "row")
        .addSelect(hidden.map(({ propertyPath }) => `row.${propertyPath}`))
        .withDeleted()
        .whereInIds(ids)
        .getMany()
    return new Map(rows.map((row) => [primaryKeyText(metadata, row), row]))
}

/**
 * Shows on an entity what its row was given. What was set is the caller's, and stays after a rollback, but not in the
 * primary key: that may be another row's.
 * @internal
 */
export function showOn(
    session: Session,
    series: Series,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
    { set, keys: remade = [] }: { set: ObjectLiteral; keys?: readonly StoredKey[] },
): void {
    const { metadata } = series
    // What has its number already was not given it here, and its date may be one that the caller has not saved yet.
    const isMade = ({ column }: Series) =>
        column === series.column ||
        ((column.getEntityValue(entity) ?? null) === null &&
            (column.getEntityValue(stored) ?? null) !== null)
    const made = seriesOf(metadata).filter(isMade).flatMap(madeColumns)
    // A key that is made of the number has come with it.
    const keys = storedKeysOf(metadata)
        .filter(
            (key) =>
                remade.includes(key) ||
                (isMadeOfNumber(key) && (key.column.getEntityValue(entity) ?? null) === null),
        )
        .map((key) => key.column)
        // Undefined where it is not selected.
        .filter((one) => one.getEntityValue(stored) !== undefined)
    keepPrimaryKey(session, metadata, entity)
    for (const { propertyPath } of metadata.relations) copyAt(propertyPath.split("."), set, entity)
    for (const one of metadata.columns)
        if (!one.relationMetadata && one.getEntityValue(set) !== undefined)
            one.setEntityValue(entity, one.getEntityValue(stored))
    showValues(
        session,
        [...made, ...keys].map((one) => ({
            entity,
            column: one,
            value: one.getEntityValue(stored) as unknown,
        })),
    )
}

/** TypeORM itself would write into the related entity that is there, whose row is another one. */
function copyAt([name = "", ...rest]: readonly string[], from: ObjectLiteral, to: ObjectLiteral) {
    const value: unknown = from[name]
    if (value === undefined) return
    if (rest.length === 0) to[name] = value
    else copyAt(rest, Object(value) as ObjectLiteral, (to[name] ??= {}) as ObjectLiteral)
}

function keepPrimaryKey(
    session: Session,
    { primaryColumns }: EntityMetadata,
    entity: ObjectLiteral,
): void {
    const names = new Set(
        primaryColumns.map(({ propertyPath }) => propertyPath.split(".")[0] ?? ""),
    )
    const before = [...names].map((name) => [name, entity[name]] as const)
    // A transaction can be long, and its entities need not be kept for it.
    const kept = new WeakRef(entity)
    session.onRollback(() => {
        const found = kept.deref()
        if (found) Object.assign(found, Object.fromEntries(before))
    })
}
