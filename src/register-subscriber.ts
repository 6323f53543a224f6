import type { DataSource } from "typeorm"
import { watchLoads } from "./keys/shown-keys"
import { isAutoSequenceSubscriber } from "./declared/registry"
import { AutoSequenceSubscriber } from "./subscriber"

/**
 * Gives a data source its subscriber, where it has none. TypeORM makes those of its options when it
 * initializes the data source, so this has an effect only from then on.
 * @internal
 */
export function registerSubscriber(dataSource: DataSource): void {
    const { subscribers } = dataSource
    if (!subscribers.some(isAutoSequenceSubscriber))
        subscribers.unshift(new AutoSequenceSubscriber())
    watchLoads(dataSource)
}
