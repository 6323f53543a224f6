import type { QueryRunner } from "typeorm"
import type { StoredKey } from "../../keys/pseudo-key"
import type { Statement } from "../../typeorm/statement"
import type { MigrationStatement, MigrationStep, Steps, Work } from "../plan/steps"

type Recorded = ReturnType<QueryRunner["getMemorySql"]>

/** @internal Writes the statements down, in the order in which they are to run. */
export class RecordedSteps implements Steps {
    readonly up: MigrationStep[] = []
    readonly down: MigrationStatement[] = []

    constructor(
        private readonly runner: QueryRunner,
        /** What becomes of a statement that TypeORM has written. */
        private readonly edit: (sql: string) => string,
    ) {}

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

    backfill({ metadata, propertyPath }: StoredKey, comment: string): Promise<void> {
        this.up.push({ entity: metadata.targetName, property: propertyPath, comment })
        return Promise.resolve()
    }

    sql({ sql, parameters }: Statement, comment?: string, ...undo: Statement[]): Promise<void> {
        this.up.push({ sql, parameters, comment })
        this.down.unshift(...undo)
        return Promise.resolve()
    }

    /** Takes what TypeORM has written, whose way back is the last statement first. */
    add(
        { upQueries, downQueries }: Pick<Recorded, "upQueries" | "downQueries">,
        commentOf?: (sql: string) => string | undefined,
    ): void {
        for (const { query, parameters } of upQueries)
            this.up.push({ sql: this.edit(query), parameters, comment: commentOf?.(query) })
        for (const { query, parameters } of downQueries)
            this.down.unshift({ sql: this.edit(query), parameters })
    }
}
