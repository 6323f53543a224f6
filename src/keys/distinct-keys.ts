import type { DataSource, EntityMetadata } from "typeorm"
import { InvalidOptionError } from "../errors"
import { oncePer } from "../once-per"
import { dataSourceOf } from "../typeorm/compat"
import type { AnyKey, StoredKey } from "./pseudo-key"
import { pseudoKeysOf } from "./resolve-keys"

const prefixesOf = oncePer<DataSource, Map<string, AnyKey>>(() => new Map())

/** @internal The keys of a data source by what they begin with. */
export function keysByHead(dataSource: DataSource): ReadonlyMap<string, AnyKey> {
    for (const metadata of dataSource.entityMetadatas) refusePrefixes(metadata)
    return prefixesOf(dataSource)
}

/** @internal Notes the prefixes of an entity, and refuses those that could be another's. */
export function refusePrefixes(metadata: EntityMetadata): void {
    const known = prefixesOf(dataSourceOf(metadata))
    const { stored, sealed } = pseudoKeysOf(metadata)
    for (const key of [...stored, ...sealed]) {
        const { propertyPath } = key
        for (const head of [key.head, ...key.formerHeads]) {
            if (head === "") continue
            const others = [...known].filter(
                // The classes of a single-table inheritance are in one table.
                ([, other]) => !isSameKey(other, key),
            )
            for (const [other, { metadata: of, propertyPath: property }] of others)
                if (other.startsWith(head) || head.startsWith(other))
                    throw new InvalidOptionError(
                        `${metadata.name}.${propertyPath} has the prefix "${head.slice(0, -1)}", and ` +
                            `${of.name}.${property} has "${other.slice(0, -1)}": a key could be of either. Give ` +
                            "each its own, of which none begins like another.",
                    )
            // That of a parent is the one that finds rows of all classes.
            if (!known.has(head) || metadata.tableType !== "entity-child") known.set(head, key)
        }
    }
}

function isSameKey(one: AnyKey, other: AnyKey): boolean {
    return (
        one.metadata.tablePath === other.metadata.tablePath &&
        one.propertyPath === other.propertyPath
    )
}

const historiesOf = oncePer<DataSource, Map<string, StoredKey>>(() => new Map())

/** @internal Refuses keys whose histories could not be told apart: they know rows by their primary keys. */
export function refuseSharedHistory(metadata: EntityMetadata): void {
    const known = historiesOf(dataSourceOf(metadata))
    for (const key of pseudoKeysOf(metadata).stored) {
        if (key.history === false) continue
        const other = known.get(key.name)
        if (other && !isSameKey(other, key))
            throw new InvalidOptionError(
                `The histories of ${metadata.name}.${key.propertyPath} and of ` +
                    `${other.metadata.name}.${other.propertyPath} are both named "${key.name}". Give ` +
                    "one of them another series.",
            )
        known.set(key.name, key)
    }
}
