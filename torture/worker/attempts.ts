import { setTimeout } from "node:timers/promises"
import type { DataSource, EntityManager } from "typeorm"
import { transactionWithRetry, type TransactionWithRetryOptions } from "../../src"
import { changes } from "../operations/changes"
import { failing } from "../operations/failing"
import { inserts } from "../operations/inserts"
import { type Context, documentsOf, type Operation } from "../operations/operation"
import { others, takeLoose } from "../operations/others"
import type { Random } from "../random"
import { isStrategy, type TortureName } from "../strategies"
import { Book } from "./book"
import type { Log } from "./log"
import { tolerates, withTimeouts } from "./timeouts"

export class RolledBackOnPurpose extends Error {}

const ON_DOCUMENTS = [...inserts, ...changes, ...failing]

/** The transactions of one worker. */
export class Attempts {
    private count = 0

    constructor(
        private readonly worker: string,
        private readonly dataSource: DataSource,
        private readonly names: readonly TortureName[],
        private readonly random: Random,
        private readonly log: Log,
        private readonly hasTimeouts: boolean,
        private readonly noteOperation: (strategy: TortureName, operation: string) => void,
    ) {}

    /** Does something, and resolves when the database has acknowledged it. */
    async one(): Promise<void> {
        const name = this.random.pick(this.names)
        if (name === "sequence" && this.random.chance(0.3))
            return this.withoutTransaction(async (context) => {
                await takeLoose(context)
                this.noteOperation(name, "Sequence.next, alone")
            })
        if (isStrategy(name) && this.random.chance(0.15)) {
            const operation = this.random.pick(inserts.filter(({ isWhole }) => isWhole?.(name)))
            return this.withoutTransaction(async (context) => {
                await operation.run(context, documentsOf(name), name)
                this.noteOperation(name, `${operation.name}, alone`)
            })
        }
        return this.inTransaction()
    }

    private async withoutTransaction(work: (context: Context) => Promise<void>): Promise<void> {
        const { dataSource, random } = this
        const book = this.newBook()
        try {
            await work({ dataSource, manager: dataSource.manager, random, book })
        } catch (error) {
            book.failed()
            throw error
        }
        book.committed()
    }

    private async inTransaction(): Promise<void> {
        let book: Book | undefined
        try {
            await transactionWithRetry(
                this.dataSource,
                async (manager) => {
                    // The one before was not committed, even if COMMIT is what has failed: it would be done twice.
                    if (book) book.hasFailed = true
                    book?.failed()
                    const current = (book = this.newBook())
                    try {
                        await this.work(manager, current)
                    } catch (error) {
                        current.hasFailed = true
                        throw error
                    }
                },
                { attempts: this.random.between(1, 4), ...this.isolation() },
            )
        } catch (error) {
            book?.failed()
            throw error
        }
        book?.committed()
    }

    private isolation(): Pick<TransactionWithRetryOptions, "isolationLevel"> {
        if (this.random.chance(0.75)) return {}
        const levels = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] as const
        return { isolationLevel: this.random.pick(levels) }
    }

    private async work(manager: EntityManager, book: Book): Promise<void> {
        const { dataSource, random } = this
        const context: Context = { dataSource, manager, random, book }
        const steps = random.between(1, 3)
        const isShort = this.hasTimeouts && random.chance(0.1)
        await withTimeouts(dataSource.options.type, manager, isShort, random, async () => {
            for (let step = 0; step < steps; step += 1) {
                await this.step(context)
                if (random.chance(0.2)) await setTimeout(random.between(0, 10))
                if (random.chance(0.005)) await setTimeout(200)
            }
        })
        if (random.chance(0.08)) throw new RolledBackOnPurpose()
    }

    private async step(context: Context): Promise<void> {
        const name = this.random.pick(this.names)
        const mark = context.book.mark()
        try {
            const operation = this.operationOf(name)
            await operation.run(
                context,
                documentsOf(isStrategy(name) ? name : "counter"),
                isStrategy(name) ? name : "counter",
            )
            this.noteOperation(name, operation.name)
        } catch (error) {
            // Such a transaction can go on, without whatever is there of this step.
            if (!tolerates(error) || this.random.chance(0.5)) throw error
            context.book.forgetSince(mark)
        }
    }

    private operationOf(name: TortureName): Operation {
        const operations = isStrategy(name)
            ? ON_DOCUMENTS.filter(({ by }) => by?.(name, this.dataSource.options.type) ?? true)
            : (others[name] ?? [])
        return this.random.pick(operations.flatMap((one) => Array<Operation>(one.weight).fill(one)))
    }

    private newBook(): Book {
        this.count += 1
        return new Book(`${this.worker}-${this.count}`, this.log)
    }
}
