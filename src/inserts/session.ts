import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { isAutoSequenceSubscriber } from "../declared/registry"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { driverErrorOf } from "../dialects/driver-error"
import { dataSourceOf } from "../typeorm/compat"
import type { Sender } from "../typeorm/statement"
import { abortedError } from "./aborted"
import { AnnouncedRows } from "./announced/announced-rows"
import { AnnouncedUpdates } from "./announced/announced-updates"
import type { Assigner, NumberedRow } from "./assigner"
import { innerRunner, type Query } from "./inner-runner"
import type { Insert } from "./insert"
import { NewRow } from "./announced/new-row"
import { rawRows } from "./returned-rows"
import { refuseSkippedListeners } from "./skipped-listeners"
import { findInsert } from "./sql/find-insert"
import { missingError } from "./sql/missing"
import { findUpdate } from "./sql/find-update"
import type { Update } from "./sql/update"
import { StatementQueue } from "./statement-queue"
import { Transaction } from "./transaction"

const NESTED_ROLLBACK = /^ROLLBACK TO SAVEPOINT typeorm_\d+$/
const REFUSED = Symbol("refused: the INSERT is sent again")

/**
 * What is known of one query runner: its open transaction, the rows that were announced to it, and
 * who assigns values to them. All of its statements go through here.
 * @internal
 */
export class Session {
    private static readonly all = new WeakMap<QueryRunner, Session>()

    readonly dataSource: DataSource
    readonly dialect: Dialect | undefined
    transaction: Transaction | undefined
    assigners: readonly Assigner[] = []
    /** Sends a statement within a turn: it does not wait for those of others. */
    readonly query: QueryRunner["query"] = ((...args: Parameters<Query>) =>
        this.sendNamed(...args)) as QueryRunner["query"]
    private readonly queue: StatementQueue
    private readonly send: Query
    private readonly rows = new AnnouncedRows()
    readonly updates = new AnnouncedUpdates()
    private inner: QueryRunner | undefined
    /** What is sent as COMMIT, and what the driver has made of it. */
    private commit: { readonly sql: string; raw: unknown } | undefined
    /** Whether COMMIT or ROLLBACK was sent, and TypeORM has not said so yet. */
    private isEnding = false

    private constructor(readonly runner: QueryRunner) {
        const dataSource = (this.dataSource = dataSourceOf(runner))
        this.dialect = dialectOf(dataSource)
        this.queue = new StatementQueue({
            isWatched: dataSource.subscribers.some(
                (subscriber) =>
                    !isAutoSequenceSubscriber(subscriber) &&
                    (subscriber.beforeQuery ?? subscriber.afterQuery),
            ),
            isShared: this.dialect?.sharesRunner ?? false,
        })
        this.send = (runner.query as Query).bind(runner)
        runner.query = ((sql: string, ...args: [unknown[]?, boolean?]) =>
            this.queue.turn(sql, () => this.process(sql, ...args))) as QueryRunner["query"]
        const release = runner.release.bind(runner)
        runner.release = async () => {
            // The driver has released it where the server has ended the connection.
            if (runner.isReleased) this.loseTransaction()
            else if (this.isOpen) await this.discardConnection()
            return release()
        }
        const rollBack = runner.rollbackTransaction.bind(runner)
        runner.rollbackTransaction = async () => {
            const { transaction } = this
            const depth = transaction?.depth
            try {
                await rollBack()
            } catch (error) {
                // A listener keeps TypeORM from sending it. It counts the savepoint on, and what it took for COMMIT
                // would give up the savepoint.
                if (transaction && transaction === this.transaction && transaction.depth === depth)
                    transaction.lose()
                throw error
            }
        }
    }

    /** The session of a runner, with those who assign values as soon as somebody names them. */
    static of(
        runner: QueryRunner,
        assignersOf?: (session: Session) => readonly Assigner[],
    ): Session {
        let session = Session.all.get(runner)
        if (!session) Session.all.set(runner, (session = new Session(runner)))
        if (assignersOf && session.assigners.length === 0) session.assigners = assignersOf(session)
        return session
    }

    static find(runner: QueryRunner): Session | undefined {
        return Session.all.get(runner)
    }

    /**
     * Sends within a turn. Made where it is needed: a runner that another object inherits from is slower in
     * all that it does.
     */
    get manager(): EntityManager {
        if (!this.inner) {
            this.inner = innerRunner(this.runner, this.dataSource, this.query)
            Session.all.set(this.inner, this)
        }
        return this.inner.manager
    }

    /** Whether rows are stored for good only when a transaction ends well. */
    get isInTransaction(): boolean {
        return this.runner.isTransactionActive && !this.isEnding
    }

    /** Also where TypeORM takes a transaction for ended since a nested one could not be begun. */
    private get isOpen(): boolean {
        return this.runner.isTransactionActive || (this.transaction !== undefined && !this.isEnding)
    }

    /** The open transaction, also one whose start wasn't seen, and which may have read anything. */
    joinTransaction(): Transaction {
        return (this.transaction ??= new Transaction(this.dialect, true))
    }

    transactionStarted(): void {
        if (this.transaction) this.transaction.begin()
        else this.transaction = new Transaction(this.dialect, false)
    }

    transactionCommitted(): void {
        if (!this.transaction?.commit()) this.endTransaction()
    }

    transactionRolledBack(): void {
        if (!this.transaction?.rollBack()) this.endTransaction()
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
        while (this.transaction.rollBack());
        this.endTransaction()
    }

    private endTransaction(): void {
        this.transaction = undefined
        this.isEnding = false
        const shared = { isShared: this.dialect?.sharesRunner ?? false }
        this.rows.transactionEnded(shared)
        this.updates.transactionEnded(shared)
    }

    /** Undoes with the transaction, if there is one. */
    onRollback(undo: () => void): void {
        this.transaction?.onRollback(undo)
    }

    /** Called before the INSERT of a row. */
    notice(entity: ObjectLiteral, metadata: EntityMetadata): void {
        this.endRow(entity)
        const row = new NewRow(entity, metadata)
        const isConcerned = this.assigners.map((assigner) => assigner.notice(row))
        if (!isConcerned.includes(true)) return
        this.rows.add(row)
    }

    /** Called when a row is in the table. */
    endRow(entity: ObjectLiteral): void {
        this.rows.endOf(entity)
    }

    /** Whether somebody makes values of others, which have to be known before the INSERT is sent. */
    derives(insert: Insert): boolean {
        return this.assigners.some((assigner) => assigner.derives?.(insert) ?? false)
    }

    /** The rows that were announced, and whose INSERT has not been sent. */
    get announced(): ReadonlyMap<number, NewRow> {
        return this.rows.all
    }

    /** Runs work that sends several statements, with none of others between. */
    together<T>(work: (sender: Sender) => Promise<T>): Promise<T> {
        const settled = async () => {
            // Alone, what comes now would be stored at once.
            if (this.transaction?.hasEnded) throw abortedError()
            await this.settle()
            return work(this)
        }
        return this.queue.turn("", settled, { follow: true })
    }

    /** None of this waits where nothing has to be waited for: all statements come through here. */
    private process(...args: Parameters<Query>): Promise<unknown> {
        const [sql, parameters = []] = args
        const { transaction } = this
        if (transaction?.isLost && !/^ROLLBACK\b/.test(sql)) throw abortedError()
        const insert =
            this.announced.size > 0
                ? findInsert(this.dataSource, this.announced, sql, parameters)
                : undefined
        if (insert) return this.sendInsert(insert, args[2])
        const settling = /^\s*SELECT\b/i.test(sql) ? undefined : this.settle()
        return settling ? settling.then(() => this.sendOther(...args)) : this.sendOther(...args)
    }

    private sendOther(...args: Parameters<Query>): Promise<unknown> {
        const [sql, parameters = [], structured] = args
        if (sql === "COMMIT") return this.sendCommit(...args)
        // Only statements of query builders ask for such a result.
        const update = structured ? findUpdate(this.dataSource, sql, parameters) : undefined
        return update ? this.sendUpdate(update) : this.sendNamed(...args)
    }

    private sendUpdate(update: Update): Promise<unknown> {
        const send = (one: Update) => {
            const { sql, parameters } = one.write()
            return this.sendNamed(sql, parameters, true)
        }
        const [assigner] = this.assigners.filter((one) => one.update)
        return assigner?.update?.(update, send) ?? send(update)
    }

    /** Called right behind an UPDATE that has given rows their numbers, in its turn. */
    async numbered(rows: readonly NumberedRow[]): Promise<void> {
        if (rows.length === 0) return
        for (const assigner of this.assigners) await assigner.numbered?.(rows)
    }

    private sendCommit(...[, parameters, structured]: Parameters<Query>): Promise<unknown> {
        const send = async (before: readonly string[] = []) => {
            const sql = [...before, "COMMIT"].join("; ")
            const commit = (this.commit = { sql, raw: undefined })
            const result = await this.sendNamed(sql, parameters, structured)
            return before.length > 0 ? commit.raw : result
        }
        const [assigner] = this.assigners.filter((one) => one.commit)
        return assigner?.commit?.(send) ?? send()
    }

    /** Called with what the driver has made of a COMMIT, and of statements that were sent with it. */
    noticeCommitted(sql: string, raw: unknown): void {
        if (this.commit?.sql === sql) this.commit.raw = raw
    }

    private settle(): Promise<unknown> | undefined {
        let settling: Promise<unknown> | undefined
        for (const assigner of this.assigners) {
            const one = assigner.settle?.()
            if (one) settling = settling ? Promise.all([settling, one]) : one
        }
        return settling
    }

    private async sendNamed(...args: Parameters<Query>): Promise<unknown> {
        const [sql, parameters = []] = args
        const isCommit = sql === "COMMIT" || sql === this.commit?.sql
        if (this.transaction && (isCommit || sql === "ROLLBACK")) this.isEnding = true
        try {
            this.transaction?.noticeStatement(sql)
            return await this.send(...args)
        } catch (error) {
            this.noticeError(error)
            if (isCommit) this.isEnding = false
            // No rollback is announced where the connection is lost, but all was rolled back.
            if (sql === "ROLLBACK") this.loseTransaction()
            // TypeORM swallows it, and the transaction around would commit what was to be undone.
            else if (NESTED_ROLLBACK.test(sql)) this.transaction?.lose()
            throw this.nameOf(sql, parameters, error)
        }
    }

    private async sendInsert(insert: Insert, structured?: boolean): Promise<unknown> {
        const assigned: Assigner[] = []
        let statement: ReturnType<Insert["write"]> | undefined
        let result: unknown
        try {
            refuseSkippedListeners(insert)
            for (const assigner of this.assigners) {
                assigned.unshift(assigner)
                const assigning = assigner.assign(insert)
                if (assigning) await assigning
            }
            do {
                statement = insert.write()
                const { sql, parameters } = statement
                result = await this.sendNoticed(sql, parameters, structured).catch(
                    async (error: unknown) => {
                        if (await this.assignOthers(insert, sql, parameters, error)) return REFUSED
                        throw error
                    },
                )
            } while (result === REFUSED)
            if (insert.isSelected && rawRows(result).length === 0) {
                for (const assigner of this.assigners) await assigner.assignAgain?.(insert)
                statement = insert.write()
                result = await this.sendNoticed(statement.sql, statement.parameters, structured)
            }
        } catch (error) {
            // What rows were given is known as long as the error is named.
            const named = statement
                ? this.nameOf(statement.sql, statement.parameters, error, insert)
                : error
            for (const assigner of assigned) await assigner.failed(insert)
            throw named
        } finally {
            this.rows.endAll(insert)
        }
        for (const assigner of this.assigners) {
            const finishing = assigner.inserted(insert, result)
            if (finishing) await finishing
        }
        insert.hideReturned(rawRows(result))
        return result
    }

    private async assignOthers(
        insert: Insert,
        sql: string,
        parameters: unknown[],
        error: unknown,
    ): Promise<boolean> {
        const cause = driverErrorOf(error)
        if (!cause) return false
        for (const assigner of this.assigners)
            if (await assigner.assignOthers?.({ sql, parameters, cause, insert })) return true
        return false
    }

    private async sendNoticed(...args: Parameters<Query>): Promise<unknown> {
        try {
            this.transaction?.noticeStatement(args[0])
            return await this.send(...args)
        } catch (error) {
            this.noticeError(error)
            throw error
        }
    }

    private noticeError(error: unknown): void {
        const driverError = driverErrorOf(error)
        if (this.transaction && driverError && this.dialect?.endsTransaction(driverError))
            this.transaction.end()
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
