import type { EntitySchema } from "typeorm"
import { type AutoSequenceCounter, counterEntity } from "./counter-entity"
import { type AutoSequenceKey, keyEntity } from "./key-entity"

/** The entities of this library, for `entities: [Invoice, ...autoSequenceEntities]`. */
export const autoSequenceEntities: readonly (
    EntitySchema<AutoSequenceCounter> | EntitySchema<AutoSequenceKey>
)[] = [counterEntity(), keyEntity()]
