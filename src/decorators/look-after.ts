import type { EntityMetadata } from "typeorm"
import { subscriberRemedy } from "../declared/data-source-options"
import { isAutoSequenceSubscriber } from "../declared/registry"
import { NotInstalledError } from "../errors"
import { storedKeysOf } from "../keys/resolve-keys"
import { fillOnSynchronize } from "../schema/install/synchronize"
import { allocatedSeriesOf, triggeredSeriesOf } from "../series/own-series"
import { dataSourceOf } from "../typeorm/compat"
import type { ColumnMetadata } from "../typeorm/names"
import { refuseUnset } from "../typeorm/unset-values"

/**
 * What holds for an entity with numbers or keys in every data source, whether it has the subscriber or not.
 * @internal
 */
export function lookAfter(metadata: EntityMetadata): void {
    const dataSource = dataSourceOf(metadata)
    fillOnSynchronize(dataSource)
    refuseUnset(
        metadata,
        // It may be registered at any time, as NestJS does it.
        () => (dataSource.subscribers.some(isAutoSequenceSubscriber) ? [] : columnsOf(metadata)),
        ({ propertyPath }) =>
            new NotInstalledError(
                `${metadata.name}.${propertyPath} has no value, because the data source has no ` +
                    `AutoSequenceSubscriber, which sets it. ${subscriberRemedy(dataSource)} In a migration, which ` +
                    "TypeORM's command runs without subscribers, set the value yourself.",
            ),
    )
}

/** Those that the subscriber fills. Where triggers do, a database may need it to leave the column out. */
function columnsOf(metadata: EntityMetadata): ColumnMetadata[] {
    const triggered = triggeredSeriesOf(metadata).filter(
        ({ dialect }) => dialect.trigger?.leavesOutAsNull,
    )
    const numbered = [...allocatedSeriesOf(metadata), ...triggered]
    const filled = [
        ...numbered,
        ...numbered.flatMap(({ documents }) => documents),
        ...storedKeysOf(metadata),
    ]
    return filled.map(({ column }) => column)
}
