import type { QueryRunner } from "typeorm"
import { checkedCounting } from "./version/version"

/**
 * How many transactions TypeORM takes for open on a connection: by it, it tells whether it ends a savepoint or the
 * whole transaction.
 * @internal
 */
export class TransactionDepth {
    private readonly runner

    constructor(runner: QueryRunner) {
        this.runner = checkedCounting(runner)
    }

    /** For a nested one that has ended, and that TypeORM counts on. */
    endNested(): void {
        this.runner.transactionDepth -= 1
    }

    /** For the outermost one that goes on, and that TypeORM takes for a nested one, or for ended. */
    keepOutermost(): void {
        this.runner.transactionDepth = 1
    }
}
