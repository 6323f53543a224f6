import type { QueryRunner } from "typeorm"
import type { Statement } from "../../typeorm/statement"
import type { MigrationStatement, Steps, Work } from "../plan/steps"

type Recorded = ReturnType<QueryRunner["getMemorySql"]>

/** @internal Writes the statements down, in the order in which they are to run. */
export class RecordedSteps implements Steps {
    readonly up: MigrationStatement[] = []
    readonly down: MigrationStatement[] = []

    constructor(private readonly runner: QueryRunner) {}

    async schema(work: Work): Promise<void> {
        this.add(await this.record(work))
    }

    private async record(work: Work): Promise<Recorded> {
        this.runner.enableSqlMemory()
        try {
            await work(this.runner)
            return this.runner.getMemorySql()
        } finally {
            this.runner.disableSqlMemory()
        }
    }

    async undoneWithout(made: Work, work: () => Promise<void>): Promise<void> {
        const { upQueries, downQueries } = await this.record(made)
        this.add({ upQueries: [], downQueries: upQueries })
        await work()
        this.add({ upQueries: [], downQueries })
    }

    sql({ sql, parameters }: Statement, comment?: string, ...undo: Statement[]): Promise<void> {
        this.up.push({ sql, parameters, comment })
        this.down.unshift(...undo)
        return Promise.resolve()
    }

    /** Takes what TypeORM has written, whose way back is the last statement first. */
    add({ upQueries, downQueries }: Pick<Recorded, "upQueries" | "downQueries">): void {
        for (const { query, parameters } of upQueries) this.up.push({ sql: query, parameters })
        for (const { query, parameters } of downQueries)
            this.down.unshift({ sql: query, parameters })
    }
}
