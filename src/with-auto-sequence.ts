import type { DataSourceOptions, EntitySchema } from "typeorm"
import { COUNTER_ENTITY, counterEntity, type CounterTableOptions } from "./schema/counter-entity"
import { AutoSequenceSubscriber } from "./subscriber"

/** What {@link withAutoSequence} takes beside the options of the data source. */
export interface WithAutoSequenceOptions {
    /**
     * The name and the schema of the counter table.
     *
     * Default is `autosequence_counter` in the schema of the data source.
     */
    counterTable?: CounterTableOptions
}

/**
 * Returns the options of a data source with the library's subscriber and its counter table added.
 * The options given are not changed; calling it twice adds nothing more.
 *
 * TypeORM's own `migration:run` starts the data source without subscribers, so entities that a
 * migration saves are not numbered.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { withAutoSequence } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource(
 *     withAutoSequence(
 *         { type: "postgres", url: process.env.DATABASE_URL, entities: [] },
 *         { counterTable: { schema: "billing" } },
 *     ),
 * )
 * ```
 */
export function withAutoSequence<Options extends DataSourceOptions>(
    options: Options,
    { counterTable }: WithAutoSequenceOptions = {},
): Options {
    const { subscribers = [], entities = [] } = options
    const isCounter = (entity: unknown) =>
        (entity as Partial<EntitySchema> | undefined)?.options?.name === COUNTER_ENTITY
    return {
        ...options,
        subscribers: Object.values(subscribers).includes(AutoSequenceSubscriber)
            ? subscribers
            : Array.isArray(subscribers)
              ? [AutoSequenceSubscriber, ...subscribers]
              : { ...subscribers, AutoSequenceSubscriber },
        entities: Object.values(entities).some(isCounter)
            ? entities
            : Array.isArray(entities)
              ? [...entities, counterEntity(counterTable)]
              : { ...entities, [COUNTER_ENTITY]: counterEntity(counterTable) },
    }
}
