import type { EntitySchema } from "typeorm"
import { type AutoSequenceCounter, counterEntity } from "./counter-entity"
import { type AutoSequenceEvent, eventEntity } from "./event-entity"
import { type AutoSequenceKey, keyEntity } from "./key-entity"
import { type AutoSequenceSeries, seriesEntity } from "./setting-entity"

/** The entities of this library, for `entities: [Invoice, ...autoSequenceEntities]`. */
export const autoSequenceEntities: readonly (
    | EntitySchema<AutoSequenceCounter>
    | EntitySchema<AutoSequenceKey>
    | EntitySchema<AutoSequenceEvent>
    | EntitySchema<AutoSequenceSeries>
)[] = [counterEntity(), keyEntity(), eventEntity(), seriesEntity()]
