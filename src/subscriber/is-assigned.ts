import type { EntityMetadata } from "typeorm"
import { pseudoKeysOf } from "../keys/resolve-keys"
import { hasReferences } from "../keys/sealed/sealed-reference"
import { isParentOfScopes } from "../numbers/deferred-scopes"
import { seriesOf } from "../series/resolve-series"

/** @internal Whether rows of an entity are assigned values, or tell those of others. */
export function isAssigned(metadata: EntityMetadata): boolean {
    const { stored, sealed } = pseudoKeysOf(metadata)
    return (
        seriesOf(metadata).length > 0 ||
        stored.length > 0 ||
        sealed.length > 0 ||
        isParentOfScopes(metadata) ||
        hasReferences(metadata)
    )
}
