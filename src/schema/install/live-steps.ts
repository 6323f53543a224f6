import type { QueryRunner } from "typeorm"
import type { Statement } from "../../typeorm/statement"
import type { Steps, Work } from "../plan/steps"

/** @internal Makes the changes right away. */
export class LiveSteps implements Steps {
    constructor(private readonly runner: QueryRunner) {}

    schema(work: Work): Promise<void> {
        return work(this.runner)
    }

    undoneWithout(_made: Work, work: () => Promise<void>): Promise<void> {
        return work()
    }

    async sql({ sql, parameters }: Statement): Promise<void> {
        await this.runner.query(sql, parameters)
    }
}
