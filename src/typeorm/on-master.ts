import type { DataSource, QueryRunner } from "typeorm"

/** @internal Runs work on a connection of its own to the master, which is given back whatever comes of it. */
export async function onMaster<T>(
    dataSource: DataSource,
    work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
    const runner = dataSource.createQueryRunner("master")
    try {
        return await work(runner)
    } finally {
        await runner.release()
    }
}
