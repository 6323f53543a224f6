import type { EntityManager, EntityTarget, FindManyOptions, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { LIST, refuseOther, refuserOf } from "../../declared/options"
import { givenEntity } from "../../typeorm/given"
import { loadColumns } from "../../typeorm/load-columns"
import { isSealed } from "../pseudo-key"
import { primaryKeyText } from "../../inserts/primary-key"
import { sealedKeyFor } from "../sealed/sealed-ids"
import { checkedFind, findHaving, type FindByPseudoKeyOptions } from "./find-by-pseudo-key"
import { conditionFor, keyFor, keyIn } from "./key-condition"

const BATCH = 200

/**
 * Finds the rows of several pseudo keys, in the order of the keys, with NULL for keys without a
 * row. Use it for a list of keys in a request, or for the loader of a GraphQL field.
 *
 * It takes one query per 200 keys, one more if the key isn't among the selected columns, and one
 * for each key that no row has now. The options are those of {@link findByPseudoKey}.
 *
 * Errors: those of {@link findByPseudoKey}.
 *
 * ```ts
 * import { type EntityManager, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { findManyByPseudoKey, PseudoKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Tag {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "tag" })
 *     publicId!: string
 * }
 *
 * export async function tagsOf(manager: EntityManager, keys: string[]): Promise<Tag[]> {
 *     const tags = await findManyByPseudoKey(manager, Tag, keys)
 *     return tags.filter((tag) => tag !== null)
 * }
 * ```
 */
export async function findManyByPseudoKey<Entity extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Entity>,
    keys: readonly string[],
    options: FindByPseudoKeyOptions<Entity> = {},
): Promise<(Entity | null)[]> {
    const caller = "findManyByPseudoKey"
    refuseOther("the keys are", keys, LIST, refuserOf(caller))
    const metadata = givenEntity(caller, manager, entity)
    const { where, property, retired, ...find } = checkedFind(caller, options)
    const rows = new Map<string, Entity>()
    const texts = [...new Set(keys)]
    for (const batch of batches(texts, BATCH)) {
        // Those that rows have now; the others are few.
        const conditions = batch.flatMap((key) => {
            const found = conditionFor(metadata, key, { where, property, retired: false })
            return found === undefined ? [] : [found].flat()
        })
        const found =
            conditions.length > 0
                ? await manager.find(metadata.target, {
                      ...find,
                      where: conditions,
                  } as FindManyOptions<Entity>)
                : []
        for (const [key, row] of await byKeys(found)) rows.set(key, row)
        if (retired === false) continue
        for (const key of batch)
            if (!rows.has(textOf(key) ?? "")) {
                const row = await findHaving(manager, metadata, key, options)
                if (row) rows.set(textOf(key) ?? "", row)
            }
    }
    return keys.map((key) => rows.get(textOf(key) ?? "") ?? null)

    function textOf(text: unknown): string | undefined {
        const key = keyFor(metadata, text, property)
        return key && keyIn(key, text)
    }

    async function byKeys(found: readonly Entity[]): Promise<Map<string, Entity>> {
        const columns = [
            ...new Set(
                texts.flatMap((text) => {
                    const key = keyFor(metadata, text, property)
                    return key && !isSealed(key) ? key.column : []
                }),
            ),
        ]
        const isSelected = found.every((row) =>
            columns.every((column) => typeof column.getEntityValue(row) === "string"),
        )
        const stored =
            isSelected || found.length === 0
                ? found
                : await loadColumns(manager, metadata, columns, found)
        const byId = new Map(found.map((row) => [primaryKeyText(metadata, row), row]))
        const all = new Map<string, Entity>()
        for (const one of stored) {
            const row = byId.get(primaryKeyText(metadata, one))
            for (const column of row ? columns : [])
                all.set(String(column.getEntityValue(one)), row as Entity)
        }
        for (const text of texts) {
            const key = keyFor(metadata, text, property)
            if (!key || !isSealed(key)) continue
            for (const row of found) {
                const ids = key.columns.map((column) => column.getEntityValue(row) as unknown)
                const sealed = sealedKeyFor(key, ids)
                if (sealed !== undefined) all.set(sealed, row)
            }
            break
        }
        return all
    }
}
