import type { ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import { derive, viewOfLoaded } from "../derive/derive"
import { addRelated, addStored } from "../derive/related-rows"
import { RowView } from "../derive/row-view"
import type { StoredKey } from "../pseudo-key"
import { primaryKeyText } from "../../inserts/primary-key"
import { loadWholeRows } from "../rows/whole-rows"
import { InvalidKeyError } from "../../errors"

/** @internal A row as an UPDATE is about to leave it; undefined where it is gone. */
export async function changedView(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<RowView | undefined> {
    const { metadata } = key
    const rows = await loadWholeRows(session, key, [stored])
    const row = rows.get(primaryKeyText(metadata, stored))
    return row && viewOver(session, key, entity, row)
}

async function viewOver(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    row: ObjectLiteral,
): Promise<RowView> {
    const view = new RowView(entity, key.metadata)
    setForeignKeys(view, entity)
    addStored(view, row, unchangedOf(key, entity, row))
    view.setUnknown(key.column)
    view.setUnknownRelated()
    await addRelated(session, [view], key.relations)
    return view
}

/** What a relation is set to goes before the property of its foreign key, as TypeORM has it. */
function setForeignKeys(view: RowView, entity: ObjectLiteral): void {
    for (const relation of view.metadata.relations) {
        if (relation.isLazy || relation.getEntityValue(entity) === undefined) continue
        for (const column of relation.joinColumns) {
            const isNone = relation.getEntityValue(entity) === null
            if (!column.isVirtual) view.set(column, isNone ? null : column.getEntityValue(entity))
        }
    }
}

/** The relations that still lead where they did. */
function unchangedOf(
    { metadata, relations }: StoredKey,
    entity: ObjectLiteral,
    row: ObjectLiteral,
): StoredKey["relations"] {
    const isChanged = (name: string) =>
        metadata.findRelationWithPropertyPath(name)?.joinColumns.some((column) => {
            const value: unknown = column.getEntityValue(entity)
            return value !== undefined && value !== column.getEntityValue(row)
        })
    return Object.fromEntries(Object.entries(relations).filter(([name]) => !isChanged(name)))
}

/**
 * A row as an UPDATE is about to leave it, where its key has to be another one by that: `derive` makes something
 * else of it than of the stored row. Of a key that does not follow only one that there was none for yet.
 * @internal
 */
export async function outdatedView(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<RowView | undefined> {
    // Of relations TypeORM has loaded the keys at most.
    const isNear = Object.keys(key.relations).length === 0
    const near = isNear
        ? await viewsOf(session, key, entity, stored).catch(ignoreUnknown)
        : undefined
    const views = near ?? (await wholeViews(session, key, entity, stored))
    if (!views) return undefined
    const [before, after] = views.made
    if (before === after) return undefined
    return key.follows || before === null ? views.view : undefined
}

interface Views {
    readonly view: RowView
    /** What `derive` gives for the stored row, and for the changed one; NULL for no key. */
    readonly made: readonly [string | null, string | null]
}

async function wholeViews(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<Views | undefined> {
    const rows = await loadWholeRows(session, key, [stored])
    const row = rows.get(primaryKeyText(key.metadata, stored))
    return row && viewsOf(session, key, entity, row)
}

async function viewsOf(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    row: ObjectLiteral,
): Promise<Views> {
    const before = madeOf(key, viewOfLoaded(key, row))
    const view = await viewOver(session, key, entity, row)
    return { view, made: [before, madeOf(key, view)] }
}

function madeOf(key: StoredKey, view: RowView): string | null {
    const derived = derive(key, view)
    return derived ? derived.texts.join("\0") : null
}

/** What TypeORM has loaded may lack columns and relations; what is wrong about `derive` is wrong again. */
function ignoreUnknown(error: unknown): undefined {
    if (error instanceof InvalidKeyError) return undefined
    throw error
}
