import {
    ConnectionIsNotSetError,
    DataSource,
    type DataSourceOptions,
    type QueryRunner,
} from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { repeat } from "../../inserts/retry/repeat"
import { shareCounterTable } from "../../series/own-table"

/**
 * One connection beside the pool of a data source, for short transactions that never wait for a
 * caller's. It is opened when it is needed first, and closed with the data source.
 * @internal
 */
export class OwnConnection {
    private opened?: Promise<DataSource>
    private readonly running = new Set<Promise<unknown>>()
    private isClosedWithDataSource = false

    constructor(
        private readonly dataSource: DataSource,
        private readonly onClose: () => void,
    ) {}

    async run<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
        if (!this.dataSource.isInitialized)
            throw new ConnectionIsNotSetError(this.dataSource.options.type)
        const running = repeat(this.dataSource, () => this.runOnce(work))
        this.running.add(running)
        try {
            return await running
        } finally {
            this.running.delete(running)
        }
    }

    private async runOnce<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
        const connection = await (this.opened ??= this.open())
        const { counter } = dialectOf(connection) as Dialect
        // At a higher level, which may be the default, reading rows would wait for those of callers.
        if (!counter.passesRows)
            return connection.transaction("REPEATABLE READ", ({ queryRunner }) =>
                work(queryRunner as QueryRunner),
            )
        const runner = connection.createQueryRunner()
        try {
            return await work(runner)
        } finally {
            await runner.release()
        }
    }

    private async open(): Promise<DataSource> {
        this.closeWithDataSource()
        const { dataSource } = this
        const connection = new DataSource({
            ...(dialectOf(dataSource)?.separateConnection(dataSource) as DataSourceOptions),
            entities: [],
            subscribers: [],
            migrations: [],
            synchronize: false,
            migrationsRun: false,
            dropSchema: false,
            cache: false,
        })
        try {
            await connection.initialize()
        } catch (error) {
            this.opened = undefined
            throw error
        }
        dialectOf(connection)?.outliveConnections?.(connection)
        shareCounterTable(dataSource, connection)
        return connection
    }

    /** TypeORM tells nobody when a data source is destroyed. */
    private closeWithDataSource(): void {
        if (this.isClosedWithDataSource) return
        this.isClosedWithDataSource = true
        const { dataSource } = this
        const destroy = dataSource.destroy
        dataSource.destroy = async () => {
            dataSource.destroy = destroy
            this.isClosedWithDataSource = false
            try {
                // It waits for transactions, and those may wait for numbers.
                await destroy.call(dataSource)
            } finally {
                await this.close()
            }
        }
    }

    private async close(): Promise<void> {
        await Promise.allSettled(this.running)
        const { opened } = this
        this.opened = undefined
        this.onClose()
        const [connection] = await Promise.allSettled([opened])
        if (connection.status === "fulfilled") await connection.value?.destroy()
    }
}
