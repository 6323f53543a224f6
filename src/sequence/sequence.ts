import { isTarget, onTarget, resolveTarget } from "./connection"
import { deleteCounter, findLast } from "./counter"
import { columnsOf, type Counting } from "./place"
import { isNowait, refuseCount, ruleOf } from "./rule"
import { sequenceKeyOf } from "./scope"
import { takeNumbers } from "./take"
import type {
    NextOptions,
    SequenceNumbers,
    SequenceOptions,
    SequenceScope,
    SequenceTarget,
    SequenceType,
} from "./types"
import type { Sender } from "../typeorm/statement"

/**
 * Numbers without an entity: consecutive and without duplicates, however many callers there are.
 *
 * With the manager of a transaction, numbers are taken as part of that transaction: nobody else
 * gets the next number of the same scope until the transaction ends, and a rollback returns them.
 * With a data source, numbers are taken at once on a separate connection, and concurrent calls
 * share one statement; a number that you then don't use is a gap. Inside a transaction, pass its
 * manager: a call with the data source would wait for another connection, which a full pool doesn't
 * have. SQLite has one connection per data source, so there a number is part of any open
 * transaction. A data source whose `manager` belongs to an open transaction, as some libraries
 * provide it, is treated as that transaction.
 *
 * The sequence exists once its first number is taken. Its last number is a row of the counter
 * table, which {@link withAutoSequence} adds to the entities. The options are not stored: each
 * program says how to count, and may change that at any time.
 *
 * Errors: {@link InvalidOptionError}; {@link NumberOverflowError} before a number exceeds what
 * `type` can hold, and the sequence doesn't change; {@link CounterLockedError} with `nowait`;
 * {@link NotInstalledError} if there is no counter table; {@link UnsupportedError} if the database
 * doesn't support one.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { Sequence, withAutoSequence } from "typeorm-autosequence"
 *
 * const dataSource = new DataSource(withAutoSequence({ type: "postgres", entities: [] }))
 * const invoiceNumbers = new Sequence("invoice_numbers", { scope: { year: 2030 } })
 *
 * await dataSource.transaction(async (manager) => {
 *     const number = await invoiceNumbers.next(manager) // 1
 *     const batch = await invoiceNumbers.nextMany(manager, 10) // [2 … 11]
 * })
 * await invoiceNumbers.last(dataSource) // 11
 * ```
 */
export class Sequence<Type extends SequenceType = "number"> implements AsyncIterable<
    SequenceNumbers[Type]
> {
    /** The name, which is the same for all scopes. */
    readonly name: string
    /** @internal */
    readonly counting: Counting
    private readonly options: SequenceOptions<Type>

    constructor(name: string, options: SequenceOptions<Type> = {}) {
        const rule = ruleOf(name, options)
        this.options = { ...options }
        this.name = name
        this.counting = { rule, key: sequenceKeyOf(name, options.scope) }
    }

    /** The same sequence in another scope, which is counted separately. */
    inScope(scope: SequenceScope): Sequence<Type> {
        return new Sequence(this.name, { ...this.options, scope })
    }

    /** Takes the next number. */
    next(options?: NextOptions): Promise<SequenceNumbers[Type]>
    next(target: SequenceTarget, options?: NextOptions): Promise<SequenceNumbers[Type]>
    async next(...call: unknown[]): Promise<SequenceNumbers[Type]> {
        const { target, rest } = this.split(call)
        const numbers = await this.take(target, 1, rest[0])
        return numbers[0] as SequenceNumbers[Type]
    }

    /**
     * Takes several numbers with one statement, in order.
     *
     * At most 10 000 000. With 0, no statement is sent.
     */
    nextMany(count: number, options?: NextOptions): Promise<SequenceNumbers[Type][]>
    nextMany(
        target: SequenceTarget,
        count: number,
        options?: NextOptions,
    ): Promise<SequenceNumbers[Type][]>
    async nextMany(...call: unknown[]): Promise<SequenceNumbers[Type][]> {
        const { target, rest } = this.split(call)
        return this.take(target, rest[0], rest[1])
    }

    /** The last number that was taken, `null` before the first. */
    async last(target?: SequenceTarget): Promise<SequenceNumbers[Type] | null> {
        const last = await this.on(target, findLast)
        return last === null ? null : this.toType(last)
    }

    /**
     * Deletes the sequence in its scope, so that it starts again. If columns share it, it continues
     * after their rows, which is where its counter is from then on. Resolves to whether it existed.
     */
    async delete(target?: SequenceTarget): Promise<boolean> {
        return this.on(target, deleteCounter, true)
    }

    /** Takes one number each time the iterator is asked for the next one. */
    async *numbers(target?: SequenceTarget): AsyncGenerator<SequenceNumbers[Type], never, void> {
        for (;;) yield await (target ? this.next(target) : this.next())
    }

    /** The same, with the data source that the sequence was created with. */
    [Symbol.asyncIterator](): AsyncGenerator<SequenceNumbers[Type], never, void> {
        return this.numbers()
    }

    private async take(
        target: SequenceTarget | undefined,
        count: unknown,
        options: unknown,
    ): Promise<SequenceNumbers[Type][]> {
        const { rule } = this.counting
        refuseCount(rule, count)
        const nowait = isNowait(rule, options)
        const resolved = resolveTarget(target)
        if (count === 0) return []
        const numbers = await takeNumbers(resolved, this.counting, { count, nowait })
        return numbers.map((number) => this.toType(number))
    }

    private on<T>(
        target: SequenceTarget | undefined,
        work: (runner: Sender, counting: Counting) => Promise<T>,
        writes = false,
    ): Promise<T> {
        const resolved = resolveTarget(target ?? this.options.dataSource)
        const { counting } = this
        const { rule } = counting
        const options = writes
            ? {
                  name: rule.name,
                  needsTransaction: columnsOf(resolved.dataSource, rule).length > 0,
              }
            : {}
        return onTarget(resolved, (held) => work(held, counting), options)
    }

    /** Callers may leave out the target, which comes first. */
    private split(call: readonly unknown[]): {
        target: SequenceTarget | undefined
        rest: readonly unknown[]
    } {
        const [first, ...others] = call
        if (isTarget(first)) return { target: first, rest: others }
        const isLeftOut = first === undefined && others.length > 0
        return { target: this.options.dataSource, rest: isLeftOut ? others : call }
    }

    private toType(number: bigint): SequenceNumbers[Type] {
        const typed = this.counting.rule.type === "bigint" ? number : Number(number)
        return typed as SequenceNumbers[Type]
    }
}
