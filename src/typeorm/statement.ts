import type { QueryRunner } from "typeorm"

/** @internal A statement and its parameters. */
export interface Statement {
    readonly sql: string
    readonly parameters?: unknown[]
}

/** @internal Sends a statement; resolves to its rows. */
export async function select<T>(
    runner: Pick<QueryRunner, "query">,
    { sql, parameters }: Statement,
): Promise<T[]> {
    const result = await runner.query(sql, parameters, true)
    return result.records as T[]
}
