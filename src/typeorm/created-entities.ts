import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { checkedCreate } from "./version/version"

type Look = (entity: ObjectLiteral) => void

const looks = new WeakMap<EntityMetadata, Set<Look>>()

/**
 * Calls back with each entity that TypeORM makes of a row, before it has its values: those of joined rows as well,
 * which no event announces where they are mapped to a property that is no relation.
 * @internal
 */
export function onCreated(metadata: EntityMetadata, look: Look): void {
    let known = looks.get(metadata)
    if (!known) {
        const all = new Set<Look>()
        looks.set(metadata, (known = all))
        const create = checkedCreate(metadata)
        metadata.create = (queryRunner, options) => {
            const entity = create.call(metadata, queryRunner, options) as ObjectLiteral
            if (options?.fromDeserializer) for (const one of all) one(entity)
            return entity
        }
    }
    known.add(look)
}
