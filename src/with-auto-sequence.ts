import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "./declared/own-tables"
import type { DataSourceOptions, EntitySchema } from "typeorm"
import { counterEntity, type CounterTableOptions } from "./tables/counter-entity"
import { eventEntity, type EventTableOptions } from "./tables/event-entity"
import { keyEntity, type KeyTableOptions } from "./tables/key-entity"
import { seriesEntity, type SettingTableOptions } from "./tables/setting-entity"
import { dialectOf } from "./dialects"
import { fillOnSynchronize } from "./schema/install/synchronize"
import { dataSourceOf } from "./typeorm/compat"
import { onMetadata } from "./typeorm/metadata/index-metadata"
import { AutoSequenceSubscriber } from "./subscriber"
import { marked } from "./declared/data-source-options"
import { STRATEGIES, type Strategy } from "./declared/numbers/strategies"
import { ANYTHING, checkedOptions, OBJECT, oneOf, refuserOf, refuseWrong } from "./declared/options"

/** Options of {@link withAutoSequence} in addition to those of the data source. */
export interface WithAutoSequenceOptions {
    /**
     * The strategy of columns that don't set one themselves.
     *
     * Default: `"table-lock"`.
     */
    strategy?: Strategy

    /**
     * The name and schema of the counter table.
     *
     * Default: `autosequence_counter` in the schema of the data source.
     */
    counterTable?: CounterTableOptions

    /**
     * The name and schema of the table that keeps the history of pseudo keys.
     *
     * Default: `autosequence_key` in the schema of the data source.
     */
    keyTable?: KeyTableOptions

    /**
     * The name and schema of the journal.
     *
     * Default: `autosequence_event` in the schema of the data source.
     */
    eventTable?: EventTableOptions

    /**
     * The name and schema of the table that keeps the settings of series.
     *
     * Default: `autosequence_series` in the schema of the data source.
     */
    seriesTable?: SettingTableOptions
}

const OF_DATA_SOURCE = { subscribers: OBJECT, entities: OBJECT }
// They are looked at where they are used.
const OWN = {
    strategy: oneOf(...STRATEGIES),
    counterTable: ANYTHING,
    keyTable: ANYTHING,
    eventTable: ANYTHING,
    seriesTable: ANYTHING,
}

/**
 * Returns the options of a data source with the library's subscriber and tables added. The given
 * options aren't changed. Calling it twice adds nothing more.
 *
 * TypeORM's own `migration:run` starts the data source without subscribers, so entities saved by a
 * migration are not numbered.
 *
 * Errors: {@link InvalidOptionError} if an option is wrong.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { withAutoSequence } from "typeorm-autosequence"
 *
 * export const dataSource = new DataSource(
 *     withAutoSequence(
 *         { type: "postgres", url: process.env.DATABASE_URL, entities: [] },
 *         { strategy: "counter", counterTable: { schema: "billing" } },
 *     ),
 * )
 * ```
 */
export function withAutoSequence<Options extends Partial<DataSourceOptions>>(
    options: Options,
    more: WithAutoSequenceOptions = {},
): Options {
    refuseWrong<Partial<DataSourceOptions>>(options, OF_DATA_SOURCE, refuserOf("withAutoSequence"))
    const { strategy, counterTable, keyTable, eventTable, seriesTable } = checkedOptions(
        "withAutoSequence",
        more,
        OWN,
    )
    const { subscribers = [], entities = [] } = options
    const present = Object.values(entities).map(
        (entity) => (entity as Partial<EntitySchema> | undefined)?.options?.name,
    )
    const added = Object.entries({
        [COUNTER_ENTITY]: () => lookingAfter(counterEntity(counterTable)),
        [KEY_ENTITY]: () => keyEntity(keyTable),
        [EVENT_ENTITY]: () => eventEntity(eventTable),
        [SETTING_ENTITY]: () => seriesEntity(seriesTable),
    }).flatMap(([name, make]) => (present.includes(name) ? [] : [[name, make()] as const]))
    return {
        ...marked(options, strategy),
        subscribers: Object.values(subscribers).includes(AutoSequenceSubscriber)
            ? subscribers
            : Array.isArray(subscribers)
              ? [AutoSequenceSubscriber, ...subscribers]
              : { ...subscribers, AutoSequenceSubscriber },
        entities:
            added.length === 0
                ? entities
                : Array.isArray(entities)
                  ? [...entities, ...added.map(([, entity]) => entity)]
                  : { ...entities, ...Object.fromEntries(added) },
    }
}

/** Where the last number has been removed, no entity with numbers looks after `synchronize()`. */
function lookingAfter<Row>(entity: EntitySchema<Row>): EntitySchema<Row> {
    const columns = onMetadata((metadata) => {
        const dataSource = dataSourceOf(metadata)
        if (dialectOf(dataSource)) fillOnSynchronize(dataSource)
    })
    const { indices = [] } = entity.options
    entity.options.indices = [...indices, { columns }]
    return entity
}
