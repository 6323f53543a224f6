import type { QueryRunner } from "typeorm"
import type { StoredKey } from "../../keys/pseudo-key"
import { fillKeysWith } from "../../maintenance/backfill-pseudo-keys"
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

    backfill(key: StoredKey): Promise<void> {
        return fillKeysWith(this.runner, key)
    }

    async sql({ sql, parameters }: Statement): Promise<void> {
        await this.runner.query(sql, parameters)
    }
}
