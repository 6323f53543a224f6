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

/** @internal Whether there are rows; `from` is what stands behind FROM. */
export async function hasRows(
    runner: Sender,
    from: string,
    parameters?: unknown[],
): Promise<boolean> {
    const sql = `SELECT 1 AS found FROM ${from} LIMIT 1`
    return (await select(runner, { sql, parameters })).length > 0
}

/** @internal How many rows there are. */
export async function countRows(runner: Sender, from: string): Promise<number> {
    const sql = `SELECT COUNT(*) AS found FROM ${from}`
    const [row] = await select<{ found: string | number }>(runner, { sql })
    return Number(row?.found ?? 0)
}
