import type { EntityManager, EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { isAutoSequenceSubscriber } from "../declared/registry"
import type { Sender } from "../typeorm/statement"
import { AnnouncedRows } from "./announced/announced-rows"
import { NewRow } from "./announced/new-row"
import { UpdatedEntities } from "./announced/updated-entities"
import type { Assigner, NumberedRow } from "./assigner"
import { abortedError } from "./connection/aborted"
import { Connection } from "./connection/connection"
import { innerRunner, type Query } from "./connection/inner-runner"
import { StatementQueue } from "./connection/statement-queue"
import type { Insert } from "./insert"
import { sendInsert } from "./send-insert"
import { findInsert } from "./sql/find-insert"
import { findUpdate } from "./sql/find-update"
import type { Update } from "./sql/update"

/** Where a query runner has its session. A WeakMap would keep both until the next collection of old objects. */
const SESSION = Symbol("session")
type Owner = QueryRunner & { [SESSION]?: Session }
type AssignersOf = (session: Session) => readonly Assigner[]

/**
 * What is known of one query runner: its open transaction, the rows that were announced to it, and
 * who assigns values to them. All of its statements go through here.
 * @internal
 */
export class Session extends Connection {
    /** Sends a statement within a turn: it does not wait for those of others. */
    readonly query: QueryRunner["query"] = ((...args: Parameters<Query>) =>
        this.sendNamed(...args)) as QueryRunner["query"]
    private readonly queue: StatementQueue
    /** The rows that were announced, and whose INSERT has not been sent. */
    readonly announced = new AnnouncedRows()
    readonly updates = new UpdatedEntities()
    private inner: QueryRunner | undefined
    private assignersOf: AssignersOf | undefined
    private made: readonly Assigner[] | undefined

    private constructor(runner: QueryRunner) {
        super(runner)
        this.queue = new StatementQueue({
            isWatched: this.dataSource.subscribers.some(
                (subscriber) =>
                    !isAutoSequenceSubscriber(subscriber) &&
                    (subscriber.beforeQuery ?? subscriber.afterQuery),
            ),
            isShared: this.dialect?.sharesRunner ?? false,
        })
        runner.query = ((sql: string, ...args: [unknown[]?, boolean?]) => {
            // While it waits for its turn, rows of other statements may be announced.
            const { lastId } = NewRow
            return this.queue.turn(sql, () => this.process(lastId, sql, ...args))
        }) as QueryRunner["query"]
    }

    /** The session of a runner, with those who assign values as soon as somebody names them. */
    static of(runner: QueryRunner, assignersOf?: AssignersOf): Session {
        const owner: Owner = runner
        const session = (owner[SESSION] ??= new Session(runner))
        session.assignersOf ??= assignersOf
        return session
    }

    static find(runner: QueryRunner): Session | undefined {
        return (runner as Owner)[SESSION]
    }

    /** Those who assign values, from when one of them may have something to do. */
    override get assigners(): readonly Assigner[] {
        return (this.made ??= this.assignersOf?.(this)) ?? []
    }

    /** Whether one of them may have had something to do. */
    get hasAssigned(): boolean {
        return this.made !== undefined
    }

    /**
     * Sends within a turn. Made where it is needed: a runner that another object inherits from is slower in
     * all that it does.
     */
    get manager(): EntityManager {
        if (!this.inner) {
            this.inner = innerRunner(this.runner, this.dataSource, this.query)
        }
        return this.inner.manager
    }

    protected override transactionEnded(): void {
        const shared = { isShared: this.dialect?.sharesRunner ?? false }
        this.announced.transactionEnded(shared)
        this.updates.transactionEnded(shared)
    }

    /** Called before the INSERT of a row. */
    notice(entity: ObjectLiteral, metadata: EntityMetadata): void {
        const former = this.announced.of(entity)
        this.endRow(entity)
        NewRow.forget(entity)
        const row = new NewRow(entity, metadata)
        const isConcerned = this.assigners.map((assigner) => assigner.notice(row))
        if (isConcerned.includes(true)) this.announced.add(row, former)
    }

    /** Called when a row is in the table. */
    endRow(entity: ObjectLiteral): void {
        this.announced.end(entity)
    }

    /** Whether somebody makes values of others, which have to be known before the INSERT is sent. */
    derives(insert: Insert): boolean {
        return this.assigners.some((assigner) => assigner.derives?.(insert) ?? false)
    }

    /** Runs work that sends several statements, with none of others between. */
    together<T>(work: (sender: Sender) => Promise<T>): Promise<T> {
        const settled = async () => {
            // Alone, what comes now would be stored at once.
            if (this.transaction?.hasEnded) throw abortedError()
            await this.settle()
            return work(this)
        }
        return this.queue.turn("", settled)
    }

    /** None of this waits where nothing has to be waited for: all statements come through here. */
    private process(lastId: number, ...args: Parameters<Query>): Promise<unknown> {
        const [sql, parameters = [], structured] = args
        const skipped = this.transaction?.isLost ? this.skipLost(sql) : undefined
        if (skipped) return skipped
        const insert =
            this.announced.size > 0
                ? findInsert(this.dataSource, this.announced, { lastId, sql, parameters })
                : undefined
        if (insert) return sendInsert(this, this.announced, insert, structured)
        const settling = /^\s*SELECT\b/i.test(sql) ? undefined : this.settle()
        return settling ? settling.then(() => this.sendOther(...args)) : this.sendOther(...args)
    }

    private settle(): Promise<unknown> | undefined {
        let settling: Promise<unknown> | undefined
        for (const assigner of this.made ?? []) {
            const one = assigner.settle?.()
            if (one) settling = settling ? Promise.all([settling, one]) : one
        }
        return settling
    }

    private sendOther(...args: Parameters<Query>): Promise<unknown> {
        const [sql, parameters = [], structured] = args
        if (sql === "COMMIT") {
            const send = (before: readonly string[] = []) =>
                this.sendCommit(before, args[1], structured)
            const assigner = this.made?.find((one) => one.commit)
            return assigner?.commit?.(send) ?? send()
        }
        // Only statements of query builders ask for such a result.
        const update = structured ? findUpdate(this.dataSource, sql, parameters) : undefined
        return update ? this.sendUpdate(update) : this.sendNamed(...args)
    }

    private sendUpdate(update: Update): Promise<unknown> {
        const send = (one: Update) => {
            const { sql, parameters } = one.write()
            return this.sendNamed(sql, parameters, true)
        }
        const assigner = this.assigners.find((one) => one.update)
        return assigner?.update?.(update, send) ?? send(update)
    }

    /** Called right behind an UPDATE that has given rows their numbers, in its turn. */
    async numbered(rows: readonly NumberedRow[]): Promise<void> {
        if (rows.length === 0) return
        for (const assigner of this.assigners) await assigner.numbered?.(rows)
    }
}
