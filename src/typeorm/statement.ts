import type { QueryRunner } from "typeorm"

/** @internal A statement and its parameters. */
export interface Statement {
    readonly sql: string
    readonly parameters?: unknown[]
}

/** @internal A query runner, or its session, which sends statements within its turn. */
export type Sender = Pick<QueryRunner, "query">

/** @internal Sends a statement; resolves to its rows. */
export async function select<T>(runner: Sender, { sql, parameters }: Statement): Promise<T[]> {
    const result = await runner.query(sql, parameters, true)
    return result.records as T[]
}
