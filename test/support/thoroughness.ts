/**
 * Whether everything is tested, which takes long: each server, both versions of TypeORM in full.
 * Otherwise one server of each database, in the time for which a person waits.
 */
export const isThorough = Boolean(process.env.TEST_ALL)
