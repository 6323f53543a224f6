import { columnType } from "../../typeorm/names"
import type { EntityMetadata } from "typeorm"
import { UnsupportedError } from "../../errors"
import { refusePrefixes, refuseSharedHistory } from "../../keys/distinct-keys"
import { resolveStoredKey } from "../../keys/resolve-keys"
import { showKeys } from "../../keys/shown-keys"
import type { StoredKeyColumn } from "../../declared/registry"
import { uniqueIndex } from "../../series/unique-index"
import { onMetadata } from "../../typeorm/metadata/index-metadata"
import { lookAfter } from "../look-after"

/** @internal For TypeORM's `@Index`: the unique indexes of a pseudo key. */
export function uniqueKeyIndex(declared: StoredKeyColumn): () => string[] {
    return uniqueIndex((metadata, embeddedPath) => {
        const key = resolveStoredKey(metadata, declared, embeddedPath)
        // MySQL and SQLite have no type for them, and TypeORM no length.
        if (key.isUuid && columnType(key.column) !== "uuid")
            Object.assign(key.column, { type: "varchar", length: "36" })
        // The usual collations of MySQL take upper and lower case for equal.
        if (columnType(key.column) !== "uuid") Object.assign(key.column, key.dialect?.keyCollation)
        start(metadata)
        lookAfter(metadata)
        return key
    })
}

/** @internal For TypeORM's `@Index`: there is none, but the moment at which it asks. */
export function sealedKeyIndex(): () => string[] {
    return onMetadata((metadata, embeddedPath) => {
        if (embeddedPath)
            throw new UnsupportedError(
                `${metadata.name} has a sealed key in the embedded ${embeddedPath}. Declare it in the entity itself, ` +
                    "because it is made from the entity's primary key.",
            )
        start(metadata)
    })
}

function start(metadata: EntityMetadata): void {
    refusePrefixes(metadata)
    refuseSharedHistory(metadata)
    showKeys(metadata)
}
