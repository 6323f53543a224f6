/** @internal The entity of the counter table. */
export const COUNTER_ENTITY = "AutoSequenceCounter"

/** @internal The entity of the history of keys. */
export const KEY_ENTITY = "AutoSequenceKey"

/** @internal Wide enough for names and keys that people make up; longer keys are hashed. */
export const KEY_LENGTH = 255
