import type { EntityManager, ObjectLiteral } from "typeorm"
import { NotInstalledError } from "../../../errors"
import { subscriberRemedy } from "../../../declared/data-source-options"
import { OBJECT, type Refuse, refuseOther } from "../../../declared/options"
import { isAutoSequenceSubscriber } from "../../../declared/registry"
import { show } from "../../../declared/show"
import { Session } from "../../../inserts/session"
import { isMadeOfNumber } from "../../../commit/late-keys"
import { storedKeysOf } from "../../../keys/resolve-keys"
import { primaryKeyText } from "../../../keys/rows/primary-key"
import type { Said } from "../../../numbers/journal/said"
import { showValues } from "../../../numbers/shown/shown-values"
import { type AskedNumbers, askFor } from "../../../numbers/updates/asked/asked-numbers"
import { alreadyNumbered } from "../../../numbers/updates/asked/read-asked"
import { seriesOf } from "../../../series/resolve-series"
import { madeColumns, type Series } from "../../../series/series"
import { type GivenRows, keyOfRead } from "./given-rows"

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
    const numbers: AskedNumbers = { kind, count: ids.length, orderBy, sort }
    const { affected } = await askFor(session, numbers, (mark) =>
        manager
            .createQueryBuilder()
            .update(metadata.target)
            .set(withValue(set, column.propertyPath.split("."), () => mark))
            .whereInIds(ids)
            .execute(),
    )
    // Nothing locks rows in SQLite but that only one writes.
    if (affected !== undefined && affected < ids.length) throw alreadyNumbered(series)
    const stored = await load(manager, series, ids, set)
    for (const [key, { given }] of rows) {
        const row = stored.get(key)
        if (row && typeof given === "object" && given) showOn(session, series, given, row, set)
    }
    return order.flatMap((key): ObjectLiteral[] => {
        const row = stored.get(key)
        return row ? [row] : []
    })
}

/** An object with a value at a path; what lies on the way is copied. */
function withValue(object: ObjectLiteral, path: readonly string[], value: unknown): ObjectLiteral {
    const [name = "", ...rest] = path
    if (rest.length === 0) return { ...object, [name]: value }
    const inner = Object(object[name] ?? {}) as ObjectLiteral
    return { ...object, [name]: withValue(inner, rest, value) }
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

/** @internal Shows on an entity what its row was given. What was set is the caller's, and stays after a rollback. */
export function showOn(
    session: Session,
    series: Series,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
    set: ObjectLiteral,
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
        .filter(isMadeOfNumber)
        .map((key) => key.column)
        .filter((one) => (one.getEntityValue(entity) ?? null) === null)
        // Undefined where it is not selected.
        .filter((one) => one.getEntityValue(stored) !== undefined)
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
