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
 * Numbers without an entity: consecutive, without duplicates, whoever asks for them.
 *
 * Given the manager of a transaction, it takes numbers as part of that: nobody else gets the next
 * number of the same scope until the transaction ends, and a rollback gives them back. Given a data
 * source, it takes them at once on a connection of its own, and calls that arrive together share one
 * statement; a number that the caller doesn't use then is a gap. Inside of a transaction give its
 * manager: a call with the data source would wait for another connection, which a full pool doesn't
 * have. SQLite has one for a data source, so there a number is part of whatever transaction is open.
 * A data source whose `manager` is that of an open transaction, as some libraries make it, is taken
 * for that transaction.
 *
 * The sequence exists from its first number on. Its last number is a row of the counter table,
 * which {@link withAutoSequence} adds to the entities. What it is created with is not stored: each
 * program says how to count, and may say it differently from now on.
 *
 * Errors: {@link InvalidOptionError}; {@link NumberOverflowError} before a number passes what
 * `type` can hold, and the sequence stays where it is; {@link CounterLockedError} with `nowait`;
 * {@link NotInstalledError} where there is no counter table; {@link UnsupportedError} where the
 * database has none to offer.
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

    /** The same sequence in another scope, which counts on its own. */
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
     * Takes several numbers by one statement, in their order.
     *
     * Up to 10 000 000; none is asked for by 0, which sends nothing.
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

    /** The last number that was given, `null` before the first. */
    async last(target?: SequenceTarget): Promise<SequenceNumbers[Type] | null> {
        const last = await this.on(target, findLast)
        return last === null ? null : this.toType(last)
    }

    /**
     * Deletes the sequence in its scope, so that it starts anew; one that columns share goes on
     * after their rows, where its counter is from then on. Resolves to whether it existed.
     */
    async delete(target?: SequenceTarget): Promise<boolean> {
        return this.on(target, deleteCounter, true)
    }

    /** Takes number after number, one whenever it is asked for the next. */
    async *numbers(target?: SequenceTarget): AsyncGenerator<SequenceNumbers[Type], never, void> {
        for (;;) yield await (target ? this.next(target) : this.next())
    }

    /** The same over the data source that the sequence was created with. */
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
