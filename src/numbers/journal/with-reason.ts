import type { EntityManager } from "typeorm"
import { checkedOptions, TEXT, TEXT_OR_NONE } from "../../declared/options"
import { show } from "../../declared/show"
import type { Dialect } from "../../dialects/dialect"
import { dialectOf } from "../../dialects"
import { InvalidOptionError, TransactionRequiredError, UnsupportedError } from "../../errors"
import { Session } from "../../inserts/session"
import { dataSourceOf } from "../../typeorm/compat"
import { select } from "../../typeorm/statement"
import { type Said, sayIn } from "./said"

/** Options of {@link withReason} and of other functions that write to the journal. */
export interface ReasonOptions {
    /** Why it is done. */
    reason: string

    /**
     * Who does it.
     *
     * Default: none.
     */
    by?: string
}

/**
 * Gives the reason for unusual changes in a part of a transaction: deleting rows with a number,
 * setting numbers, moving rows to another scope. Journal entries written during `work` have the
 * reason, including those written by triggers. If the column has `deletable: "withReason"`, rows
 * can be deleted in `work`.
 *
 * Resolves to what `work` resolves to. On PostgreSQL it is equivalent to
 * `SET LOCAL autosequence.reason = '…'` and `SET LOCAL autosequence.by = '…'`, on MariaDB and MySQL
 * to `SET @autosequence_reason = '…'`, `@autosequence_by`.
 *
 * Errors: {@link TransactionRequiredError} outside a transaction, {@link InvalidOptionError}.
 *
 * ```ts
 * import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn, withReason } from "typeorm-autosequence"
 *
 * @Entity()
 * class Receipt {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @AutoSequenceColumn({ strategy: "counter", deletable: "withReason" })
 *     number!: number
 * }
 *
 * declare const dataSource: DataSource
 *
 * await dataSource.transaction((manager) =>
 *     withReason(manager, { reason: "test data", by: "ann" }, () => manager.delete(Receipt, { id: 7 })),
 * )
 * ```
 */
export async function withReason<T>(
    manager: EntityManager,
    options: ReasonOptions,
    work: () => Promise<T>,
): Promise<T> {
    const { reason, by } = checkedReason("withReason", options)
    const runner = (manager as Partial<EntityManager> | undefined)?.queryRunner
    if (!runner?.isTransactionActive)
        throw new TransactionRequiredError(
            "withReason was given no transaction. Call it inside dataSource.transaction(…), with the manager that that gives you.",
        )
    const dialect = dialectOf(dataSourceOf(runner))
    if (!dialect)
        throw new UnsupportedError("withReason does not work on this database: it has no numbers.")
    const session = Session.of(runner)
    return saying(session, dialect, { reason, by }, work)
}

/** @internal Says something in a session while work is done. */
export async function saying<T>(
    session: Session,
    { journal }: Pick<Dialect, "journal">,
    said: Said,
    work: () => Promise<T>,
): Promise<T> {
    const { said: read, say } = journal
    const before = sayIn(session, said)
    let stored: { reason: string | null; by: string | null } | undefined
    const tell = async (reason: string | null, by: string | null) => {
        for (const [name, text] of [["reason", reason] as const, ["by", by] as const]) {
            const statement = say?.(name, text)
            if (statement) await session.runner.query(statement.sql, statement.parameters)
        }
    }
    try {
        if (read && say) {
            const { driver } = session.dataSource
            const columns = (["reason", "by"] as const).map(
                (name) => `${read(name)} AS ${driver.escape(name)}`,
            )
            const sql = `SELECT ${columns.join(", ")}`
            stored = (
                await select<{ reason: string | null; by: string | null }>(session.runner, { sql })
            )[0]
            await tell(said.reason ?? null, said.by ?? null)
        }
        return await work()
    } finally {
        sayIn(session, before)
        // After an error some transactions take nothing but a rollback, which ends it as well.
        if (stored) await tell(stored.reason, stored.by).catch(() => undefined)
    }
}

/** @internal A reason as a caller has given it; refuses to do without. */
export function checkedReason(place: string, options: ReasonOptions): ReasonOptions {
    const { reason, by } = checkedOptions(place, options, { reason: TEXT, by: TEXT_OR_NONE })
    if ((reason as string | undefined) === undefined || reason.trim() === "")
        throw new InvalidOptionError(
            `${place}: reason is ${show(reason)}, say why: { reason: "…" }. It is kept in the journal.`,
        )
    return { reason, ...(by !== undefined && { by }) }
}
