import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { Session } from "../../inserts/session"
import {
    FUNCTION,
    ISOLATION_LEVEL,
    checkedOptions,
    refuseOther,
    refuserOf,
} from "../../declared/options"
import { lockTables, tableLockOf } from "./table-lock"
import { InvalidOptionError } from "../../errors"
import { givenEntity } from "../../typeorm/given"

/** Options of {@link withTableLock}. */
export interface TableLockOptions {
    /**
     * The isolation level of the transaction.
     *
     * Default: what the data source or the database is set to.
     */
    isolationLevel?: "READ UNCOMMITTED" | "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"
}

/**
 * Runs `work` in a transaction that locks the entity's table before anything else, and resolves to
 * what `work` resolves to.
 *
 * Use it for transactions that write to a numbered table before they take a number, for example
 * with an update, or with an insert that sets the number itself. Otherwise two of them wait for
 * each other's first lock, which PostgreSQL ends with a deadlock error. Use it also with
 * `REPEATABLE READ` and `SERIALIZABLE`, where the lock must be older than the snapshot. Several
 * entities, numbered or not, are locked in a fixed order.
 *
 * Errors: {@link InvalidOptionError} if no entity is given, or one that the data source doesn't
 * have; {@link UnsupportedError} if the database has no such lock. An error that `work` throws
 * rolls the transaction back and is passed on.
 *
 * ```ts
 * import { DataSource, EntitySchema } from "typeorm"
 * import { withTableLock } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 * declare const Invoice: EntitySchema<{ id: number; number: number; isPaid: boolean }>
 *
 * const invoice = await withTableLock(dataSource, Invoice, async (manager) => {
 *     await manager.update(Invoice, { isPaid: false }, { isPaid: true })
 *     return manager.save(Invoice, { isPaid: false })
 * })
 * ```
 */
export async function withTableLock<T>(
    dataSource: DataSource,
    entities: EntityTarget<ObjectLiteral> | readonly EntityTarget<ObjectLiteral>[],
    work: (manager: EntityManager) => Promise<T>,
    options: TableLockOptions = {},
): Promise<T> {
    const { isolationLevel } = checkedOptions("withTableLock", options, {
        isolationLevel: ISOLATION_LEVEL,
    })
    refuseOther("the work is", work, FUNCTION, refuserOf("withTableLock"))
    const targets = (
        Array.isArray(entities) ? entities : [entities]
    ) as EntityTarget<ObjectLiteral>[]
    if (targets.length === 0)
        throw new InvalidOptionError(
            "withTableLock was given no entity. Name one whose table to lock.",
        )
    const metadatas = targets.map((target) => givenEntity("withTableLock", dataSource, target))
    for (const metadata of metadatas) tableLockOf(metadata)

    const locked = async (manager: EntityManager): Promise<T> => {
        const { queryRunner } = manager
        if (queryRunner) await lockTables(Session.of(queryRunner), metadatas, queryRunner)
        return work(manager)
    }
    return isolationLevel
        ? dataSource.transaction(isolationLevel, locked)
        : dataSource.transaction(locked)
}
