import type { DataSourceOptions } from "typeorm"
import { AutoSequenceSubscriber } from "./subscriber"

/**
 * Returns the options of a data source with the library's subscriber added. The options given are
 * not changed; calling it twice adds nothing more.
 *
 * TypeORM's own `migration:run` starts the data source without subscribers, so entities that a
 * migration saves are not numbered.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { withAutoSequence } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource(
 *     withAutoSequence({ type: "postgres", url: process.env.DATABASE_URL, entities: [] }),
 * )
 * ```
 */
export function withAutoSequence<Options extends DataSourceOptions>(options: Options): Options {
    const { subscribers = [] } = options
    if (Object.values(subscribers).includes(AutoSequenceSubscriber)) return options
    return {
        ...options,
        subscribers: Array.isArray(subscribers)
            ? [AutoSequenceSubscriber, ...subscribers]
            : { ...subscribers, AutoSequenceSubscriber },
    }
}
