/** @internal The entity of the counter table. */
export const COUNTER_ENTITY = "AutoSequenceCounter"

/** @internal The entity of the history of keys. */
export const KEY_ENTITY = "AutoSequenceKey"

/** @internal The entity of the journal. */
export const EVENT_ENTITY = "AutoSequenceEvent"

/** @internal The entity of what is set for series while they run. */
export const SETTING_ENTITY = "AutoSequenceSeries"

/** @internal The entities of all tables of the library's own. */
export const OWN_ENTITIES: readonly string[] = [
    COUNTER_ENTITY,
    KEY_ENTITY,
    EVENT_ENTITY,
    SETTING_ENTITY,
]

/** @internal Wide enough for names and keys that people make up; longer keys are hashed. */
export const KEY_LENGTH = 255
