import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { InvalidKeyError } from "../../errors"
import { oncePer } from "../../once-per"
import { onCreated } from "../../typeorm/created-entities"
import type { SealedKey } from "../pseudo-key"
import { sealedKeyOf } from "./sealed-ids"

const shown = new WeakSet<EntityMetadata>()

/** @internal Lets every row that TypeORM makes an entity of show its sealed keys, however it was loaded. */
export function showSealed(metadata: EntityMetadata, keys: readonly SealedKey[]): void {
    if (shown.has(metadata)) return
    shown.add(metadata)
    onCreated(metadata, (entity) => {
        for (const key of keys) defineSealed(entity, key)
    })
}

/** @internal Shows the key of a row that is stored. It is computed when it is read. */
export function defineSealed(entity: ObjectLiteral, key: SealedKey): void {
    Object.defineProperty(entity, key.propertyPath, accessorOf(key))
}

const accessorOf = oncePer((key: SealedKey): PropertyDescriptor => ({
    enumerable: true,
    configurable: true,
    get(this: ObjectLiteral) {
        return sealedKeyOf(key, this)
    },
    set(this: ObjectLiteral, value: unknown) {
        // As a whole row comes back from a form.
        if (value !== sealedKeyOf(key, this)) throw setError(key)
    },
}))

/** @internal Refuses a row whose sealed keys are not those that it has, or is about to have. */
export function refuseSetKeys(keys: readonly SealedKey[], entity: ObjectLiteral): void {
    for (const key of keys) {
        const value: unknown = entity[key.propertyPath]
        const isSet = value !== undefined && value !== null && value !== ""
        if (isSet && value !== sealedKeyOf(key, entity)) throw setError(key)
    }
}

function setError({ metadata, propertyPath }: SealedKey): InvalidKeyError {
    return new InvalidKeyError(
        `${metadata.name}.${propertyPath} is a sealed key, which is computed of the primary key, and can't be set. ` +
            "Leave it out; of a copy of a row, take it off.",
    )
}
