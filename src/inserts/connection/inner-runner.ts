import type { DataSource, QueryRunner } from "typeorm"

/** @internal Sends a statement, as query runners do. */
export type Query = (sql: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>

/** @internal A runner that differs from the other one in how it sends statements. */
export function innerRunner(
    runner: QueryRunner,
    dataSource: DataSource,
    query: QueryRunner["query"],
): QueryRunner {
    let manager: QueryRunner["manager"] | undefined
    const inner = Object.create(runner, {
        query: { value: query },
        manager: {
            get: () => (manager ??= dataSource.createEntityManager(inner)),
            // The manager sets itself.
            set: (made: QueryRunner["manager"]) => (manager = made),
        },
    }) as QueryRunner
    return inner
}
