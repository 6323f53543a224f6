/** @internal How TypeORM begins, commits and rolls back a nested transaction. */
export const NESTED = /^(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) (typeorm_\d+)$/

/** @internal */
export const NESTED_ROLLBACK = /^ROLLBACK TO SAVEPOINT typeorm_\d+$/
