import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { driverErrorOf } from "../../dialects/driver-error"
import { dataSourceOf } from "../../typeorm/compat"
import { TransactionDepth } from "../../typeorm/transaction-depth"
import type { Assigner } from "../assigner"
import type { Insert } from "../insert"
import { missingError } from "../sql/missing"
import { abortedError } from "./aborted"
import type { Query } from "./inner-runner"
import { NESTED, NESTED_ROLLBACK } from "./savepoints"
import { Transaction } from "./transaction"

/**
 * The connection of a query runner: it sends statements, names their errors, and knows the open transaction,
 * however that ends.
 * @internal
 */
export abstract class Connection {
    readonly dataSource: DataSource
    readonly dialect: Dialect | undefined
    transaction: Transaction | undefined
    /** Sends a statement as it is. */
    readonly send: Query
    /** What is sent as COMMIT, and what the driver has made of it. */
    private commit: { readonly sql: string; raw: unknown } | undefined
    /** Whether COMMIT or ROLLBACK was sent, and TypeORM has not said so yet. */
    private isEnding = false
    private readonly depth: TransactionDepth
    /** What has kept a nested transaction from being rolled back. */
    private lostBy: unknown

    protected constructor(readonly runner: QueryRunner) {
        this.dataSource = dataSourceOf(runner)
        this.dialect = dialectOf(this.dataSource)
        this.depth = new TransactionDepth(runner)
        this.send = (runner.query as Query).bind(runner)
        const release = runner.release.bind(runner)
        runner.release = () => {
            if (!runner.isReleased && this.isOpen) return this.discardConnection().then(release)
            // The driver has released it where the server has ended the connection.
            if (runner.isReleased) this.loseTransaction()
            return release()
        }
        const rollBack = runner.rollbackTransaction.bind(runner)
        runner.rollbackTransaction = async () => {
            const { transaction } = this
            const depth = transaction?.depth
            try {
                await rollBack()
            } catch (error) {
                // A listener keeps TypeORM from sending it.
                const isKept = error !== this.lostBy && transaction?.depth === depth
                if (transaction && transaction === this.transaction && isKept)
                    this.loseNested(transaction, error)
                throw error
            }
        }
    }

    /** Those who assign values. */
    abstract get assigners(): readonly Assigner[]

    /** Whether rows are stored for good only when a transaction ends well. */
    get isInTransaction(): boolean {
        return this.runner.isTransactionActive && !this.isEnding
    }

    /** Also where TypeORM takes a transaction for ended since a nested one could not be begun. */
    get isOpen(): boolean {
        return this.runner.isTransactionActive || (this.transaction !== undefined && !this.isEnding)
    }

    /** The open transaction, also one whose start wasn't seen, and which may have read anything. */
    joinTransaction(): Transaction {
        return (this.transaction ??= new Transaction(this.dialect, true))
    }

    /** Undoes with the transaction, if there is one. */
    onRollback(undo: () => void): void {
        this.transaction?.onRollback(undo)
    }

    transactionStarted(): void {
        if (this.transaction) this.transaction.begin()
        else this.transaction = new Transaction(this.dialect, false)
    }

    /** Whether it was. */
    transactionCommitted(): boolean {
        if (this.transaction?.leave()) return true
        // TypeORM has given up the savepoint of one that ended meanwhile in the place of COMMIT.
        if (this.goesOn()) return false
        this.endTransaction()
        return true
    }

    transactionRolledBack(): void {
        // It may be one that could not be begun, whose savepoint was that of one that ended meanwhile.
        if (this.transaction?.leave() || this.goesOn()) return
        this.transaction?.end()
        this.endTransaction()
    }

    /** Whether the database is in the transaction although TypeORM counts it as ended; it no longer does then. */
    private goesOn(): boolean {
        if (!this.transaction || this.transaction.isJoined || !this.runner.isTransactionActive)
            return false
        this.depth.keepOutermost()
        return true
    }

    /**
     * Keeps the connection from being used again. Where a ROLLBACK has failed TypeORM says nothing, and gives it
     * back: the next transaction would commit what this one has written.
     */
    async discardConnection(): Promise<void> {
        if (!this.dialect?.discard) return
        this.loseTransaction()
        this.dialect.discard(this.dataSource, await this.runner.connect())
    }

    /** For one that ends, and nobody announces it. */
    private loseTransaction(): void {
        if (!this.transaction) return
        this.transaction.end()
        this.endTransaction()
    }

    /** For a nested one that can't be rolled back. */
    private loseNested(transaction: Transaction, error: unknown): void {
        this.lostBy = error
        transaction.lose()
        // TypeORM counts it on, and would end a savepoint where the transaction is to be rolled back.
        if (transaction.leave()) this.depth.endNested()
    }

    /** Refuses a statement in a lost transaction; undefined where it is to be sent. */
    protected skipLost(sql: string): Promise<void> | undefined {
        const [, nested] = NESTED.exec(sql) ?? []
        // Were they refused, TypeORM would end the transaction around, and store alone what comes then.
        if (nested === "SAVEPOINT" || nested === "ROLLBACK TO SAVEPOINT") return Promise.resolve()
        if (/^ROLLBACK\b/.test(sql)) return undefined
        throw abortedError()
    }

    private endTransaction(): void {
        this.transaction = undefined
        this.isEnding = false
        this.lostBy = undefined
        this.transactionEnded()
    }

    protected abstract transactionEnded(): void

    /** Sends a statement, and notes what it and its error do to the transaction. */
    async sendNoticed(...args: Parameters<Query>): Promise<unknown> {
        const [sql] = args
        const isCommit = sql === "COMMIT" || sql === this.commit?.sql
        if (this.transaction && (isCommit || sql === "ROLLBACK")) this.isEnding = true
        try {
            this.transaction?.locks.notice(sql)
            const result = await this.send(...args)
            this.transaction?.sent(sql)
            return result
        } catch (error) {
            const driverError = driverErrorOf(error)
            if (this.transaction && driverError && this.dialect?.endsTransaction(driverError))
                this.transaction.end()
            if (isCommit) this.isEnding = false
            // No rollback is announced where the connection is lost, but all was rolled back.
            if (sql === "ROLLBACK") this.loseTransaction()
            // TypeORM swallows it, and the transaction around would commit what was to be undone.
            else if (this.transaction && NESTED_ROLLBACK.test(sql))
                this.loseNested(this.transaction, error)
            throw error
        }
    }

    /** The same, for statements whose error is thrown on at once. */
    async sendNamed(...args: Parameters<Query>): Promise<unknown> {
        const [sql, parameters = []] = args
        try {
            return await this.sendNoticed(...args)
        } catch (error) {
            throw this.nameOf(sql, parameters, error)
        }
    }

    /** Sends COMMIT; with statements before it in the same text, resolves to the driver's own results. */
    protected async sendCommit(
        before: readonly string[],
        ...[parameters, structured]: [unknown[]?, boolean?]
    ): Promise<unknown> {
        const sql = [...before, "COMMIT"].join("; ")
        const commit = (this.commit = { sql, raw: undefined })
        const result = await this.sendNamed(sql, parameters, structured)
        return before.length > 0 ? commit.raw : result
    }

    /** Called with what the driver has made of a COMMIT, and of statements that were sent with it. */
    noticeCommitted(sql: string, raw: unknown): void {
        if (this.commit?.sql === sql) this.commit.raw = raw
    }

    /** What an error of a statement is called here. */
    nameOf(sql: string, parameters: unknown[], error: unknown, insert?: Insert): unknown {
        const cause = driverErrorOf(error)
        if (!cause) return error
        for (const assigner of this.assigners) {
            const named = assigner.nameOf?.({ sql, parameters, cause, insert })
            if (named) return named
        }
        const columnsOf = (metadata: EntityMetadata) =>
            this.assigners.flatMap((assigner) => assigner.columnsOf?.(metadata) ?? [])
        return missingError(this.dataSource, sql, cause, columnsOf) ?? error
    }
}
