import type { QueryRunner } from "typeorm"
import type { Statement } from "../typeorm/statement"

/** A statement of a migration. */
export interface MigrationStatement {
    readonly sql: string
    readonly parameters?: readonly unknown[]
    /** What it is for, where it is none of TypeORM's own. */
    readonly comment?: string
}

/** @internal Changes of the schema, be they written down or made. */
export interface Steps {
    /** What TypeORM's own query runner writes. */
    schema(work: Work): Promise<void>
    /** The way back is in the order in which it runs. */
    sql(statement: Statement, comment?: string, ...undo: Statement[]): Promise<void>
    /** Steps whose way back begins without what `made` makes, and ends by making it again. */
    undoneWithout(made: Work, work: () => Promise<void>): Promise<void>
}

type Recorded = ReturnType<QueryRunner["getMemorySql"]>
type Work = (runner: QueryRunner) => Promise<void>

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
